"""The plan as ``terraform show -json`` prints one: what is planned, and what changes.

Source: Terraform's documentation, "JSON Output Format", version 1.2. Values that only an apply brings are left out of
``after`` and are true in ``after_unknown``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seldon_infra.core.changes import Action
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.plan.cost import AWS, python_names
from seldon_infra.plan.terraform.types import TYPES
from seldon_infra.plan.terraform.values import IdOf, Values

FORMAT_VERSION, TERRAFORM_VERSION = "1.2", "1.9.0"
PROVIDER = "registry.terraform.io/hashicorp/aws"
_ACTIONS = {
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.REPLACE: ["create", "delete"],
    Action.DELETE: ["delete"],
    Action.NONE: ["no-op"],
}


def terraform_plan(steps: Iterable[Step]) -> str:
    """Write what a preview does to objects of AWS; all others are left out.

    Args:
        steps: of the preview, also those of objects that stay as they are.
    """
    there = sorted((step for step in steps if step.type.startswith(AWS)), key=lambda step: step.urn)
    resources = [resource for step in there for resource in _of(step)]
    changes = [_change(it) for it in resources]
    planned = [it for it in resources if it.after is not None]
    found = {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "planned_values": {"root_module": {"resources": [_planned(it) for it in planned]}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": [_configured(it) for it in planned]}},
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class _Resource:
    """One resource of Terraform's, before and after."""

    kind: str
    name: str
    of: str
    """Name of the object of ours that it is a part of."""
    action: Action
    before: Values | None
    after: Values | None

    @property
    def what(self) -> dict[str, Any]:
        return {"address": f"{self.kind}.{self.name}", "mode": "managed", "type": self.kind, "name": self.name}


def _of(step: Step) -> Iterator[_Resource]:
    """The resources that an object of ours is."""
    before = dict(_resources(step, step.old)) if step.action is not Action.CREATE else {}
    after = dict(_resources(step, step.new)) if step.action is not Action.DELETE else {}
    for kind, name in {**before, **after}:
        yield _Resource(
            kind, name, _identifier(step.name), step.action, before.get((kind, name)), after.get((kind, name))
        )


def _change(of: _Resource) -> dict[str, Any]:
    return {
        **of.what,
        "provider_name": PROVIDER,
        "change": {
            "actions": _actions(of.action, of.before, of.after),
            "before": None if of.before is None else _known(of.before),
            "after": None if of.after is None else _known(of.after),
            "after_unknown": {} if of.after is None else _unknown(of.after),
        },
    }


def _actions(action: Action, old: Values | None, new: Values | None) -> list[str]:
    if old is None:
        return ["create"]
    if new is None:
        return ["delete"]
    return ["no-op"] if old == new else _ACTIONS[action]


def _resources(step: Step, inputs: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Values]]:
    write = TYPES.get(step.type.removeprefix(AWS))
    for kind, part, values in write(python_names(inputs)) if write and inputs else ():
        yield (kind, _identifier(f"{step.name}-{part}" if part else step.name)), values


def _identifier(name: str) -> str:
    """A name as Terraform takes one: letters, digits, ``_`` and ``-``."""
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)


def _planned(of: _Resource) -> dict[str, Any]:
    return {**of.what, "provider_name": PROVIDER, "schema_version": 0, "values": _known(of.after)}


def _configured(of: _Resource) -> dict[str, Any]:
    """Which other resources this one refers to: scanners follow that."""
    refers = {key: value for key, value in (of.after or {}).items() if isinstance(value, IdOf)}
    expressions = {
        key: {"references": [f"{value.kind}.{of.of}.id", f"{value.kind}.{of.of}"]} for key, value in refers.items()
    }
    return {**of.what, "provider_config_key": "aws", "expressions": expressions, "schema_version": 0}


def _is_unknown(value: object) -> bool:
    return isinstance(value, IdOf) or value in (UNKNOWN, HIDDEN)


def _known(value: Any) -> Any:
    """A value without what is not known yet, or a secret."""
    match value:
        case Mapping():
            return {key: _known(item) for key, item in value.items() if not _is_unknown(item)}
        case list() | tuple():
            return [_known(item) for item in value if not _is_unknown(item)]
    return value


def _unknown(value: Any) -> Any:
    """The same tree with true where something is not known yet."""
    match value:
        case Mapping():
            parts = {key: _unknown(item) for key, item in value.items()}
            return {key: part for key, part in parts.items() if part}
        case list() | tuple():
            items = [_unknown(item) for item in value]
            return items if any(items) else []
    return _is_unknown(value)
