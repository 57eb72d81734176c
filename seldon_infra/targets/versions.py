"""Versions that a cluster has and those that a stack brings, held against the table of what goes together.

Only what takes part counts: an ingress that Seldon's operator makes no routes for may be of any version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seldon_infra.clusters.rules.finding import Finding, error, of_cluster, warning
from seldon_infra.clusters.rules.ingress import routed_by
from seldon_infra.core.problems import Problem
from seldon_infra.graph.manifest import GROUP
from seldon_infra.ingress.spec import Istio
from seldon_infra.seldon_core.catalogue import Versions, dotted, minor, numbers, problems, untried, upgrade_steps
from seldon_infra.seldon_core.executor_policy import SINCE
from seldon_infra.targets.platform_check import declared_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.clusters.facts import Facts, Operator
    from seldon_infra.targets.spec import Kubernetes

_PARTS = ("seldon", "istio", "emissary")
"""What a stack may bring, by its name among versions."""


def check_versions(target: Kubernetes, facts: Facts) -> list[Finding]:
    """Find what does not go together on a cluster once the stack is applied.

    What breaks is an error. What nobody lists is a warning while the stack brings it, and none once it runs.
    """
    found = [each for there in _there(target, facts) for each in _check(target, there, facts)]
    return list(dict.fromkeys([*found, *_policy_is_served(target, facts)]))


def _policy_is_served(target: Kubernetes, facts: Facts) -> Iterator[Finding]:
    """Without the policy the restricted level refuses every pod with an executor."""
    there = minor(facts.kubernetes)
    if target.pod_security == "restricted" and there is not None and there < SINCE:
        got = f"pod_security='restricted' on Kubernetes {dotted(there)}"
        want = f"must be {dotted(SINCE)} or later, which serves MutatingAdmissionPolicy as stable"
        yield error(Problem(of_cluster(facts), got, want, "write pod_security='baseline', or upgrade Kubernetes"))


def order_of_upgrade(target: Kubernetes, facts: Facts) -> str | None:
    """Say in which order parts are changed that a cluster has in an older version; None where none is."""
    for there in _there(target, facts):
        wanted = declared_versions(target)
        older = [part for part in _PARTS if _is_older(getattr(there, part), getattr(wanted, part))]
        if older:
            steps = upgrade_steps(there, Versions(**{part: getattr(wanted, part) for part in older}))
            numbered = "; ".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
            return f"{of_cluster(facts)} is upgraded in this order: {numbered}"
    return None


def _check(target: Kubernetes, there: Versions, facts: Facts) -> list[Finding]:
    wanted = declared_versions(target)
    together = replace(there, **{part: getattr(wanted, part) or getattr(there, part) for part in _PARTS})
    known_before = {problem.got for problem in problems(wanted)}
    broken = [each.within(of_cluster(facts)) for each in problems(together) if each.got not in known_before]
    unlisted = untried(together) if wanted.seldon and wanted.seldon != there.seldon else []
    return [*map(error, broken), *(warning(_unlisted(said, facts)) for said in unlisted)]


def _unlisted(said: str, facts: Facts) -> Problem:
    want = "nothing is known against it, though nobody lists it as working"
    return Problem(of_cluster(facts), said, want, "try it where nothing depends on it")


def _there(target: Kubernetes, facts: Facts) -> list[Versions]:
    """Give what is there around each of Seldon's operators; around none, where there is none yet."""
    return list(dict.fromkeys(_around(target, each, facts) for each in facts.operators or (None,)))


def _around(target: Kubernetes, operator: Operator | None, facts: Facts) -> Versions:
    ways, served, core = _ways(target, operator), facts.served or {}, target.seldon_core
    ambassador = "ambassador" in ways
    makes_mappings = target.ingress is None or target.ingress.existing
    return Versions(
        kubernetes=facts.kubernetes,
        seldon=operator.version if operator else None,
        istio=facts.istio if "istio" in ways else None,
        emissary=facts.emissary if ambassador else None,
        crd_versions=_listed(served.get(GROUP)) if core.existing or not core.crd else None,
        mapping_versions=_listed(served.get("getambassador.io")) if ambassador and makes_mappings else None,
    )


def _ways(target: Kubernetes, operator: Operator | None) -> list[str]:
    """Give the ways in that count: what the stack declares, else what the operator makes routes for."""
    if target.ingress is not None:
        return ["istio" if isinstance(target.ingress, Istio) else "ambassador"]
    return routed_by(operator) if operator else []


def _listed(versions: frozenset[str] | None) -> tuple[str, ...] | None:
    """Give versions in order; a group that is not served at all is what other rules speak of."""
    return tuple(sorted(versions)) if versions else None


def _is_older(there: str | None, wanted: str | None) -> bool:
    return there is not None and wanted is not None and numbers(there) < numbers(wanted)
