"""Rules about rights: of people in the cluster, of pods in AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from seldon_infra.core.model import JsonObject, Later, is_known, title
from seldon_infra.core.names import is_dns_label, is_subdomain
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.rules.forms import POLICY, ROLE, has_form, is_principal, only_once
from seldon_infra.eks.spec import AccessEntry, EksCluster, PodIdentity, ServiceAccountRole

_EVERYTHING = "AdministratorAccess"


def entries_let_somebody_in(cluster: EksCluster) -> Iterator[Problem]:
    """An entry is of one principal, once, and says what it may do."""
    yield from only_once(title(cluster), "access", [entry.principal for entry in cluster.access])
    for entry in cluster.access:
        path = f"{title(cluster)}{ARROW}{_entry(entry)}"
        yield from is_principal(path, "principal", entry.principal)
        if is_known(entry.principal) and entry.principal == cluster.deployer:
            yield Problem(path, "principal is the deployer", "must be another: that one is admin already", "remove it")
        yield from _level(path, entry)
        for group in (each for each in entry.groups if each.startswith("system:")):
            want = "must not be of Kubernetes' own, which EKS refuses"
            yield Problem(path, f"groups has '{group}'", want, "write level='admin', or a group of yours")


def _level(path: str, entry: AccessEntry) -> Iterator[Problem]:
    if entry.level is None and not entry.groups:
        want = "must be given, or groups: it could do nothing"
        yield Problem(path, "level is not set", want, "write level='view'")
    if entry.namespaces and entry.level is None:
        yield Problem(path, "namespaces is set", "must go with level", "write level='view', or remove namespaces")
    if entry.namespaces and entry.level == "cluster_admin":
        want = "must be left out with level='cluster_admin', which counts everywhere"
        yield Problem(path, "namespaces is set", want, "write level='admin', or remove namespaces")
    for name in entry.namespaces:
        if not is_dns_label(name.removesuffix("*").rstrip("-") or "x"):
            yield Problem(path, f"namespaces has '{name}'", "must be names of namespaces", "write 'models' or 'team-*'")


def _entry(entry: AccessEntry) -> str:
    return f"access entry '{entry.principal}'" if is_known(entry.principal) else "access entry"


def accounts_have_one_role(cluster: EksCluster) -> Iterator[Problem]:
    """A service account has one role: two would be a matter of luck."""
    identities = _identities(cluster)
    for (namespace, name), times in Counter((each.namespace, each.service_account) for each in identities).items():
        if times > 1:
            got = f"service account '{namespace}/{name}' has {times} roles"
            want = "must have one, by a pod identity or by the OIDC issuer"
            yield Problem(title(cluster), got, want, "remove the others, and put their policies into one")


def identities_are_whole(cluster: EksCluster) -> Iterator[Problem]:
    """A role that is made can do something; one that is there is not changed."""
    for identity in _identities(cluster):
        path = f"{title(cluster)}{ARROW}{identity.noun} '{identity.namespace}/{identity.service_account}'"
        yield from _names(path, identity)
        given = bool(identity.policies or identity.statements)
        there = isinstance(identity, PodIdentity) and identity.role_arn is not None
        leads_on = isinstance(identity, PodIdentity) and identity.target_role is not None
        if given == there and not (leads_on and not given):
            got = "both role_arn and policies are set" if given else "it has no policies"
            want = "must have policies or statements" + (", or role_arn" if isinstance(identity, PodIdentity) else "")
            yield Problem(path, got, want, "remove role_arn" if given else "write policies=(…,)")
        yield from chain.from_iterable(_policy(path, policy) for policy in identity.policies)
        yield from chain.from_iterable(_statement(path, statement) for statement in identity.statements)
        if isinstance(identity, PodIdentity):
            for field in ("role_arn", "target_role"):
                yield from has_form(path, field, getattr(identity, field), ROLE, "arn:aws:iam::123456789012:role/name")


def _identities(cluster: EksCluster) -> list[PodIdentity | ServiceAccountRole]:
    return [*cluster.pod_identities, *cluster.service_account_roles]


def _names(path: str, identity: PodIdentity | ServiceAccountRole) -> Iterator[Problem]:
    if not is_dns_label(identity.namespace):
        want = "must be a DNS label: at most 63 of a-z, 0-9 and '-'"
        yield Problem(path, f"namespace '{identity.namespace}'", want, "write namespace='models'")
    if not is_subdomain(identity.service_account):
        want = "must be the name of a service account: a-z, 0-9, '-' and '.'"
        yield Problem(path, f"service_account '{identity.service_account}'", want, "write service_account='models'")


def _policy(path: str, policy: Later[str]) -> Iterator[Problem]:
    yield from has_form(path, "policies", policy, POLICY, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    if is_known(policy) and policy.endswith(f"/{_EVERYTHING}"):
        want = "must not be everything: whoever gets into the pod has the account"
        yield Problem(path, f"policies has {_EVERYTHING}", want, "name the policies that it needs")


def _statement(path: str, statement: JsonObject) -> Iterator[Problem]:
    lacking = [key for key in ("Effect", "Action", "Resource") if key not in statement and f"Not{key}" not in statement]
    if lacking:
        want = "must have Effect, Action and Resource"
        yield Problem(path, f"a statement has no {' and no '.join(lacking)}", want, f"add {' and '.join(lacking)}")
    actions = statement.get("Action")
    every = actions == "*" or (isinstance(actions, (list, tuple)) and "*" in actions)
    if every and statement.get("Effect") == "Allow":
        want = "must not be everything: whoever gets into the pod has the account"
        yield Problem(path, "a statement allows Action '*'", want, "name the actions: 's3:GetObject'")


RULES = (entries_let_somebody_in, accounts_have_one_role, identities_are_whole)
