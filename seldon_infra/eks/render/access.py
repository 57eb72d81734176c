"""Rights: who may use the cluster's API, and what its pods may do in AWS."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from seldon_infra.core.model import Later, is_known
from seldon_infra.core.names import shortened
from seldon_infra.eks.gpu_software import rights
from seldon_infra.eks.parts import Built, Part
from seldon_infra.eks.render.control_plane import ROLE_NAME
from seldon_infra.eks.render.interruptions import name_of
from seldon_infra.eks.render.policies import allowed, trust_of_issuer, trust_of_pods
from seldon_infra.eks.spec import AccessEntry, EksCluster, PodIdentity, ServiceAccountRole
from seldon_infra.resources.aws_words import partition

_LEVELS = {
    "view": "AmazonEKSViewPolicy",
    "edit": "AmazonEKSEditPolicy",
    "admin": "AmazonEKSAdminPolicy",
    "cluster_admin": "AmazonEKSClusterAdminPolicy",
}


def issuer(spec: EksCluster, control: Part) -> Part:
    """Lets roles trust tokens of the cluster's service accounts."""
    return Part("issuer", "OidcProvider", {"region": spec.region, "tags": spec.tags, "url": control["oidc_issuer"]})


def access_entries(spec: EksCluster, control: Part) -> Iterator[Part]:
    """Who may use the API: who applies the stack, and those who are named."""
    entries = list(spec.access)
    if spec.deployer is not None:
        entries.insert(0, AccessEntry(principal=spec.deployer, level="cluster_admin"))
    for index, entry in enumerate(entries):
        inputs = {
            "region": spec.region,
            "tags": spec.tags,
            "cluster_name": control["name"],
            "principal_arn": entry.principal,
            "kubernetes_groups": list(entry.groups),
            "username": entry.username,
            "policies": [_policy(spec, entry)] if entry.level else [],
        }
        yield Part(_entry_name(entry.principal, index), "EksAccessEntry", inputs)


def _entry_name(principal: Later[str], index: int) -> str:
    """``123456789012:role/ml``; an ARN of later has its place in the list instead."""
    return principal.partition(":iam::")[2] if is_known(principal) else f"access-{index}"


def _policy(spec: EksCluster, entry: AccessEntry) -> dict[str, object]:
    arn = f"arn:{partition(spec.region)}:eks::aws:cluster-access-policy/{_LEVELS[entry.level or 'view']}"
    return {"arn": arn, "namespaces": list(entry.namespaces)}


def identities(spec: EksCluster, control: Part) -> Iterator[Part]:
    """Roles of pods by pod identity."""
    for identity in (*spec.pod_identities, *_of_autoscaler(spec)):
        name = _account_name(identity)
        role: object = identity.role_arn
        if role is None:
            trust = trust_of_pods(spec.name, identity.namespace, identity.service_account)
            made = _role(spec, identity, trust)
            yield made
            role = made["arn"]
        inputs = {
            "region": spec.region,
            "tags": spec.tags,
            "cluster_name": control["name"],
            "namespace": identity.namespace,
            "service_account": identity.service_account,
            "role_arn": role,
            "target_role_arn": identity.target_role,
        }
        yield Part(name, "EksPodIdentityAssociation", inputs)


def _of_autoscaler(spec: EksCluster) -> tuple[PodIdentity, ...]:
    role = shortened(f"{spec.name}-nodes", ROLE_NAME)
    return rights.identities(spec, partition(spec.region), role, f"{name_of(spec)}-")


def service_account_roles(spec: EksCluster, provider: Part) -> Iterator[Part]:
    """Roles of service accounts by the OIDC issuer."""
    for each in spec.service_account_roles:
        make = partial(trust_of_issuer, namespace=each.namespace, account=each.service_account)
        yield _role(spec, each, Built(make, (provider["arn"], provider["issuer"])))


def _role(spec: EksCluster, each: PodIdentity | ServiceAccountRole, trust: object) -> Part:
    name, statements = _account_name(each), list(each.statements)
    if isinstance(each, PodIdentity) and each.target_role is not None:
        onward = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": each.target_role}
        statements.append(onward)
    inputs = {
        "region": spec.region,
        "tags": spec.tags,
        "name": shortened(f"{spec.name}-{name}", ROLE_NAME),
        "description": f"service account {each.namespace}/{each.service_account} in cluster {spec.name}",
        "trust": trust,
        "policy_arns": list(each.policies),
        "policies": {"own": allowed(statements)} if statements else {},
    }
    return Part(name, "IamRole", inputs)


def _account_name(each: PodIdentity | ServiceAccountRole) -> str:
    return f"{each.namespace}.{each.service_account}"
