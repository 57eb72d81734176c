"""Clusters that are right, and what a test changes about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seldon_infra import (
    AccessEntry,
    Addon,
    EksCluster,
    ExistingNetwork,
    GpuNodes,
    NewVpc,
    NodeGroup,
    NodeRepair,
    PodIdentity,
    RepairOverride,
    Scaling,
    Scheduling,
    ServiceAccountRole,
    Taint,
)
from seldon_infra.core.yaml import dump
from seldon_infra.eks import render
from seldon_infra.eks.parts import Built, Part, Ref

SYSTEM = NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4))
GPU = GpuNodes(name="gpu", instance_types=("g6.xlarge",), scaling=Scaling(maximum=4))


def cluster(**changes: Any) -> EksCluster:
    """A cluster that is right but for what is changed."""
    fields: dict[str, Any] = {
        "name": "prod",
        "region": "eu-west-1",
        "version": "1.34",
        "network": NewVpc(zones=("eu-west-1a", "eu-west-1b", "eu-west-1c")),
        "node_groups": (SYSTEM, GPU),
    }
    return EksCluster(**{**fields, **changes})


def vpc(**changes: Any) -> NewVpc:
    """A network that is right but for what is changed."""
    return NewVpc(**{"zones": ("eu-west-1a", "eu-west-1b"), **changes})


def group(kind: type[NodeGroup] = NodeGroup, **changes: Any) -> EksCluster:
    """A cluster with one more group, that is right but for what is changed."""
    usual = {"name": "more", "instance_types": ("m7i.large",), "scaling": Scaling(maximum=3)}
    if kind is GpuNodes:
        usual["instance_types"] = ("g6.xlarge",)
    return cluster(node_groups=(SYSTEM, kind(**{**usual, **changes})))


GOLDEN = Path(__file__).parent / "golden"
ACCOUNT = "123456789012"
S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
CASES = {
    "default": ("A cluster as it comes with nothing but what must be said.", cluster(node_groups=(SYSTEM,))),
    "all-fields": (
        "Every field of a cluster of its own network.",
        cluster(
            network=vpc(cidr="10.8.0.0/20", nat="per_zone"),
            account=ACCOUNT,
            upgrade_policy="extended",
            public_access_cidrs=("203.0.113.0/24",),
            secrets_key=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd",
            logs=("audit",),
            deployer=f"arn:aws:iam::{ACCOUNT}:role/deployer",
            access=(
                AccessEntry(
                    principal=f"arn:aws:iam::{ACCOUNT}:role/ml",
                    level="edit",
                    namespaces=("models",),
                    groups=("readers",),
                    username="ml",
                ),
            ),
            pod_identities=(
                PodIdentity(
                    namespace="models",
                    service_account="triton",
                    policies=(S3,),
                    target_role="arn:aws:iam::210987654321:role/models",
                ),
                PodIdentity(namespace="models", service_account="there", role_arn=f"arn:aws:iam::{ACCOUNT}:role/there"),
            ),
            service_account_roles=(
                ServiceAccountRole(
                    namespace="models",
                    service_account="old",
                    statements=({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"},),
                ),
            ),
            addons=(
                Addon(name="vpc-cni", version="v1.20.4-eksbuild.1", configuration={"enableNetworkPolicy": "true"}),
                Addon(name="kube-proxy"),
                Addon(name="coredns", before_nodes=True),
                Addon(name="eks-pod-identity-agent"),
                Addon(name="eks-node-monitoring-agent"),
                Addon(name="acme", service_account="acme", policies=(S3,)),
            ),
            node_groups=(
                SYSTEM,
                NodeGroup(
                    name="spot",
                    instance_types=("m7g.large", "m8g.large"),
                    capacity="spot",
                    ami_type="BOTTLEROCKET_ARM_64",
                    release_version="1.48.0-abc",
                    scaling=Scaling(minimum=0, maximum=9, desired=3),
                    labels={"team": "ml"},
                    taints=(Taint(key="team", value="ml", effect="NoExecute"),),
                    disk="100Gi",
                    max_unavailable="33%",
                    force_update=True,
                    repair=NodeRepair(max_unhealthy="20%", max_parallel=1),
                    zones=("eu-west-1a",),
                    policies=(S3,),
                    tags={"cost": "ml"},
                ),
                GpuNodes(
                    name="block",
                    instance_types=("p5.48xlarge",),
                    capacity="capacity_block",
                    capacity_reservation="cr-0123456789abcdef0",
                    scaling=Scaling(maximum=1),
                    zones=("eu-west-1b",),
                    update_strategy="old_first",
                    repair=NodeRepair(
                        overrides=(
                            RepairOverride(
                                condition="AcceleratedHardwareReady",
                                reason="NvidiaXID64Error",
                                wait_minutes=5,
                                action="reboot",
                            ),
                        )
                    ),
                ),
            ),
            security_group_ids=("sg-0123456789abcdef0",),
            force_upgrade=True,
            control_plane_tier="tier-xl",
            zonal_shift=True,
            scheduling=Scheduling(prefer="fullest", weights={"nvidia.com/gpu": 5, "cpu": 1}),
            hpa_sync_period="10s",
            deletion_protection=False,
            service_cidr="172.20.0.0/16",
            tags={"team": "ml"},
        ),
    ),
    "existing-network": (
        "A cluster in a network that something else has made.",
        cluster(
            network=ExistingNetwork(
                vpc_id="vpc-0123456789abcdef0",
                subnet_ids=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
            ),
            node_groups=(SYSTEM, GPU.model_copy(update={"subnet_ids": ("subnet-0123456789abcdef1",)})),
        ),
    ),
}


def golden(name: str) -> str:
    """Give the text that a case's golden file must have: ``<type name output>`` is what another part gives."""
    shows, spec = CASES[name]
    parts = {f"{part.kind} {part.name}": _shown(part) for part in render.cluster(spec).all}
    return f"# {shows}\n{dump(parts)}"


def _shown(part: Part) -> dict[str, Any]:
    after = [f"{each.kind} {each.name}" for each in part.after]
    inputs = {name: _plain(value) for name, value in part.inputs.items() if value not in (None, {}, [])}
    return {**inputs, **({"AFTER": after} if after else {})}


def _plain(value: object) -> Any:
    match value:
        case Ref():
            return f"<{value.part.kind} {value.part.name} {value.output}>"
        case Built():
            return _plain(value.make(*map(_plain, value.of))) if len(value.of) > 1 else _plain(value.of[0])
        case Mapping():
            return {_plain(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
