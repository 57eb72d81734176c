"""Which pods restart, and which processes on this machine.

Source: seldondeployment_engine.go and seldondeployment_controller.go in operator/controllers of SeldonIO/seldon-core:
pod templates hold the deployment's and the predictor's annotations, the labels, the containers, and in the
orchestrator's environment the whole predictor as text, but for its traffic, its replicas and its explainer. So a new
share restarts nothing, and anything else in a predictor that has an orchestrator restarts its pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from seldon_infra.core.changes import Action, Change, changes
from seldon_infra.drift.events import Step
from seldon_infra.drift.objects import subject
from seldon_infra.plan.routes import is_seldon_deployment

NOT_IN_PODS = frozenset({"traffic", "replicas", "explainer"})
"""Fields of a predictor that no pod template of it holds."""
NOT_IN_CONTAINERS = frozenset({"hpaSpec", "kedaSpec", "pdbSpec", "replicas"})
"""Fields of a component that only the orchestrator's text of the predictor holds."""
IN_EVERY_POD = frozenset({"annotations", "protocol", "transport", "serverType"})
"""Fields of the deployment that all pod templates hold."""
NO_ENGINE = "seldon.io/no-engine"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
LOCAL_PROCESS = "seldon:local:Process"

What = Literal["start", "stop", "restart", "scale"]
PROCESSES: Mapping[Action, What] = {Action.CREATE: "start", Action.DELETE: "stop", Action.REPLACE: "restart"}


@dataclass(frozen=True)
class Pods:
    """What happens to the pods of one part of an object."""

    object: str
    part: str
    """The predictor, or nothing."""
    what: What
    because: tuple[str, ...] = ()
    """Fields that make it happen."""
    before: int | None = None
    """Number of pods, where it is declared."""
    after: int | None = None


def pods(steps: Iterable[Step]) -> Iterator[Pods]:
    """Tell what happens to pods, object by object."""
    for step in steps:
        if step.action is Action.NONE:
            continue
        if is_seldon_deployment(step):
            yield from of_deployment(step)
        elif step.type == LOCAL_PROCESS:
            yield from _of_process(step)
        elif step.type.startswith("kubernetes:apps/") and step.type.rpartition(":")[2] in WORKLOADS:
            yield from _of_workload(step)


def of_deployment(step: Step) -> Iterator[Pods]:
    """Tell what happens to the predictors of a SeldonDeployment."""
    whole, anew = str(subject(step)), step.action is Action.REPLACE
    olds, news = (
        _predictors(step.old, step.action is Action.CREATE),
        _predictors(step.new, step.action is Action.DELETE),
    )
    wide = [it for it in changes(_spec(step.old), _spec(step.new), ("spec",)) if it.path[1] in IN_EVERY_POD]
    for name in {**olds, **news}:
        old, new = olds.get(name), news.get(name)
        part = f"predictor {name}"
        if old is None or new is None:
            yield Pods(
                whole, part, "start" if old is None else "stop", (), _count(old, step.old), _count(new, step.new)
            )
            continue
        counts = _count(old, step.old), _count(new, step.new)
        because = step.replace_keys if anew else _fields([*wide, *_in_pods(old, new)])
        if because or anew:
            yield Pods(whole, part, "restart", because, *counts)
        elif counts[0] != counts[1]:
            yield Pods(whole, part, "scale", (), *counts)
        if explained := _fields(changes(old.get("explainer") or {}, new.get("explainer") or {}, ("explainer",))):
            yield Pods(whole, f"{part}, explainer", "restart", explained)


def _in_pods(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    engine = (new.get("annotations") or {}).get(NO_ENGINE) != "true"
    for change in changes(old, new):
        about_scale = change.path[0] == "componentSpecs" and bool(NOT_IN_CONTAINERS & {*map(str, change.path[2:3])})
        if change.path[0] not in NOT_IN_PODS and (engine or not about_scale):
            yield change


def _of_process(step: Step) -> Iterator[Pods]:
    deployment, _, rest = step.name.partition(".")
    predictor = rest.partition(".")[0]
    what = PROCESSES.get(step.action)
    found = _fields(changes(step.old, step.new))
    if step.action is Action.UPDATE and "running" in found:
        what = "start"
    if what is not None:
        part = f"predictor {predictor} of {deployment}" if predictor else ""
        yield Pods(str(subject(step)), part, what, found if what == "restart" else ())


def _of_workload(step: Step) -> Iterator[Pods]:
    name, counts = str(subject(step)), (_replicas(step.old), _replicas(step.new))
    if step.action is not Action.UPDATE:
        because = step.replace_keys if step.action is Action.REPLACE else ()
        yield Pods(name, "", PROCESSES[step.action], because, *counts)
        return
    old, new = ((_spec(side).get("template") or {}) for side in (step.old, step.new))
    if because := _fields(changes(old, new, ("spec", "template"))):
        yield Pods(name, "", "restart", because, *counts)
    elif counts[0] != counts[1]:
        yield Pods(name, "", "scale", (), *counts)


def _fields(found: Iterable[Change]) -> tuple[str, ...]:
    return tuple(change.field for change in found)


def _spec(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return manifest.get("spec") or {}


def _replicas(manifest: Mapping[str, Any]) -> int | None:
    found = _spec(manifest).get("replicas")
    return found if isinstance(found, int) else None


def _predictors(manifest: Mapping[str, Any], absent: bool) -> dict[str, Mapping[str, Any]]:
    listed = () if absent else _spec(manifest).get("predictors") or ()
    return {str(each.get("name")): each for each in listed}


def _count(predictor: Mapping[str, Any] | None, manifest: Mapping[str, Any]) -> int | None:
    """Number of a predictor's pods; None where an autoscaler decides, or there is no predictor."""
    if predictor is None or any(
        each.get("hpaSpec") or each.get("kedaSpec") for each in predictor.get("componentSpecs") or ()
    ):
        return None
    found = predictor.get("replicas", _spec(manifest).get("replicas", 1))
    return found if isinstance(found, int) else None
