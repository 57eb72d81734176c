"""Changes that arrive in steps: the object and what writes its spec are one to whoever reads a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import Step
from seldon_infra.drift.objects import STEPPED
from seldon_infra.plan.routes import LOCAL_ROUTE, is_seldon_deployment


def merged(steps: Sequence[Step]) -> list[Step]:
    """Give SeldonDeployments the specs that their rollouts write: on the objects themselves those are ignored."""
    rollouts = {_place(step.old or step.new): step for step in steps if step.type == STEPPED}
    return [_with_spec(step, rollouts) for step in steps if step.type != STEPPED]


def steps_of(steps: Iterable[Step]) -> dict[str, tuple[int, ...]]:
    """Percents of the way in which routes change, by NAMESPACE/NAME, where they do not change at once."""
    return dict(_declared(step) for step in steps if step.type in (STEPPED, LOCAL_ROUTE) and _rollout(step))


def _declared(step: Step) -> tuple[str, tuple[int, ...]]:
    namespace, name = _place(step.new)
    return f"{namespace}/{name}", tuple(_rollout(step).get("steps") or ())


def _rollout(step: Step) -> Mapping[str, Any]:
    found: Any = step.new.get("rollout")
    return found if isinstance(found, Mapping) and step.action is Action.UPDATE else {}


def _with_spec(step: Step, rollouts: Mapping[tuple[object, object], Step]) -> Step:
    metadata: Any = (step.old or step.new).get("metadata") or {}
    rollout = rollouts.get(_place(metadata)) if is_seldon_deployment(step) else None
    if rollout is None or step.action in (Action.CREATE, Action.DELETE, Action.REPLACE):
        return step
    old, new = _spec(step.old, rollout.old), _spec(step.new, rollout.new)
    changed = rollout.action is Action.UPDATE and step.action is Action.NONE
    return replace(step, old=old, new=new, action=Action.UPDATE if changed else step.action)


def _spec(inputs: Mapping[str, Any], written: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**inputs, "spec": written["spec"]} if inputs and "spec" in written else inputs


def _place(inputs: Mapping[str, Any]) -> tuple[object, object]:
    return inputs.get("namespace"), inputs.get("name")
