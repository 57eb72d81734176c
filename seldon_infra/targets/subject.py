"""What a preview finds, said on the resource that it concerns, which is not declared yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import pulumi

if TYPE_CHECKING:
    from seldon_infra.clusters.rules.finding import Severity
    from seldon_infra.core.problems import Problem
    from seldon_infra.targets.spec import LiveChecks


class Finding(Protocol):
    """One thing that does not fit, and how sure it is."""

    @property
    def problem(self) -> Problem:
        """What does not fit."""

    @property
    def severity(self) -> Severity:
        """How sure it is."""


F = TypeVar("F", bound=Finding)
UrnOf: TypeAlias = Callable[[str], pulumi.Output[str]]
"""Gives the URN that a deployment's resource will have, by the deployment's name."""


class Subject(pulumi.Resource):
    """A resource that is yet to be registered, as messages need it: by its URN alone."""

    def __init__(self, urn: pulumi.Output[str]) -> None:
        self._urn = urn

    @property
    def urn(self) -> pulumi.Output[str]:
        """The URN that it will have."""
        return self._urn


def tell(findings: Sequence[F], checks: LiveChecks, subject_of: Callable[[F], Subject | None], what: str) -> None:
    """Say every finding on its resource.

    Args:
        findings: what does not fit.
        checks: what becomes of what certainly does not.
        subject_of: gives the resource that a finding concerns; None for the whole stack.
        what: what it does not fit, for the last line: ``with the cluster as it is now``.

    Raises:
        pulumi.RunError: something certainly fails; nothing of it has been declared yet.
    """
    errors = [it for it in findings if it.severity == "error" and checks == "refuse"]
    for finding in findings:
        say = pulumi.log.error if finding in errors else pulumi.log.warn
        say(str(finding.problem), subject_of(finding))
    if errors:
        count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise pulumi.RunError(f"{count} {what}; nothing was changed")
