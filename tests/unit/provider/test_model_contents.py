"""What is kept of models' contents: only other contents, seen by somebody, are a change."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.provider.cluster.model_contents import ModelContents
from seldon_infra.provider.framework import Context
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.siblings import Known
from seldon_infra.resources.cluster_model_contents import ModelContentsInputs, ModelContentsOutputs
from seldon_infra.resources.model import UNKNOWN

URN = "urn:pulumi:test::scratch::seldon:cluster:ModelContents::models"
SEEN = {"uri": "s3://b/m", "listing": "sha256:l1", "digest": "sha256:c1"}


def lifecycle() -> Lifecycle[ModelContentsInputs, ModelContentsOutputs]:
    return Lifecycle(ModelContents(), Known())


def inputs(content: Any) -> dict[str, Any]:
    return {"models": {"d": content if content is UNKNOWN else {"a/m": content}}, "stores": {}, "most": 10}


def kept(last: dict[str, Any], said: Any) -> Any:
    checked, problems = lifecycle().check(inputs(last), inputs(said), Context(URN, "owner"))
    assert not problems
    return checked["models"]["d"]["a/m"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"uri": "s3://b/m"}, SEEN, id="nobody could look"),
        pytest.param(SEEN, SEEN, id="nothing changed"),
        pytest.param({**SEEN, "listing": "sha256:l2"}, SEEN, id="the same files were uploaded anew"),
        pytest.param({**SEEN, "digest": "listing-sha256:l1"}, SEEN, id="somebody else reads less of the same files"),
        pytest.param(
            {**SEEN, "listing": "sha256:l2", "digest": "sha256:c2"},
            {**SEEN, "listing": "sha256:l2", "digest": "sha256:c2"},
            id="other contents",
        ),
        pytest.param({"uri": "s3://b/other"}, {"uri": "s3://b/other"}, id="another place that nobody has seen"),
    ],
)
def test_what_was_seen_stays_until_somebody_sees_other_contents(said: dict[str, Any], expected: dict[str, Any]) -> None:
    assert kept(SEEN, said) == expected


REGISTERED = {
    "uri": "models:/m@prod",
    "source": "s3://b/1",
    "version": "1",
    "listing": "sha256:l1",
    "digest": "sha256:c1",
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"uri": "models:/m@prod"}, REGISTERED, id="the registry gives no answer"),
        pytest.param(
            {**REGISTERED, "source": "s3://b/2", "version": "2"},
            {**REGISTERED, "source": "s3://b/2", "version": "2"},
            id="the alias moved to another version of the same contents",
        ),
        pytest.param(
            {"uri": "models:/m@prod", "source": "s3://b/2", "version": "2"},
            {"uri": "models:/m@prod", "source": "s3://b/2", "version": "2"},
            id="it moved to one whose store nobody can list",
        ),
        pytest.param(
            {"uri": "models:/m@prod", "source": "s3://b/1", "version": "1"}, REGISTERED, id="the store gives no answer"
        ),
    ],
)
def test_what_a_registry_said_last_counts_until_it_says_something_else(
    said: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert kept(REGISTERED, said) == expected


def test_what_nobody_had_seen_is_taken_from_whoever_sees_it() -> None:
    assert kept({"uri": "s3://b/m"}, SEEN) == SEEN


@pytest.mark.parametrize("said", [UNKNOWN, {"a/m": UNKNOWN}])
def test_what_is_known_later_is_not_compared(said: Any) -> None:
    news = {"models": {"d": said}, "stores": {}, "most": 10}
    checked, problems = lifecycle().check(inputs(SEEN), news, Context(URN, "owner"))
    assert (checked["models"]["d"], problems) == (said, [])


def test_a_store_that_gives_no_answer_counts_as_unchanged_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said: list[str] = []
    store = {
        "kind": "s3",
        "scheme": "s3",
        "endpoint": "http://127.0.0.1:1",
        "access_key_id": "i",
        "secret_access_key": "k",
    }
    applied = {**inputs(SEEN), "stores": {"d": [store]}}
    alive = lifecycle().read("models", {"models": applied["models"]}, applied, Context(URN, "owner", warn=said.append))
    assert alive is not None
    assert (alive.inputs or {})["models"] == applied["models"]
    assert "model 'd/a/m': 's3://b/m'" in said[0]
    assert said[0].endswith("it counts as unchanged")


def test_it_is_not_read_before_each_change_since_a_read_is_a_listing() -> None:
    assert not lifecycle().reads_first
