"""Which users meet another predictor, where a header decides who answers.

The header's hash picks a point among 100, and predictors take as many points as their shares, in their order: that is
how Envoy's weighted clusters do it with ``use_hash_policy``. So a change of shares moves the users on the points that
change hands, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seldon_infra.plan.routes import Route

EVERYBODY = 100


@dataclass(frozen=True)
class Stickiness:
    """What becomes of the users' places."""

    before: str | None
    """The header that decided."""
    after: str | None
    """The header that will."""
    moved: int | None
    """Users that meet another predictor, in percent; None where only an apply tells it."""

    def __str__(self) -> str:
        if self.before is None:
            return f"from now on header {self.after} decides who answers"
        if self.after is None:
            return f"users lose stickiness: header {self.before} no longer decides, each request goes by weight"
        if self.before != self.after:
            return f"users lose stickiness: header {self.after} decides instead of {self.before}"
        if self.moved is None:
            return f"how many users of header {self.after} meet another predictor is known after pulumi up"
        return f"{self.moved} % of the users by header {self.after} meet another predictor, the others their own"


def stickiness(before: Route | None, after: Route | None) -> Stickiness | None:
    """Tell what a change does to the users' places; None where it does nothing, or nobody had one."""
    if before is None or after is None or (before.sticky is None and after.sticky is None):
        return None
    if before.sticky != after.sticky:
        return Stickiness(before.sticky, after.sticky, 0 if before.sticky is None else EVERYBODY)
    moved = moved_users(before, after)
    return Stickiness(before.sticky, after.sticky, moved) if moved != 0 else None


def moved_users(before: Route, after: Route) -> int | None:
    """Count the points among 100 that change hands."""
    sides = [*before.predictors.values(), *after.predictors.values()]
    if any(side.share is None for side in sides if not side.shadow):
        return None
    olds, news = list(_points(before)), list(_points(after))
    kept = sum(old == new for old, new in zip(olds, news, strict=False))
    return max(len(olds), len(news)) - kept


def _points(route: Route) -> Iterator[str]:
    for name, side in route.predictors.items():
        if not side.shadow:
            yield from [name] * (side.share or 0)
