"""What is said of a run of the engine: how far it is, what to do about an error."""

from __future__ import annotations

import pytest

from seldon_infra.cli.engine import progress, with_hint
from seldon_infra.drift.events import told

BEGUN = [
    {
        "resourcePreEvent": {
            "metadata": {"urn": f"urn:pulumi:s::p::seldon:index:SeldonDeployment$seldon:local:Route::{n}"}
        }
    }
    for n in "abcd"
]


def test_a_long_run_says_how_far_it_is_and_what_it_waits_for() -> None:
    assert progress(told([]), "refresh", 10.4) == "pulumi refresh: 0 objects after 10 s"
    said = progress(told(BEGUN), "refresh", 20)
    assert said.endswith("waiting for seldon:local:Route a, seldon:local:Route b, seldon:local:Route c and 1 more")


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ('pods is forbidden: User "x" cannot get resource "pods"', "ask for a Role"),
        ("Unauthorized", "log in again"),
        ("failed to read resource state due to unreachable cluster.", "check the connection"),
        ("dial tcp 127.0.0.1:9: connect: connection refused", "check the connection"),
        ("no stack named 'x' found", "correct --stack"),
    ],
)
def test_a_known_error_says_what_to_do(error: str, hint: str) -> None:
    assert with_hint(error).startswith(error)
    assert hint in with_hint(error)


def test_another_error_is_left_as_it_is() -> None:
    assert with_hint("traffic must sum to 100") == "traffic must sum to 100"
