"""Raw values against an Inputs model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from seldon_infra.provider.validation import awaiting, recall, validate
from seldon_infra.provider.values import path_text
from seldon_infra.resources.model import UNKNOWN, Inputs, Outputs, ResourceType


class Http(Inputs):
    kind: Literal["http"] = "http"
    path: str


class Tcp(Inputs):
    kind: Literal["tcp"] = "tcp"
    port: int = Field(ge=1)


class Server(Inputs):
    name: str = Field(min_length=3)
    replicas: int = 1
    probe: Annotated[Http | Tcp, Field(discriminator="kind")] | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    ready_ports: list[int] = Field(default_factory=list)

    @field_validator("name")
    @classmethod
    def _lower(cls, name: str) -> str:
        if name != name.lower():
            raise ValueError("must be in lower case")
        return name


class Running(Outputs):
    url: str


def problems(raw: dict[str, Any]) -> dict[str, str]:
    inputs, wrong = validate(Server, raw)
    assert (inputs is None) == bool(wrong)
    return {path_text(path): reason for path, reason in wrong}


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        ({}, "name", "is required"),
        ({"name": "ab"}, "name", "String should have at least 3 characters, got 'ab'"),
        ({"name": "ABC"}, "name", "must be in lower case, got 'ABC'"),
        ({"name": "abc", "replicas": "two"}, "replicas", "must be a whole number, got 'two'"),
        ({"name": "abc", "tags": {"a.b": 1}}, 'tags["a.b"]', "must be a string, got 1"),
        ({"name": "abc", "readyPorts": [1, "x"]}, "readyPorts[1]", "must be a whole number, got 'x'"),
        ({"name": "abc", "probe": {"kind": "tcp", "port": 0}}, "probe.port",
         "must be greater than or equal to 1, got 0"),
        ({"name": "abc", "probe": {"kind": "http"}}, "probe.path", "is required"),
        ({"name": "abc", "readyPort": [1]}, "readyPort", "is not a property here; did you mean readyPorts?"),
        ({"name": "abc", "probe": {"kind": "http", "path": "/", "zzz": 1}}, "probe.zzz",
         "is not a property here; there are kind, path"),
    ],
)  # fmt: skip
def test_a_problem_is_told_at_its_property(raw: dict[str, Any], path: str, reason: str) -> None:
    assert problems(raw) == {path: reason}


def test_every_problem_is_told_at_once() -> None:
    raw = {"name": "AB", "replicas": [], "probe": {"kind": "tcp"}, "tags": {"a": 1, "b": 2}}
    assert sorted(problems(raw)) == ["name", "probe.port", "replicas", "tags.a", "tags.b"]


def test_what_is_unknown_passes_and_what_is_known_beside_it_does_not() -> None:
    raw = {"name": UNKNOWN, "replicas": "x", "probe": {"kind": "tcp", "port": UNKNOWN}, "tags": {"a": UNKNOWN, "b": 1}}
    assert sorted(problems(raw)) == ["replicas", "tags.b"]


def test_unknown_parts_stay_and_defaults_are_filled_in() -> None:
    raw = {"name": UNKNOWN, "readyPorts": [UNKNOWN, 2], "probe": {"kind": "http", "path": UNKNOWN}}
    inputs, _ = validate(Server, raw)
    assert inputs is not None
    assert inputs.wire() == {
        "name": UNKNOWN,
        "replicas": 1,
        "probe": {"kind": "http", "path": UNKNOWN},
        "tags": {},
        "readyPorts": [UNKNOWN, 2],
    }


def test_a_state_of_an_older_version_is_read_as_far_as_it_goes() -> None:
    old = recall(Server, {"name": "AB", "replicas": 3, "dropped": True})
    assert (old.name, old.replicas, old.tags) == ("AB", 3, {})


def test_what_a_check_would_compute_is_unknown_while_the_check_must_wait() -> None:
    inputs = Server(name="abc")
    assert awaiting(inputs, frozenset({"probe", "replicas"})).wire()["probe"] is UNKNOWN
    assert awaiting(inputs, frozenset({"probe", "replicas"})).replicas == 1


def test_a_program_cannot_give_an_input_that_does_not_exist() -> None:
    kind = ResourceType("seldon:test:Server", Server, Running)
    with pytest.raises(TypeError, match="seldon:test:Server has no input 'nam'; its inputs are name, probe"):
        kind.wire_inputs({"nam": "x"})


def test_a_program_gives_models_and_plain_values_alike() -> None:
    kind = ResourceType("seldon:test:Server", Server, Running)
    given = kind.wire_inputs({"name": "abc", "probe": Http(path="/"), "ready_ports": (1, 2), "tags": None})
    assert given == {"name": "abc", "probe": {"kind": "http", "path": "/"}, "readyPorts": [1, 2]}
