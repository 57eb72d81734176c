"""Values that are known only when something else has been made: they are held to the rules as soon as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter, methodcaller
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pulumi

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Spec, is_later, pending, resolve

if TYPE_CHECKING:
    from seldon_infra.core.problems import Problem

S = TypeVar("S", bound=Spec)
Gate: TypeAlias = pulumi.Output[None]
"""What comes once something has been looked at; it says nothing else."""


class Awaited:
    """Stands for a value of later where only the place matters, whatever is made of it."""

    def apply(self, function: object) -> Awaited:
        """Stay what it is: the place is the same whatever is made of the value."""
        return self


def when_known(spec: S, check: Callable[[S], list[Problem]] = lambda known: []) -> pulumi.Output[S]:
    """Give a specification with all its values, once they are known and its rules hold.

    What is wrong then is the user's to correct: a RunError, which shows no value that is a secret.
    """
    later: Mapping[str, Any] = pending(spec)
    secret = {path: value.is_secret() for path, value in later.items()}
    return pulumi.Output.all(later, secret).apply(lambda come: _valid(spec, check, come[0], come[1]))


def when_valid(spec: S, check: Callable[[S], list[Problem]]) -> Gate | None:
    """Give what comes once all of a specification is known and its rules hold.

    Args:
        spec: what is declared; where nothing in it is an Output, it has been checked already, and nothing is to come.
        check: finds the problems of one that is wholly known.
    """
    if not pending(spec):
        return None
    return pulumi.Output.unsecret(when_known(spec, check).apply(lambda known: None))


def when_all(gates: Iterable[Gate | None]) -> Gate | None:
    """Give what comes once everything of several has come that is to come."""
    to_come = [gate for gate in gates if gate is not None]
    if len(to_come) <= 1:
        return to_come[0] if to_come else None
    return pulumi.Output.all(*to_come).apply(lambda come: None)


def after(gate: Gate | None, value: pulumi.Input[Any]) -> pulumi.Input[Any]:
    """Give a value only once something has come; what needs the value waits for that.

    Every Output costs the SDK a look each time that any other comes, so there are no more than it takes.
    """
    if gate is None:
        return value
    if is_later(value):
        return pulumi.Output.all(value, gate).apply(itemgetter(0))
    return gate.apply(lambda come: value)


def rendered(spec: S, check: Callable[[S], list[Problem]], render: Callable[[S], Mapping[str, Any]]) -> dict[str, Any]:
    """Render a specification: what is known stands there now, the rest comes out of the whole once that is valid."""
    later = pending(spec)
    if not later:
        return dict(render(spec))
    whole = when_known(spec, check).apply(render)
    filled = _filled(render(resolve(spec, dict.fromkeys(later, Awaited()))), whole)
    return dict(filled)


def _valid(spec: S, check: Callable[[S], list[Problem]], values: Mapping[str, object], secret: Mapping[str, bool]) -> S:
    hidden = [value for path, value in values.items() if secret[path]]
    try:
        known = resolve(spec, values)
        problems: Iterable[Problem] = check(known)
    except InvalidSpec as error:
        problems = error.problems
    if problems:
        raise pulumi.RunError(str(InvalidSpec(problem.hiding(hidden) for problem in problems)))
    return known


def _filled(value: Any, whole: pulumi.Output[Any]) -> Any:
    """Put the same part of the whole in the place of all that is awaited.

    Lists of named things are merged by name, so one with a name of later may come out shorter: it is taken as one.
    """
    if is_later(value) or _has_later_names(value):
        return whole
    if isinstance(value, Mapping):
        return {key: _filled(item, whole.apply(methodcaller("get", key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, whole.apply(itemgetter(index))) for index, item in enumerate(value)]
    return value


def _has_later_names(value: object) -> bool:
    items = value if isinstance(value, list | tuple) else ()
    return any(isinstance(item, Mapping) and is_later(item.get("name")) for item in items)
