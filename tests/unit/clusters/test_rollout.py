"""How far the operator is with a deployment: an older version's word never counts."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.clusters.rollout import MARK, State, failure, mark, state_of, unmarked


def deployment(generation: int = 1, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "iris", "namespace": "vision", "generation": generation}, "status": status}


@pytest.mark.parametrize(
    ("state", "found"),
    [(None, State.UNSEEN), ("Creating", State.CREATING), ("Failed", State.FAILED), ("Available", State.AVAILABLE)],
)
def test_of_a_first_generation_the_operators_word_counts_as_it_stands(state: str | None, found: State) -> None:
    assert state_of(deployment(state=state)) is found
    assert unmarked(deployment(state=state)) is found


def test_a_word_that_may_be_about_an_older_version_does_not_count() -> None:
    assert state_of(deployment(2, state="Available")) is State.STALE
    assert state_of(deployment(3, state="Available", observedGeneration=2)) is State.STALE


def test_after_the_mark_only_the_operators_next_word_counts() -> None:
    changed = deployment(2, state="Available", description="")
    changed["status"] |= mark(changed)["status"]
    assert changed["status"] == {"state": "Creating", "description": MARK, "observedGeneration": 2}
    assert state_of(changed) is State.UNSEEN
    changed["status"] |= {"state": "Creating", "description": ""}
    assert state_of(changed) is State.CREATING
    changed["status"]["state"] = "Available"
    assert state_of(changed) is State.AVAILABLE


def test_an_object_without_a_status_is_unseen() -> None:
    assert state_of({"metadata": {"generation": 1}}) is State.UNSEEN


def test_a_failure_is_said_with_the_operators_description() -> None:
    assert failure(deployment(state="Failed", description="no such image map")).said == (
        "Seldon's operator reports Failed: no such image map"
    )
    assert failure(deployment(state="Failed")).said == "Seldon's operator reports Failed: without a description"
