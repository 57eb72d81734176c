"""What is said about a cluster that cannot work: all at once, before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import (
    AccessEntry,
    Addon,
    ClusterAutoscaler,
    EksCluster,
    ExistingCluster,
    ExistingNetwork,
    GpuNodes,
    NodeRepair,
    PodIdentity,
    RepairOverride,
    Scaling,
    Scheduling,
    ServiceAccountRole,
    Taint,
)
from seldon_infra.eks.check import check, check_existing
from tests.unit.core.later import Later
from tests.unit.eks.cases import GPU, SYSTEM, cluster, group, vpc

ROLE = "arn:aws:iam::123456789012:role/ml"
S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
THERE = ExistingNetwork(
    vpc_id="vpc-0123456789abcdef0", subnet_ids=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1")
)
XID = RepairOverride(condition="AcceleratedHardwareReady", reason="NvidiaXID64Error", wait_minutes=5, action="replace")
MONITOR = Addon(name="eks-node-monitoring-agent")
NEEDED = [Addon(name=name) for name in ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")]
BLOCK: dict[str, Any] = {
    "capacity": "capacity_block",
    "capacity_reservation": "cr-0123456789abcdef0",
    "instance_types": ("p5.48xlarge",),
    "zones": ("eu-west-1a",),
}


def identity(**changes: Any) -> EksCluster:
    fields: dict[str, Any] = {"namespace": "models", "service_account": "triton", "policies": (S3,)}
    return cluster(pod_identities=(PodIdentity(**{**fields, **changes}),))


def treated(*overrides: RepairOverride) -> EksCluster:
    """A cluster with the agent that tells of ailments."""
    return group(repair=NodeRepair(overrides=overrides)).model_copy(update={"addons": (*NEEDED, MONITOR)})


def entry(**changes: Any) -> EksCluster:
    return cluster(access=(AccessEntry(**{"principal": ROLE, "level": "view", **changes}),))


@pytest.mark.parametrize(
    "spec",
    [
        cluster(),
        cluster(network=THERE),
        cluster(version="1.31", upgrade_policy="extended"),
        cluster(version="1.40"),
        cluster(public_access_cidrs=("203.0.113.7/32",), service_cidr="172.20.0.0/16", account="123456789012"),
        cluster(network=THERE, private_access=False, public_access_cidrs=("203.0.113.0/24",)),
        cluster(network=vpc(cidr="10.4.0.0/24")),
        group(GpuNodes, **BLOCK),
        group(repair=NodeRepair(max_unhealthy="20%", max_parallel=2)),
        treated(XID),
        cluster(scheduling=Scheduling(prefer="fullest", weights={"nvidia.com/gpu": 5}), hpa_sync_period="15s"),
        cluster(security_group_ids=("sg-0123456789abcdef0", Later())),
        identity(policies=(), target_role=ROLE),
        identity(policies=(), role_arn=ROLE, target_role=ROLE),
        group(instance_types=("m7g.large", "m8g.large"), max_unavailable="33%", labels={"team": "ml"}),
        group(ami_type="BOTTLEROCKET_x86_64", capacity="spot", scaling=Scaling(minimum=0, maximum=3, desired=0)),
        entry(level="admin", namespaces=("models", "team-*"), groups=("readers",)),
        identity(),
        identity(policies=(), role_arn=ROLE),
        identity(policies=(), statements=({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"},)),
        cluster(secrets_key=f"arn:aws:kms:eu-west-1:123456789012:key/{'1' * 8}", deployer=ROLE),
        cluster(
            secrets_key=Later(),
            deployer=Later(),
            network=ExistingNetwork(vpc_id=Later(), subnet_ids=(Later(), Later())),
        ),
    ],
)
def test_nothing_is_said_about_a_cluster_that_is_right(spec: EksCluster) -> None:
    assert [str(problem) for problem in check(spec)] == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (cluster(name="prod cluster"), "begin with a letter or digit; write name='prod-cluster'"),
        (cluster(account="1234"), "account '1234', must be like 123456789012; write account='123456789012'"),
        (
            cluster(version="1.34.1"),
            "version '1.34.1', must be a minor version of Kubernetes, as text; write version='1.35'",
        ),
        (
            cluster(version="1.29"),
            "version '1.29', must be one that EKS still runs, 1.30 to 1.35 or newer; write version='1.35'",
        ),
        (cluster(version="1.32"), "version '1.32' with upgrade_policy='standard', must be 1.33 or newer"),
        (cluster(private_access=False), "private_access=False without public_access_cidrs, must not be off both ways"),
        (
            cluster(private_access=False, public_access_cidrs=("203.0.113.7/32",)),
            "private_access=False, must be on with a network of the stack's own",
        ),
        (
            cluster(public_access_cidrs=("0.0.0.0/0",)),
            "public_access_cidrs has '0.0.0.0/0', must name who may connect: this is everybody",
        ),
        (cluster(public_access_cidrs=("203.0.113.7/24",)), "must be IPv4 networks; write '203.0.113.0/24'"),
        (cluster(public_access_cidrs=("10.0.0.0/8",)), "private ones reach the API by private_access; remove it"),
        (cluster(public_access_cidrs=("203.0.113.7/32", "203.0.113.7/32")), "'203.0.113.7/32' 2 times"),
        (
            cluster(service_cidr="10.0.128.0/20"),
            "service_cidr '10.0.128.0/20', must not overlap with the network, 10.0.0.0/16",
        ),
        (cluster(service_cidr="8.8.0.0/16"), "must be a private IPv4 network of /12 to /24"),
        (cluster(secrets_key="alias/secrets"), "secrets_key 'alias/secrets', must be like arn:aws:kms:eu-west-1:"),
        (
            cluster(secrets_key="arn:aws:kms:us-east-1:123456789012:key/1"),
            "must be a key of the cluster's region, eu-west-1",
        ),
        (
            cluster(deployer="arn:aws:sts::123456789012:assumed-role/ml/me"),
            f"must be the ARN of the role, not of a session of it; write deployer='{ROLE}'",
        ),
        (cluster(logs=("api", "api")), "logs has 'api' 2 times"),
        (cluster(tags={"aws:x": "y"}), "tag 'aws:x', must have a key"),
        (cluster(addons=NEEDED[1:]), "addons lacks 'vpc-cni', must have 'vpc-cni': without it no pod runs"),
        (
            cluster(addons=NEEDED[:3]),
            "addons lacks 'eks-pod-identity-agent', must have 'eks-pod-identity-agent': pod identities do nothing",
        ),
        (cluster(addons=[*NEEDED, NEEDED[0]]), "addons has 'vpc-cni' 2 times"),
        (cluster(addons=[*NEEDED, Addon(name="acme", policies=(S3,))]), "add-on 'acme': service_account is not set"),
        (cluster(region="eu-west-1a", network=THERE), "region 'eu-west-1a', must be like eu-west-1"),
        (
            cluster(network=vpc(zones=("eu-west-1a",))),
            "network: zones has 1, must have 2 to 7: EKS asks for two; write zones=(",
        ),
        (
            cluster(network=vpc(zones=("eu-west-1a", "eu-west-2b"))),
            "zones has 'eu-west-2b', must be zones of the cluster's region, eu-west-1",
        ),
        (cluster(network=vpc(zones=("eu-west-1a", "eu-west-1b", "eu-west-1a"))), "zones has 'eu-west-1a' 2 times"),
        (
            cluster(network=vpc(cidr="10.0.0.0/25")),
            "cidr '10.0.0.0/25', must be /16 to /24, so that subnets in 2 zones have room",
        ),
        (cluster(network=vpc(cidr="10.0.0.0/8")), "must be /16 to /24"),
        (cluster(network=vpc(cidr="10.0.0.1/16")), "must be a whole IPv4 network; write cidr='10.0.0.0/16'"),
        (cluster(network=vpc(cidr="8.8.0.0/16")), "must be of private space"),
        (
            cluster(network=ExistingNetwork(vpc_id="prod", subnet_ids=THERE.subnet_ids)),
            "vpc_id 'prod', must be like vpc-",
        ),
        (
            cluster(network=ExistingNetwork(vpc_id=THERE.vpc_id, subnet_ids=THERE.subnet_ids[:1])),
            "subnet_ids has 1, must have two at least",
        ),
        (cluster(node_groups=()), "node_groups is empty, must have one with scaling minimum 1 or more and no taint"),
        (cluster(node_groups=(GPU,)), "node_groups has none that is never empty and takes any pod"),
        (cluster(node_groups=(SYSTEM, SYSTEM)), "node_groups has 'system' 2 times"),
        (group(name="g p u"), "name 'g p u', must be 1 to 52 letters"),
        (group(instance_types=()), "instance_types is empty"),
        (group(instance_types=("large",)), "instance_types 'large', must be like m7i.large"),
        (
            group(instance_types=("m7i.large", "m7g.large")),
            "'m7i.large' (x86_64) and 'm7g.large' (ARM_64), must be of one architecture",
        ),
        (
            group(ami_type="AL2023_ARM_64_STANDARD"),
            "must be for x86_64, which 'm7i.large' is; write ami_type='AL2023_x86_64_STANDARD', or leave",
        ),
        (
            group(GpuNodes, ami_type="AL2023_x86_64_STANDARD"),
            "GPU nodes 'more': ami_type 'AL2023_x86_64_STANDARD', must be one with NVIDIA's driver",
        ),
        (group(scaling=Scaling(minimum=3, maximum=2)), "maximum 2, must be 3 or more"),
        (group(scaling=Scaling(minimum=-1, maximum=2)), "minimum -1, must be 0 or more"),
        (
            group(scaling=Scaling(minimum=1, maximum=2, desired=3)),
            "desired 3, must be 1 to 2, minimum to maximum; write desired=2",
        ),
        (
            group(labels={"kubernetes.io/role": "x"}),
            "label 'kubernetes.io/role', must not be of a domain of Kubernetes or EKS",
        ),
        (group(labels={"team": "a b"}), "label 'team=a b'"),
        (group(taints=(Taint(key="a b"),)), "taint 'a b='"),
        (group(taints=(Taint(key="a"), Taint(key="a", value="b"))), "taints has 'a:NoSchedule' 2 times"),
        (group(disk="80GB"), "disk '80GB', must be whole GiB, 20Gi or more"),
        (group(max_unavailable="0%"), "max_unavailable '0%', must be a number from 1 to 100"),
        (
            group(repair=NodeRepair(max_unhealthy="0%")),
            "node group 'more' → repair: max_unhealthy '0%', must be a number from 1 to 100, or a share like '33%'; "
            "write max_unhealthy=1",
        ),
        (group(repair=NodeRepair(max_parallel=101)), "repair: max_parallel 101, must be a number from 1 to 100"),
        (
            group(repair=NodeRepair(overrides=(XID,))),
            "must have 'eks-node-monitoring-agent': without it nobody tells EKS of the ailments in repair overrides; "
            "add Addon(name='eks-node-monitoring-agent')",
        ),
        (
            treated(XID, XID),
            "overrides has 'AcceleratedHardwareReady:NvidiaXID64Error' 2 times",
        ),
        (
            treated(XID.model_copy(update={"wait_minutes": 0})),
            "repair: wait_minutes 0, must be 1 or more",
        ),
        (treated(XID.model_copy(update={"reason": ""})), "repair: reason is empty"),
        (
            cluster(scheduling=Scheduling(prefer="fullest", weights={"nvidia.com/gpu": 500})),
            "scheduling weight 500 of 'nvidia.com/gpu', must be 1 to 100; write {'nvidia.com/gpu': 100}",
        ),
        (
            cluster(scheduling=Scheduling(prefer="fullest", weights={"a gpu": 5})),
            "scheduling weights has 'a gpu', must be a resource that pods ask for",
        ),
        (cluster(hpa_sync_period="1m30s"), "hpa_sync_period '1m30s', must be a time in one unit, s, m or h"),
        (cluster(security_group_ids=("default",)), "security_group_ids 'default', must be like sg-0123456789abcdef0"),
        (
            cluster(security_group_ids=[f"sg-0123456789abcdef{number}" for number in range(6)]),
            "security_group_ids has 6, must be at most 5; put their rules into one",
        ),
        (identity(target_role="models"), "target_role 'models', must be like arn:aws:iam::123456789012:role/name"),
        (group(zones=("eu-west-1d",)), "zones has 'eu-west-1d', must be among the network's"),
        (group(zones=()), "zones is empty"),
        (group(subnet_ids=("subnet-0123456789abcdef0",)), "subnet_ids is set, must be left out with NewVpc"),
        (group(policies=("S3",)), "policies 'S3', must be like arn:aws:iam::aws:policy/"),
        (
            group(capacity_reservation="cr-0123456789abcdef0"),
            "capacity_reservation is set, must be given with capacity='capacity_block' alone",
        ),
        (group(GpuNodes, **{**BLOCK, "capacity_reservation": None}), "capacity_reservation is not set"),
        (
            group(GpuNodes, **{**BLOCK, "instance_types": ("p5.48xlarge", "p5e.48xlarge")}),
            "instance_types has 2, must have the one of the capacity block",
        ),
        (group(GpuNodes, **{**BLOCK, "zones": None}), "zones is not one, must be that of the capacity block"),
        (entry(principal="ml"), "access entry 'ml': principal 'ml', must be the ARN of an IAM role or user"),
        (entry(level=None), f"access entry '{ROLE}': level is not set, must be given, or groups: it could do nothing"),
        (
            entry(level="cluster_admin", namespaces=("models",)),
            "namespaces is set, must be left out with level='cluster_admin'",
        ),
        (entry(groups=("system:masters",)), "groups has 'system:masters', must not be of Kubernetes' own"),
        (entry(namespaces=("A_b",)), "namespaces has 'A_b'"),
        (entry(principal=ROLE).model_copy(update={"deployer": ROLE}), "principal is the deployer"),
        (identity(namespace="Models"), "pod identity 'Models/triton': namespace 'Models', must be a DNS label"),
        (identity(role_arn=ROLE), "both role_arn and policies are set"),
        (identity(policies=()), "it has no policies, must have policies or statements, or role_arn"),
        (
            identity(policies=("arn:aws:iam::aws:policy/AdministratorAccess",)),
            "policies has AdministratorAccess, must not be everything",
        ),
        (
            identity(policies=(), statements=({"Effect": "Allow", "Action": "*", "Resource": "*"},)),
            "a statement allows Action '*'",
        ),
        (identity(policies=(), statements=({"Effect": "Allow"},)), "a statement has no Action and no Resource"),
        (
            identity().model_copy(
                update={
                    "service_account_roles": (
                        ServiceAccountRole(namespace="models", service_account="triton", policies=(S3,)),
                    )
                }
            ),
            "service account 'models/triton' has 2 roles",
        ),
    ],
)
def test_a_mistake_is_named_with_what_to_write(spec: EksCluster, said: str) -> None:
    (problem,) = check(spec)
    assert said in str(problem)


def test_a_group_names_subnets_of_the_network_that_is_there() -> None:
    other = "subnet-0000000000000000f"
    spec = group(subnet_ids=(other,)).model_copy(update={"network": THERE})
    (problem,) = check(spec)
    assert f"subnet_ids has '{other}', must be among the network's" in str(problem)
    (problem,) = check(group(zones=("eu-west-1a",)).model_copy(update={"network": THERE}))
    assert "zones is set, must be left out with ExistingNetwork" in str(problem)


def test_a_size_is_the_autoscalers_where_there_is_one() -> None:
    (problem,) = check(
        group(scaling=Scaling(maximum=3, desired=1)).model_copy(update={"autoscaler": ClusterAutoscaler()})
    )
    assert "desired 1, must be left out with a cluster autoscaler: each `up` would undo what that one did" in str(
        problem
    )


def test_all_mistakes_are_told_at_once() -> None:
    spec = cluster(name="", version="x", network=vpc(zones=(), cidr="x"), node_groups=(), public_access_cidrs=("x",))
    assert len(check(spec)) == 6


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (ExistingCluster(region="eu-west-1"), "region is set, must go with eks_name"),
        (ExistingCluster(account="123456789012"), "account is set, must go with eks_name"),
        (ExistingCluster(eks_name="a", context="b"), "both eks_name and context are set"),
        (ExistingCluster(eks_name="a", kubeconfig="b"), "both eks_name and kubeconfig are set"),
        (ExistingCluster(eks_name="a", region="x"), "region 'x', must be like eu-west-1"),
        (ExistingCluster(eks_name=""), "eks_name is empty"),
    ],
)
def test_a_cluster_that_is_there_is_named_in_one_way(spec: ExistingCluster, said: str) -> None:
    (problem,) = check_existing(spec)
    assert said in str(problem)
    assert (
        check_existing(ExistingCluster(eks_name="prod", region="eu-west-1")) == check_existing(ExistingCluster()) == []
    )
