"""Whether two policies mean the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.provider.aws.policies import kept, same, text

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "other",
    [
        {"Version": "2012-10-17", "Statement": ALLOW},
        policy({**ALLOW, "Action": ["s3:GetObject"]}),
        policy({**ALLOW, "Resource": ["*"], "Sid": ""}),
        policy(dict(reversed(ALLOW.items()))),
    ],
)
def test_spelling_is_no_difference(other: dict[str, object]) -> None:
    assert same(policy(ALLOW), other)


@pytest.mark.parametrize(
    "other",
    [
        {**policy(ALLOW), "Version": "2008-10-17"},
        policy({**ALLOW, "Effect": "Deny"}),
        policy({**ALLOW, "Action": "s3:*"}),
        policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        policy({**ALLOW, "Principal": "*"}),
        policy(ALLOW, ALLOW),
        policy({**ALLOW, "Sid": "named"}),
    ],
)
def test_meaning_is_a_difference(other: dict[str, object]) -> None:
    assert not same(policy(ALLOW), other)


def test_an_account_is_its_root_and_everybody_is_everybody() -> None:
    root = {**ALLOW, "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}}
    assert same(policy({**ALLOW, "Principal": {"AWS": "123456789012"}}), policy(root))
    assert same(policy({**ALLOW, "Principal": "*"}), policy({**ALLOW, "Principal": {"AWS": "*"}}))


def test_conditions_compare_as_texts_and_sets() -> None:
    one = {**ALLOW, "Condition": {"StringEquals": {"a": ["x", "y"]}, "Bool": {"b": True}}}
    other = {**ALLOW, "Condition": {"Bool": {"b": "true"}, "StringEquals": {"a": ["y", "x"]}}}
    assert same(policy(one), policy(other))


def test_what_means_the_same_keeps_the_declared_spelling() -> None:
    declared = {"Version": "2012-10-17", "Statement": ALLOW}
    assert kept(declared, json.dumps(policy({**ALLOW, "Action": ["s3:GetObject"]}))) == declared
    assert kept(declared, policy({**ALLOW, "Action": "s3:*"})) == policy({**ALLOW, "Action": "s3:*"})
    assert kept(None, policy(ALLOW)) == policy(ALLOW)


def test_a_policy_is_always_sent_as_the_same_text() -> None:
    assert text(policy(ALLOW)) == text(dict(reversed(policy(dict(reversed(ALLOW.items()))).items())))


WORDS = st.text("abc:*", min_size=1, max_size=4)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": st.lists(WORDS, min_size=1), "Resource": WORDS}
)


@given(st.lists(STATEMENTS, min_size=1, max_size=4), st.randoms())
def test_the_order_of_a_list_never_matters_and_a_policy_is_itself(
    statements: list[dict[str, object]], random: object
) -> None:
    shuffled = [{**it, "Action": random.sample(it["Action"], len(it["Action"]))} for it in statements]  # type: ignore
    assert same(policy(*statements), policy(*shuffled))
