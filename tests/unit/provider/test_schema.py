"""The package's schema, from the models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from seldon_infra.provider.framework import Context, Created, Resource
from seldon_infra.provider.schema import package_schema, secret_paths
from seldon_infra.provider.settings import Setting
from seldon_infra.resources.model import Inputs, Outputs, ResourceType, Secret


class Login(Inputs):
    """Who may enter."""

    user: str
    password: Secret[str]


class DoorInputs(Inputs):
    width: int = Field(default=80, description="In cm.")
    logins: list[Login] = Field(default_factory=list)
    by_name: dict[str, Login] = Field(default_factory=dict)
    key: Secret[str] | None = None
    owner: Login | None = None
    anything: Any = None
    ratio: float | None = None
    heap: int = Field(default=2**40)


class DoorOutputs(DoorInputs, Outputs):
    url: str


class Door(Resource[DoorInputs, DoorOutputs]):
    """A door."""

    type = ResourceType("seldon:house:Door", DoorInputs, DoorOutputs)
    replace_on = frozenset({"by_name"})

    def create(self, inputs: DoorInputs, context: Context) -> Created[DoorOutputs]:
        raise NotImplementedError

    def update(self, *_: Any) -> DoorOutputs:
        raise NotImplementedError


SCHEMA = package_schema("seldon", "1.2.3", [Door()])
DOOR = SCHEMA["resources"]["seldon:house:Door"]


def test_a_resource_has_its_inputs_and_outputs_with_their_texts() -> None:
    assert DOOR["description"] == "A door."
    assert DOOR["inputProperties"]["width"] == {"type": "integer", "description": "In cm.", "default": 80}
    assert DOOR["inputProperties"]["ratio"] == {"type": "number"}
    assert DOOR["inputProperties"]["heap"]["type"] == "number"
    assert DOOR["requiredInputs"] == []
    assert DOOR["required"] == ["url"]


def test_nested_models_become_types_of_the_package() -> None:
    reference = {"type": "object", "$ref": "#/types/seldon:house:Login"}
    assert DOOR["inputProperties"]["owner"]["$ref"] == reference["$ref"]
    assert DOOR["inputProperties"]["logins"] == {"type": "array", "items": reference}
    assert DOOR["inputProperties"]["byName"]["additionalProperties"] == reference
    login = SCHEMA["types"]["seldon:house:Login"]
    assert (login["description"], login["required"]) == ("Who may enter.", ["password", "user"])


def test_secrets_and_replacements_are_marked() -> None:
    assert DOOR["inputProperties"]["key"]["secret"]
    assert SCHEMA["types"]["seldon:house:Login"]["properties"]["password"]["secret"]
    replacing = [name for name, field in DOOR["inputProperties"].items() if field.get("willReplaceOnChanges")]
    assert replacing == ["byName"]


def test_anything_goes_where_the_model_says_so() -> None:
    assert DOOR["inputProperties"]["anything"]["$ref"] == "pulumi.json#/Any"


def test_declared_secrets_are_found_wherever_they_are() -> None:
    login = {"user": "me", "password": "x"}
    tree = {"key": "x", "owner": login, "logins": [login, {"user": "me"}], "byName": {"a.b": login}}
    assert set(secret_paths(DoorInputs, tree)) == {
        ("key",),
        ("owner", "password"),
        ("logins", 0, "password"),
        ("byName", "a.b", "password"),
    }


class Room(Inputs):
    doors: list[DoorInputs] | str = Field(default_factory=list)


class Shed(Inputs):
    name: Annotated[str, Field(max_length=8)] = ""
    sizes: dict[str, list[int | None]] = Field(default_factory=dict)
    inner: Shed | None = None
    kind: Literal["small", "large"] = "small"


def test_a_declared_secret_deep_inside_other_models_is_found() -> None:
    tree = {"doors": [{"owner": {"password": "x"}}]}
    assert set(secret_paths(Room, tree)) == {("doors", 0, "owner", "password")}


def test_a_model_without_secrets_has_none() -> None:
    assert set(secret_paths(Shed, {"name": "x", "inner": {"name": "y"}})) == set()


Badge = create_model("Login", __base__=Inputs, badge=(str, ...))
GateInputs = create_model("GateInputs", __base__=Inputs, login=(Badge, ...))


class Gate(Resource[Any, Any]):
    """A gate, whose logins are others by the same name."""

    type = ResourceType("seldon:house:Gate", GateInputs, DoorOutputs)

    def create(self, inputs: Any, context: Context) -> Created[Any]:
        raise NotImplementedError


def test_two_models_of_one_name_are_not_mixed_up() -> None:
    with pytest.raises(
        TypeError, match="seldon:house:Gate: another type's inputs have a model Login with other fields"
    ):
        package_schema("seldon", "1.2.3", [Door(), Gate()])


def test_one_model_may_serve_two_types() -> None:
    assert len(package_schema("seldon", "1.2.3", [Door(), Door()])["types"]) == 1


def test_settings_of_the_plugin_stand_in_the_schema() -> None:
    told = {"account": Setting("Account.", lambda value: None, lambda value: None)}
    schema = package_schema("seldon", "1", [], told)
    assert schema["config"]["variables"] == {"account": {"type": "string", "description": "Account."}}
    assert schema["provider"]["inputProperties"] == schema["config"]["variables"]
