"""What keeps a cluster from being made in an account as it is now: the declaration and facts in, findings out.

All rules run, so that a user sees everything at once; a rule whose facts nobody could read says nothing.
"""

from __future__ import annotations

from seldon_infra.eks.aws.facts import AwsFacts
from seldon_infra.eks.aws.rules import account, machines, network, quotas, versions
from seldon_infra.eks.aws.rules.finding import Finding, Rule
from seldon_infra.eks.spec import EksCluster

RULES: tuple[Rule, ...] = (*account.RULES, *versions.RULES, *machines.RULES, *quotas.RULES, *network.RULES)


def check_aws(cluster: EksCluster, facts: AwsFacts) -> list[Finding]:
    """Find what does not fit, errors before warnings.

    Args:
        cluster: one that breaks no rule that needs no AWS; values of later may be in it.
        facts: what AWS said.
    """
    found = dict.fromkeys(finding for rule in RULES for finding in rule(cluster, facts))
    return sorted(found, key=lambda finding: finding.severity)


def skipped_in_words(facts: AwsFacts) -> str | None:
    """Say in one line what could not be checked and why; None where all was."""
    if not facts.skipped:
        return None
    if facts.skipped[0].check == "":
        return f"checks of AWS in {facts.region} are skipped, all of them: {facts.skipped[0].reason}"
    reasons: dict[str, list[str]] = {}
    for each in facts.skipped:
        reasons.setdefault(each.reason, []).append(each.check)
    listed = "; ".join(f"{', '.join(dict.fromkeys(checks))} ({reason})" for reason, checks in reasons.items())
    return f"not checked in AWS, region {facts.region}: {listed}"


__all__ = ["RULES", "Finding", "check_aws", "skipped_in_words"]
