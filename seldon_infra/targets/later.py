"""Values that are known only when something else has been made: they are held to the rules as soon as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Spec, pending, resolve

if TYPE_CHECKING:
    from seldon_infra.core.problems import Problem
    from seldon_infra.graph.spec import SeldonDeployment

S = TypeVar("S", bound=Spec)


def resolved(spec: S, known: Mapping[str, object]) -> S:
    """Put values in the place of Outputs; one of a wrong type ends the program with its problem, not a traceback."""
    try:
        return resolve(spec, known)
    except InvalidSpec as error:
        raise pulumi.RunError(str(error)) from None


def once_valid(
    deployment: SeldonDeployment, check: Callable[[SeldonDeployment], list[Problem]], value: pulumi.Input[Any]
) -> pulumi.Input[Any]:
    """Give a value that is known only when all of the deployment is and its rules hold; what needs it waits for that.

    Args:
        deployment: what is declared; where nothing in it is an Output, it has been checked already.
        check: finds the problems of a deployment that is wholly known.
        value: what the deployment's resources need.
    """
    later = pending(deployment)
    if not later:
        return value

    def checked(known: Mapping[str, object]) -> None:
        problems = check(resolved(deployment, known))
        if problems:
            raise pulumi.RunError(str(InvalidSpec(problems)))

    valid = pulumi.Output.unsecret(pulumi.Output.from_input(later).apply(checked))
    return pulumi.Output.all(value, valid).apply(lambda it: it[0])
