"""What keeps deployments from running on a cluster as it is now: the declaration and facts in, findings out.

All rules run, so that a user sees everything at once; a rule whose facts nobody could read says nothing.
"""

from __future__ import annotations

from seldon_infra.clusters.facts import Facts
from seldon_infra.clusters.rules import images, ingress, nodes, operator, owners, quota, rights, served, storage
from seldon_infra.clusters.rules.finding import Declared, Finding, Part, Rule, with_needs

RULES: tuple[Rule, ...] = (
    *served.RULES,
    *operator.RULES,
    *ingress.RULES,
    *owners.RULES,
    *nodes.RULES,
    *quota.RULES,
    *rights.RULES,
    *storage.RULES,
    *images.RULES,
)


def check_live(declared: Declared, facts: Facts) -> list[Finding]:
    """Find what does not fit, errors before warnings.

    Args:
        declared: deployments that break no rule that needs no cluster; values of later may be in them.
        facts: what the cluster said.
    """
    whole = with_needs(declared, facts)
    found = dict.fromkeys(finding for rule in RULES for finding in rule(whole, facts))
    return sorted(found, key=lambda finding: finding.severity)


def skipped_in_words(facts: Facts) -> str | None:
    """Say in one line what could not be checked and why; None where all was."""
    if not facts.skipped:
        return None
    if facts.skipped[0].check == "":
        return f"checks of cluster '{facts.cluster}' are skipped, all of them: {facts.skipped[0].reason}"
    reasons: dict[str, list[str]] = {}
    for each in facts.skipped:
        reasons.setdefault(each.check, []).append(each.reason)
    listed = ", ".join(f"{check} ({' and '.join(why)})" for check, why in reasons.items())
    return f"not checked on cluster '{facts.cluster}': {listed}"


__all__ = ["RULES", "Declared", "Finding", "Part", "check_live", "skipped_in_words"]
