"""Rules about who asks: the right account, the rights that it takes, and roles that trust whom they have to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.eks.aws.facts import AwsFacts, Caller
from seldon_infra.eks.aws.read import role_name
from seldon_infra.eks.aws.rules.finding import Finding, of
from seldon_infra.eks.spec import EksCluster

PODS = "pods.eks.amazonaws.com"
_NEEDED = ("sts:AssumeRole", "sts:TagSession")


def wrong_account(path: str, expected: str | None, who: Caller) -> Problem | None:
    """Say that the credentials are of another account than the stack's; None where they are not.

    Args:
        path: what the stack declares, in a message's words.
        expected: the account that it names; None takes any.
        who: whose the credentials are.
    """
    if expected is None or who.account == expected:
        return None
    want = f"must be credentials of account {expected}"
    fix = f"log in there (such as by AWS_PROFILE), or write account='{who.account}' if that is where it belongs"
    return Problem(path, f"account {expected}, but the credentials are of {who.account} ({who.arn})", want, fix)


def account_is_the_stacks(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """Nothing is made in an account that the stack does not name."""
    problem = wrong_account(of(cluster), cluster.account, facts.caller) if facts.caller else None
    if problem is not None:
        yield Finding(problem, "error")


def actions_are_allowed(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """What a statement denies fails; what none allows may be allowed on conditions that only the call itself meets."""
    denied = [it.action for it in facts.denied or () if it.explicit]
    unsaid = [it.action for it in facts.denied or () if not it.explicit]
    who = facts.caller.arn if facts.caller else "who applies it"
    if denied:
        want = f"must be allowed to {who}"
        fix = "take them out of the statement with Effect Deny (a policy, a boundary or an organization's policy)"
        yield Finding(Problem(of(cluster), f"{', '.join(denied)} are denied", want, fix), "error")
    if unsaid:
        want = f"must be allowed to {who}"
        fix = "add them to a policy of that role or user; the page about clusters on AWS has a whole one"
        yield Finding(Problem(of(cluster), f"{', '.join(unsaid)} are not allowed", want, fix), "warning")


def roles_are_there(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """A role that is named is there; pods get one only where it trusts EKS's pod identity."""
    for arn, role in facts.roles.items():
        if role is not None and role.trust is None:
            want = f"must be there, in account {facts.caller.account if facts.caller else 'of the credentials'}"
            problem = Problem(of(cluster), f"role '{arn}' does not exist", want, "make it, or correct its ARN")
            yield Finding(problem, "error" if _is_pods(cluster, arn) else "warning")
        elif role is not None and role.trust is not None and _is_pods(cluster, arn):
            yield from _trust(cluster, arn, role.trust)


def _is_pods(cluster: EksCluster, arn: str) -> bool:
    return any(known(it.role_arn) == arn for it in cluster.pod_identities)


def _trust(cluster: EksCluster, arn: str, policy: Mapping[str, Any]) -> Iterator[Finding]:
    allowed = {action for statement in _listed(policy.get("Statement", [])) for action in _for_pods(statement)}
    missing = [action for action in _NEEDED if not {action, "sts:*", "*"} & allowed]
    if missing:
        got = f"role '{role_name(arn)}' does not trust {PODS} with {' and '.join(missing)}"
        statement = {"Effect": "Allow", "Principal": {"Service": PODS}, "Action": list(_NEEDED)}
        fix = f"add to its trust policy: {json.dumps(statement)}"
        yield Finding(Problem(of(cluster), got, "must, so that pods get it by pod identity", fix), "error")


def _for_pods(statement: Mapping[str, Any]) -> Sequence[str]:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else [PODS]
    trusts = statement.get("Effect") == "Allow" and PODS in services
    return _listed(statement.get("Action", [])) if trusts else ()


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


RULES = (account_is_the_stacks, actions_are_allowed, roles_are_there)
