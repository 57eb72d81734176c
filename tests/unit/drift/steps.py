"""Steps and events of the engine, as small as the tests need them."""

from __future__ import annotations

from typing import Any

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import Step

CUSTOM = "kubernetes:machinelearning.seldon.io/v1:SeldonDeployment"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::scratch::{kind}::{name}"


def manifest(kind: str = "SeldonDeployment", name: str = "iris", **spec: Any) -> dict[str, Any]:
    version = {"SeldonDeployment": "machinelearning.seldon.io/v1", "Deployment": "apps/v1"}.get(kind, "v1")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "models"}, "spec": spec}


def step(
    old: dict[str, Any] | None, new: dict[str, Any] | None, kind: str = CUSTOM, name: str = "iris", **more: Any
) -> Step:
    """A step that makes `new` of `old`."""
    action = Action.CREATE if old is None else Action.DELETE if new is None else Action.UPDATE
    action = Action.NONE if old == new else action
    return Step(urn(kind, name), kind, more.pop("action", action), old or {}, new or {}, **more)


def event(op: str, kind: str, name: str, old: Any = None, new: Any = None, **more: Any) -> dict[str, Any]:
    """How the engine tells that a step ended."""
    sides = {
        side: None if found is None else {"custom": True, "inputs": found}
        for side, found in (("old", old), ("new", new))
    }
    return {"resOutputsEvent": {"metadata": {"op": op, "urn": urn(kind, name), "type": kind, **sides, **more}}}
