"""Puts together what a preview does to traffic, pods and objects. Pure: it takes the engine's steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import Step
from seldon_infra.drift.objects import Subject, subject
from seldon_infra.eks.places import Place
from seldon_infra.plan.cost import Cost
from seldon_infra.plan.pods import Pods, pods
from seldon_infra.plan.routes import Route, Side, routes_after, routes_before
from seldon_infra.plan.stepped import merged, steps_of
from seldon_infra.plan.sticky import Stickiness, stickiness


@dataclass(frozen=True)
class Share:
    """One predictor's part of a route, before and after."""

    predictor: str
    before: Side | None
    after: Side | None


@dataclass(frozen=True)
class RoutePlan:
    """What happens to one route."""

    name: str
    """NAMESPACE/NAME."""
    action: Action
    shares: tuple[Share, ...]
    stickiness: Stickiness | None = None
    steps: tuple[int, ...] = ()
    """Percents of the way in which it changes; none where it changes at once."""


@dataclass(frozen=True)
class ObjectPlan:
    """What happens to one object."""

    subject: Subject
    action: Action
    replaced_for: tuple[str, ...] = ()
    """Fields that cannot be changed in place."""


@dataclass(frozen=True)
class Plan:
    """What `pulumi up` would do."""

    stack: str
    routes: tuple[RoutePlan, ...] = ()
    pods: tuple[Pods, ...] = ()
    objects: tuple[ObjectPlan, ...] = ()
    """Those that change."""
    unchanged: int = 0
    """How many objects stay as they are."""
    counted: Mapping[Action, int] = field(default_factory=dict)
    """How many changes `pulumi preview` says there are; it counts more than objects."""
    cost: Cost | None = None
    """What is paid for in AWS, where anything is."""
    places: tuple[Place, ...] = ()
    """Which node groups hold pods with GPUs, where the stack makes the cluster."""


def collect(stack: str, previewed: Iterable[Step]) -> Plan:
    """Tell what a preview does.

    Args:
        stack: its name.
        previewed: its steps, also of objects that stay as they are.
    """
    told = sorted(previewed, key=lambda step: step.urn)
    steps, arriving = merged(told), steps_of(told)
    before, after = routes_before(steps), routes_after(steps)
    changing = [step for step in steps if step.action is not Action.NONE]
    return Plan(
        stack,
        tuple(
            _route(name, before.get(name), after.get(name), arriving.get(name, ()))
            for name in sorted({**before, **after})
        ),
        tuple(pods(steps)),
        tuple(ObjectPlan(subject(step), step.action, _replaced_for(step)) for step in changing),
        len(steps) - len(changing),
    )


def _route(name: str, before: Route | None, after: Route | None, steps: tuple[int, ...]) -> RoutePlan:
    olds = before.predictors if before else {}
    news = after.predictors if after else {}
    shares = tuple(Share(each, olds.get(each), news.get(each)) for each in {**olds, **news})
    return RoutePlan(name, _action(before, after), shares, stickiness(before, after), steps)


def _action(before: Route | None, after: Route | None) -> Action:
    if before is None:
        return Action.CREATE
    if after is None:
        return Action.DELETE
    return Action.NONE if before == after else Action.UPDATE


def _replaced_for(step: Step) -> tuple[str, ...]:
    return step.replace_keys if step.action is Action.REPLACE else ()
