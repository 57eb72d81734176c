"""Raw values against an Inputs model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from seldon_infra.provider.schema import secret_paths
from seldon_infra.provider.validation import awaiting, recall, validate
from seldon_infra.provider.values import path_text
from seldon_infra.resources.model import UNKNOWN, Inputs, Outputs, ResourceModel, ResourceType, Secret


class Http(Inputs):
    kind: Literal["http"] = "http"
    path: str


class Tcp(Inputs):
    kind: Literal["tcp"] = "tcp"
    port: int = Field(ge=1)


class Rule(ResourceModel):
    prefix: str
    keep_days: int = Field(default=30, ge=1)
    password: Secret[str] | None = None


class Server(Inputs):
    name: str = Field(min_length=3)
    replicas: int = 1
    probe: Annotated[Http | Tcp, Field(discriminator="kind")] | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    ready_ports: list[int] = Field(default_factory=list)
    rules: list[Rule] = Field(default_factory=list)
    first: Rule | None = None
    by_name: dict[str, Rule] = Field(default_factory=dict)
    pair: tuple[Rule, ...] = ()
    either: Http | Tcp | None = None
    least: int = 0
    most: int = 9

    @field_validator("name")
    @classmethod
    def _lower(cls, name: str) -> str:
        if name != name.lower():
            raise ValueError("must be in lower case")
        return name

    @field_validator("tags")
    @classmethod
    def _short(cls, tags: dict[str, str]) -> dict[str, str]:
        if any(len(tag) > 5 for tag in tags.values()):
            raise ValueError("must be short")
        return tags

    @model_validator(mode="after")
    def _ordered(self) -> Server:
        if self.least > self.most:
            raise ValueError("least must not be above most")
        return self


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
    assert wired(raw) == {
        "name": UNKNOWN,
        "replicas": 1,
        "probe": {"kind": "http", "path": UNKNOWN},
        "tags": {},
        "readyPorts": [UNKNOWN, 2],
        "rules": [],
        "byName": {},
        "pair": [],
        "least": 0,
        "most": 9,
    }


def wired(raw: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the engine gets them after a check."""
    inputs, wrong = validate(Server, raw)
    assert inputs is not None, wrong
    return inputs.wire()


RULE = {"prefix": "a", "keepDays": 30}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        pytest.param({"first": UNKNOWN}, {"first": UNKNOWN}, id="a model"),
        pytest.param({"first": {"prefix": UNKNOWN}}, {"first": {**RULE, "prefix": UNKNOWN}}, id="in a model"),
        pytest.param({"rules": UNKNOWN}, {"rules": UNKNOWN}, id="a list"),
        pytest.param({"rules": [{"prefix": "a"}, UNKNOWN]}, {"rules": [RULE, UNKNOWN]}, id="an item"),
        pytest.param({"pair": [{"prefix": "a"}, UNKNOWN]}, {"pair": [RULE, UNKNOWN]}, id="an item of a tuple"),
        pytest.param({"byName": {"x": {"prefix": "a"}, "y": UNKNOWN}}, {"byName": {"x": RULE, "y": UNKNOWN}},
                     id="a value by name"),
        pytest.param({"probe": UNKNOWN}, {"probe": UNKNOWN}, id="a union"),
        pytest.param({"probe": {"kind": UNKNOWN, "port": 0}}, {"probe": {"kind": UNKNOWN, "port": 0}}, id="a tag"),
        pytest.param({"either": {"kind": UNKNOWN, "port": 0}}, {"either": {"kind": UNKNOWN, "port": 0}},
                     id="what may be one of two"),
        pytest.param({"tags": {"a": UNKNOWN, "b": "x"}}, {"tags": {"a": UNKNOWN, "b": "x"}}, id="what a rule sees"),
        pytest.param({"least": UNKNOWN}, {"least": UNKNOWN}, id="what a rule of the whole sees"),
    ],
)  # fmt: skip
def test_an_unknown_stays_where_it_is_and_its_siblings_get_their_defaults(
    given: dict[str, Any], seen: dict[str, Any]
) -> None:
    assert {name: wired({"name": "abc", **given})[name] for name in seen} == seen


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"rules": [{"prefix": "a", "keepDays": 0}, UNKNOWN]}, "rules[0].keepDays"),
        ({"byName": {"x": {"prefx": "a", "prefix": "b"}, "y": UNKNOWN}}, "byName.x.prefx"),
        ({"pair": [UNKNOWN, {}]}, "pair[1].prefix"),
        ({"probe": {"kind": "tcp", "port": 0}, "first": UNKNOWN}, "probe.port"),
    ],
)
def test_what_is_wrong_beside_an_unknown_is_told(given: dict[str, Any], path: str) -> None:
    assert list(problems({"name": "abc", **given})) == [path]


def test_a_secret_beside_an_unknown_item_is_found() -> None:
    tree = wired({"name": "abc", "rules": [{"prefix": "a", "password": "typed"}, UNKNOWN]})
    assert list(secret_paths(Server, tree)) == [("rules", 0, "password")]


def test_a_rule_of_the_whole_is_told_when_all_is_known() -> None:
    assert problems({"name": "abc", "least": 10}) == {"": "least must not be above most"}


def test_a_state_of_an_older_version_is_read_as_far_as_it_goes() -> None:
    old = recall(Server, {"name": "AB", "replicas": 3, "dropped": True})
    assert (old.name, old.replicas, old.tags) == ("AB", 3, {})


def test_what_a_check_would_compute_is_unknown_while_the_check_must_wait() -> None:
    inputs = Server(name="abc")
    assert awaiting(inputs, frozenset({"probe", "replicas"})).wire()["probe"] is UNKNOWN
    assert awaiting(inputs, frozenset({"probe", "replicas"})).replicas == 1


def test_a_program_cannot_give_an_input_that_does_not_exist() -> None:
    kind = ResourceType("seldon:test:Server", Server, Running)
    with pytest.raises(TypeError, match="seldon:test:Server has no input 'nam'; its inputs are by_name, either"):
        kind.wire_inputs({"nam": "x"})


def test_a_program_gives_models_and_plain_values_alike() -> None:
    kind = ResourceType("seldon:test:Server", Server, Running)
    given = kind.wire_inputs({"name": "abc", "probe": Http(path="/"), "ready_ports": (1, 2), "tags": None})
    assert given == {"name": "abc", "probe": {"kind": "http", "path": "/"}, "readyPorts": [1, 2]}
