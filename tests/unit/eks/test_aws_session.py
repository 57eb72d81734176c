"""Clients of AWS are made once, and nobody waits for the making of one that it does not need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seldon_infra.eks import aws_session


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials of nobody, and no client yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    aws_session.forget()
    yield
    aws_session.forget()


def test_who_asks_for_the_same_client_shares_it() -> None:
    first = aws_session.client("sts", "eu-west-1")
    assert aws_session.client("sts", "eu-west-1") is first
    assert aws_session.client("sts", "eu-central-1") is not first


def test_a_client_that_its_user_changes_is_nobody_elses() -> None:
    shared = aws_session.client("sts", "eu-west-1")
    assert aws_session.unshared("sts", "eu-west-1") is not shared
    assert aws_session.client("sts", "eu-west-1") is shared


def test_a_client_that_is_there_is_given_while_another_is_made() -> None:
    there = aws_session.client("sts", "eu-west-1")
    with aws_session._making:
        assert aws_session.client("sts", "eu-west-1") is there


def test_the_region_is_that_of_the_environment_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert aws_session.client("sts", None).meta.region_name == "eu-north-1"
