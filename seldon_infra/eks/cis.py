"""Controls of the CIS benchmark for EKS that a preview can check, which kube-bench leaves to people.

Source: CIS Amazon EKS Benchmark 1.8, sections 2 and 5, by the ids that kube-bench gives them; titles are our own words.
What pods may do (section 4) is the deployments' own rules' matter, what a kubelet's files look like (section 3) the
image's. Not here, for nothing of a cluster's definition says it: 5.1.1, 5.1.2, 5.1.4 (registries), 5.4.5 (the ingress).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seldon_infra.eks.spec import EksCluster, NewVpc

_LOGS = frozenset({"api", "audit", "authenticator", "controllerManager", "scheduler"})
_WRITE_IMAGES = ("AmazonEC2ContainerRegistryFullAccess", "AmazonEC2ContainerRegistryPowerUser")


@dataclass(frozen=True)
class Control:
    """One control: whether a cluster keeps it, and what to write where it does not."""

    id: str
    title: str
    is_kept: Callable[[EksCluster], bool | None]
    """None where its definition does not say."""
    how: str
    """What keeps it."""
    fix: str


def _keeps_images(cluster: EksCluster) -> bool:
    policies = (policy.rpartition("/")[2] for group in cluster.node_groups for policy in group.policies)
    return not any(policy in _WRITE_IMAGES for policy in policies)


def _is_private(cluster: EksCluster) -> bool | None:
    return True if isinstance(cluster.network, NewVpc) else None


def _enforces_policies(cluster: EksCluster) -> bool:
    settings = (it.configuration.get("enableNetworkPolicy") for it in cluster.addons if it.name == "vpc-cni")
    return any(str(it).lower() == "true" for it in settings)


CONTROLS = (
    Control(
        "2.1.1",
        "the control plane writes its logs",
        lambda it: set(it.logs) >= _LOGS,
        "all five are on by default",
        "leave `logs` out",
    ),
    Control(
        "2.1.2",
        "audit logs are collected",
        lambda it: "audit" in it.logs,
        "`audit` goes to CloudWatch",
        'add `"audit"` to `logs`',
    ),
    Control(
        "5.1.3",
        "nodes only read from the image registry",
        _keeps_images,
        "the nodes' role has AmazonEC2ContainerRegistryPullOnly",
        "take ECR's FullAccess and PowerUser out of a group's `policies`",
    ),
    Control(
        "5.2.1",
        "pods have roles of their own, not the nodes'",
        lambda it: not any(group.policies for group in it.node_groups),
        "no group has `policies`; pods get theirs by `pod_identities`",
        "move a group's `policies` to `pod_identities`",
    ),
    Control(
        "5.3.1",
        "secrets are encrypted with a key of the customer's",
        lambda it: True,
        "a KMS key of the stack's own, or `secrets_key`",
        "",
    ),
    Control(
        "5.4.1",
        "access to the API is restricted",
        lambda it: it.private_access and "0.0.0.0/0" not in it.public_access_cidrs,
        "`private_access`, and only the addresses of `public_access_cidrs`",
        "leave `private_access` on, and name addresses",
    ),
    Control(
        "5.4.2",
        "the API is private and not public",
        lambda it: it.private_access and not it.public_access_cidrs,
        "`public_access_cidrs` is empty by default",
        "leave `public_access_cidrs` out, and apply from inside the network",
    ),
    Control(
        "5.4.3",
        "nodes have private addresses alone",
        _is_private,
        "nodes of a `NewVpc` are in private subnets",
        "",
    ),
    Control(
        "5.4.4",
        "network policies are in force",
        _enforces_policies,
        "`vpc-cni` with `enableNetworkPolicy`",
        'write `Addon(name="vpc-cni", configuration={"enableNetworkPolicy": "true"})`',
    ),
    Control(
        "5.5.1",
        "users of the API are principals of IAM",
        lambda it: True,
        "access entries alone: authentication mode API",
        "",
    ),
)


def broken(cluster: EksCluster) -> list[Control]:
    """Give the controls that a cluster's definition does not keep."""
    return [control for control in CONTROLS if control.is_kept(cluster) is False]


def in_words(cluster: EksCluster) -> str | None:
    """Say in one line which controls are not kept, and what to write; None where all are."""
    found = broken(cluster)
    if not found:
        return None
    each = "; ".join(f"{it.id} {it.title}: {it.fix.replace('`', '')}" for it in found)
    return f"cluster '{cluster.name}' leaves {len(found)} of {len(CONTROLS)} controls of CIS for EKS open: {each}"
