"""A plan for people, for a pull request and for programs: table, Markdown, JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from seldon_infra.core import tables
from seldon_infra.core.changes import Action
from seldon_infra.plan import cost, places
from seldon_infra.plan.collect import ObjectPlan, Plan, RoutePlan, Share
from seldon_infra.plan.cost import Cost, Hourly
from seldon_infra.plan.pods import Pods
from seldon_infra.plan.routes import Side

SHARES = ("PREDICTOR", "NOW", "THEN")
MODELS = ("MODEL", "NOW", "THEN")
COSTS = ("COST", "NOW PER HOUR", "THEN PER HOUR", "NOW PER MONTH", "THEN PER MONTH")
NOTHING, SAME = "-", "the same"
PLACES = "which nodes hold pods with GPUs"
DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REPLACE: "replaced", Action.DELETE: "deleted"}
ROUTES = {Action.CREATE: ", new", Action.DELETE: ", goes away", Action.UPDATE: "", Action.NONE: ""}
SHOWN_FIELDS = 4


def table(plan: Plan) -> str:
    """Write it for a terminal."""
    blocks = [[heading(plan)]]
    for route in _changing(plan):
        blocks.append([_title(route), *tables.columns(SHARES, _shares(route), "  ")])
        if models := _models(route):
            blocks.append([*tables.columns(MODELS, models, "  ")])
        blocks += [[f"  {line}"] for line in _notes(route)]
    for title, lines in _lists(plan):
        blocks.append([title, *(f"  {line}" for line in lines)])
    if plan.places:
        blocks.append([PLACES, *tables.columns(places.HEAD, places.rows(plan.places), "  ")])
    if plan.cost:
        blocks.append(
            [_cost_title(plan.cost), *tables.columns(COSTS, _costs(plan.cost), "  "), *_cost_notes(plan.cost)]
        )
    return "\n\n".join("\n".join(block) for block in [*blocks, [_count(plan)]]) + "\n"


def markdown(plan: Plan) -> str:
    """Write it for a pull request."""
    blocks = [[f"**{heading(plan)}**"]]
    for route in _changing(plan):
        blocks.append([f"### {_title(route)}", "", *_markdown(SHARES, _shares(route))])
        if models := _models(route):
            blocks.append([*_markdown(MODELS, models)])
        blocks += [[line] for line in _notes(route)]
    for title, lines in _lists(plan):
        blocks.append([title.capitalize(), "", *(f"- {line}" for line in lines)])
    if plan.places:
        blocks.append([f"### {PLACES}", "", *_markdown(places.HEAD, places.rows(plan.places))])
    if plan.cost:
        blocks.append([f"### {_cost_title(plan.cost)}", "", *_markdown(COSTS, _costs(plan.cost))])
        blocks.append([f"- {line}" for line in _cost_notes(plan.cost)])
    return "\n\n".join("\n".join(block) for block in [*blocks, [_count(plan)]]) + "\n"


def as_json(plan: Plan) -> str:
    """Write it for programs; fields are only ever added to this form."""
    return json.dumps(tree(plan), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Plan], str]] = {"table": table, "markdown": markdown, "json": as_json}


def tree(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    return {
        "stack": plan.stack,
        "routes": list(map(_route_tree, plan.routes)),
        "pods": [{**asdict(each), "because": list(each.because)} for each in plan.pods],
        "objects": [
            {
                "object": str(each.subject),
                "urn": each.subject.urn,
                "action": str(each.action),
                "replaced_for": list(each.replaced_for),
            }
            for each in plan.objects
        ],
        "unchanged": plan.unchanged,
        "counted_by_preview": {str(action): number for action, number in plan.counted.items()},
        "places": places.tree(plan.places),
        "cost": None if plan.cost is None else cost.tree(plan.cost),
    }


def heading(plan: Plan) -> str:
    """Say in one line what it is about."""
    if not plan.objects:
        return f"stack '{plan.stack}': pulumi up changes nothing"
    if not list(_changing(plan)):
        return f"stack '{plan.stack}': pulumi up leaves all traffic as it is"
    return f"stack '{plan.stack}': what pulumi up does to traffic"


def _changing(plan: Plan) -> Iterator[RoutePlan]:
    return (route for route in plan.routes if route.action is not Action.NONE)


def _title(route: RoutePlan) -> str:
    return f"{route.name}{ROUTES[route.action]}"


def _shares(route: RoutePlan) -> list[tables.Row]:
    return [
        (it.predictor, *(NOTHING if side is None else str(side) for side in (it.before, it.after)))
        for it in route.shares
    ]


def _models(route: RoutePlan) -> list[tables.Row]:
    return [row for share in route.shares for row in _models_of(share)]


def _models_of(share: Share) -> Iterator[tables.Row]:
    old, new = _versions(share.before), _versions(share.after)
    for key in {**old, **new}:
        then = new.get(key, NOTHING)
        yield f"{share.predictor}.{key[0]}", old.get(key, NOTHING), SAME if old.get(key) == then else then


def _versions(side: Side | None) -> dict[tuple[str, int], str]:
    """Key versions by node, and by their number within it: a node may have a model and a class."""
    found: dict[tuple[str, int], str] = {}
    for model in side.models if side else ():
        number = sum(node == model.node for node, _ in found)
        found[model.node, number] = str(model)
    return found


def _markdown(head: tables.Row, rows: list[tables.Row]) -> Iterator[str]:
    return tables.markdown([it.lower() for it in head], rows)


def _notes(route: RoutePlan) -> Iterator[str]:
    if route.steps:
        yield f"arrives in steps of {', '.join(map(str, route.steps))} % of the way"
    if route.stickiness is not None:
        yield str(route.stickiness)


def _lists(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    if plan.pods:
        yield "pods and processes:", list(map(_pods, plan.pods))
    if replaced := [each for each in plan.objects if each.action is Action.REPLACE]:
        yield "replaced:", list(map(_replaced, replaced))


def _cost_title(found: Cost) -> str:
    return f"cost in {found.currency}, with the fewest nodes to the most"


def _costs(found: Cost) -> list[tables.Row]:
    rows = [_cost_row(row.name, row.before, row.after, row.is_priced) for row in found.rows]
    whole = not found.before.unpriced and not found.after.unpriced
    return [*rows, _cost_row("total", cost.total(found.before), cost.total(found.after), whole)]


def _cost_row(name: str, before: Hourly, after: Hourly, is_priced: bool) -> tables.Row:
    hourly, by_month = map(cost.amount, (before, after)), map(cost.monthly_amount, (before, after))
    return (name if is_priced else f"{name} (in part without a price)", *hourly, *by_month)


def _cost_notes(found: Cost) -> Iterator[str]:
    yield from found.notes
    made = "load balancers, volumes and nodes of Karpenter's"
    yield f"not in it: traffic, requests, logs, and what the cluster itself makes, such as {made}"


def _pods(each: Pods) -> str:
    part = f", {each.part}" if each.part else ""
    count = f" from {each.before} to {each.after}" if each.what == "scale" else ""
    return f"{each.object}{part}: {each.what}{count}{_because(each.because)}"


def _replaced(each: ObjectPlan) -> str:
    return f"{each.subject}{_because(each.replaced_for)}"


def _because(fields: tuple[str, ...]) -> str:
    if not fields:
        return ""
    more = f" and {len(fields) - SHOWN_FIELDS} more" if len(fields) > SHOWN_FIELDS else ""
    return f", for {', '.join(fields[:SHOWN_FIELDS])}{more}"


def _count(plan: Plan) -> str:
    counted = Counter(each.action for each in plan.objects)
    texts = [f"{counted[action]} {word}" for action, word in DONE.items() if counted[action]]
    objects = f"objects: {', '.join([*texts, f'{plan.unchanged} unchanged'])}"
    return "\n".join([objects, *_counted_beside(plan, counted)])


def _counted_beside(plan: Plan, objects: Mapping[Action, int]) -> Iterator[str]:
    """Say why `pulumi preview` has other numbers, where it has."""
    if plan.counted and any(plan.counted.get(action, 0) != objects.get(action, 0) for action in DONE):
        texts = [f"{plan.counted[action]} {word}" for action, word in DONE.items() if action in plan.counted]
        beside = "the stack itself, components, providers and rollouts"
        yield f"pulumi preview: {', '.join(texts) or 'no changes'}, since it also counts {beside}"


def _route_tree(route: RoutePlan) -> dict[str, Any]:
    sticky = route.stickiness
    return {
        "route": route.name,
        "action": str(route.action),
        "shares": [
            {"predictor": it.predictor, "before": _side_tree(it.before), "after": _side_tree(it.after)}
            for it in route.shares
        ],
        "stickiness": None if sticky is None else asdict(sticky),
        "steps": list(route.steps),
    }


def _side_tree(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    models = [{key: value or None for key, value in asdict(model).items()} for model in side.models]
    return {"share": side.share, "shadow": side.shadow, "models": models}
