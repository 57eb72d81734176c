"""``seldon:aws:EksCluster``: a control plane, changed by one kind of update after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from seldon_infra.provider.aws.api import Api
from seldon_infra.provider.aws.blockers import volumes_of
from seldon_infra.provider.aws.eks.cluster_requests import AT_CREATION, UPDATES, creation, encryption
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import BROKEN, Ask, EksObject, in_order_of, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Context, Failed, Instance, Problem, Refused
from seldon_infra.resources.aws_eks_cluster import (
    EKS_CLUSTER,
    EksAutoMode,
    EksClusterInputs,
    EksClusterOutputs,
    EksOutpost,
    EksRemoteNetworks,
    LogType,
)

_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""Authentication modes in the only order in which a cluster can go through them."""


class EksCluster(EksObject[EksClusterInputs, EksClusterOutputs]):
    """An EKS control plane."""

    type = EKS_CLUSTER
    what = "control plane"
    create_call, delete_call = "create_cluster", "delete_cluster"
    replace_on = frozenset({"region", "name", "role_arn", "service_ipv4_cidr", "ip_family", "outpost", "made"})
    kept = frozenset({"service_ipv4_cidr"})
    unordered = frozenset({"subnet_ids", "security_group_ids", "public_access_cidrs", "log_types"})
    delete_before_replace = True
    timeout = 3600.0

    def replaced_by(self, last: EksClusterInputs, inputs: EksClusterInputs) -> frozenset[str]:
        """A key is added in place; it is neither changed nor taken away."""
        return self.replace_on | ({"encryption_key_arn"} if last.encryption_key_arn else frozenset())

    def check(self, inputs: EksClusterInputs, context: Context) -> EksClusterInputs:
        """Somebody can reach it, and who that is from the internet is said."""
        if problems := list(_endpoint(inputs)):
            raise Refused(*problems)
        return inputs

    def check_change(self, last: EksClusterInputs, inputs: EksClusterInputs, context: Context) -> None:
        """The version moves up by one minor, the authentication mode goes one way, some flags count at creation."""
        if problems := [*_version(last, inputs), *_mode(last, inputs), *_fixed(last, inputs)]:
            raise Refused(*problems)

    def parse(self, id: str) -> Id:
        """REGION/CLUSTER."""
        return Id.of_cluster(id)

    def id_for(self, inputs: EksClusterInputs, context: Context) -> Id:
        """Its very name: workloads and trust policies know it by that."""
        return Id(inputs.region, inputs.name)

    def names(self, id: Id) -> Body:
        """A cluster is named by its name."""
        return {"name": id.cluster}

    def ids(self, inputs: EksClusterInputs, context: Context) -> Iterable[Id]:
        """All clusters of the region: an interrupted run may have made one under another name."""
        anywhere = Id(inputs.region, inputs.name)
        return [Id(inputs.region, name) for name in self.listed(anywhere, "list_clusters", {}, "clusters", context)]

    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The cluster; AWS has two ways to say that there is none."""
        try:
            return look(ask, "describe_cluster", self.names(id), "cluster")
        except AwsError as error:
            if "No cluster found" in error.message:
                return None
            raise

    def request(self, id: Id, inputs: EksClusterInputs) -> Body:
        """The call that makes it."""
        return creation(inputs)

    def arn(self, body: Body) -> str:
        """Its ARN."""
        return str(body["arn"])

    def change(self, id: Id, now: EksClusterInputs, inputs: EksClusterInputs, context: Context) -> None:
        """One update for each kind of change; AWS takes no two kinds in one."""
        if now.version != inputs.version:
            self.run_update(id, "update_cluster_version", {"version": inputs.version}, context)
        if inputs.encryption_key_arn and not now.encryption_key_arn:
            asked = {"name": None, "clusterName": id.cluster, **encryption(inputs.encryption_key_arn)}
            self.run_update(id, "associate_encryption_config", asked, context)
        for mode in _MODES[_MODES.index(now.authentication_mode) + 1 : _MODES.index(inputs.authentication_mode) + 1]:
            self.run_update(id, "update_cluster_config", {"accessConfig": {"authenticationMode": mode}}, context)
        for fields, request in UPDATES:
            if any(getattr(now, name) != getattr(inputs, name) for name in fields):
                self.run_update(id, "update_cluster_config", request(inputs), context)

    def delete(self, id: str, last: Instance[EksClusterInputs, EksClusterOutputs], context: Context) -> None:
        """Take it away, unless it is protected; what it leaves behind is named."""
        parsed = self.parse(id)
        body = self.now(parsed, context)
        if body and body.get("deletionProtection"):
            raise Failed(f"control plane {id} is protected: set deletion_protection to false and apply that first")
        super().delete(id, last, context)
        if left := volumes_of(Api(parsed.region, context), parsed.cluster):
            context.warn(
                f"control plane {id} is gone, and volumes that it made for its pods stay and cost: {', '.join(left)}; "
                "delete those that hold nothing you need with aws ec2 delete-volume --volume-id …"
            )

    def inputs_of(self, id: Id, body: Body, last: EksClusterInputs | None) -> EksClusterInputs:
        """What it has; who made it and what it was born with AWS does not tell."""
        network, kubernetes = body["resourcesVpcConfig"], body.get("kubernetesNetworkConfig", {})
        return seen(
            EksClusterInputs,
            region=id.region,
            name=id.cluster,
            version=body["version"],
            role_arn=body["roleArn"],
            subnet_ids=network["subnetIds"],
            security_group_ids=in_order_of(
                last.security_group_ids if last else None, network.get("securityGroupIds", [])
            ),
            endpoint_private_access=network["endpointPrivateAccess"],
            endpoint_public_access=network["endpointPublicAccess"],
            public_access_cidrs=network.get("publicAccessCidrs", []) if network["endpointPublicAccess"] else [],
            service_ipv4_cidr=kubernetes.get("serviceIpv4Cidr"),
            ip_family=kubernetes.get("ipFamily", "ipv4"),
            encryption_key_arn=_key(body),
            log_types=_logs(body),
            authentication_mode=body.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP"),
            creator_is_admin=last.creator_is_admin if last else False,
            self_managed_addons=last.self_managed_addons if last else False,
            support_type=body.get("upgradePolicy", {}).get("supportType", "EXTENDED"),
            zonal_shift=body.get("zonalShiftConfig", {}).get("enabled", False),
            scaling_tier=body.get("controlPlaneScalingConfig", {}).get("tier", "standard"),
            auto_mode=_auto_mode(body, last),
            remote_networks=_remote(body),
            outpost=_outpost(body),
            deletion_protection=body.get("deletionProtection", False),
            tags=tags_of(body),
            made=body["status"] not in BROKEN,
        )

    def outputs_of(self, inputs: EksClusterInputs, body: Body) -> EksClusterOutputs:
        """Where it is; empty as long as it is not made."""
        return seen(
            EksClusterOutputs,
            **dict(inputs),
            arn=body["arn"],
            endpoint=body.get("endpoint", ""),
            certificate_authority=body.get("certificateAuthority", {}).get("data", ""),
            oidc_issuer=body.get("identity", {}).get("oidc", {}).get("issuer", ""),
            vpc_id=body["resourcesVpcConfig"].get("vpcId", ""),
            cluster_security_group_id=body["resourcesVpcConfig"].get("clusterSecurityGroupId", ""),
        )


# Rules


def _endpoint(inputs: EksClusterInputs) -> Iterator[Problem]:
    if inputs.endpoint_public_access and not inputs.public_access_cidrs:
        yield Problem("public_access_cidrs", "is required with endpoint_public_access: name who may connect")
    if inputs.public_access_cidrs and not inputs.endpoint_public_access:
        yield Problem("public_access_cidrs", "counts only with endpoint_public_access: set that, or leave this out")
    if not inputs.endpoint_public_access and not inputs.endpoint_private_access:
        yield Problem("endpoint_private_access", "must be true where endpoint_public_access is not")


def _version(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    before, after = (int(it.version.partition(".")[2]) for it in (last, inputs))
    if after < before:
        yield Problem("version", f"can't go back from {last.version} to {inputs.version}; set it to {last.version}")
    if after > before + 1:
        step = f"1.{before + 1}"
        yield Problem("version", f"moves one minor at a time: from {last.version} go to {step}, and from there on")


def _mode(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    before, after = last.authentication_mode, inputs.authentication_mode
    if _MODES.index(after) < _MODES.index(before):
        yield Problem("authentication_mode", f"can't go back from {before} to {after}; set it to {before}")


def _fixed(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    for name in AT_CREATION:
        if getattr(last, name) != getattr(inputs, name):
            was = str(getattr(last, name)).lower()
            yield Problem(name, f"counts only at creation; the state has {was}; set it to that")


# What AWS answers


def _logs(body: Body) -> list[LogType]:
    setups = body.get("logging", {}).get("clusterLogging", [])
    return [kind for setup in setups if setup["enabled"] for kind in setup["types"]]


def _key(body: Body) -> str | None:
    keys = [it["provider"]["keyArn"] for it in body.get("encryptionConfig", []) if "secrets" in it["resources"]]
    return keys[0] if keys else None


def _auto_mode(body: Body, last: EksClusterInputs | None) -> EksAutoMode | None:
    compute = body.get("computeConfig", {})
    if not compute.get("enabled"):
        return None
    declared = last.auto_mode.node_pools if last and last.auto_mode else None
    pools: Any = in_order_of(declared, compute.get("nodePools", []))
    return seen(EksAutoMode, node_pools=pools, node_role_arn=compute.get("nodeRoleArn"))


def _remote(body: Body) -> EksRemoteNetworks | None:
    remote = body.get("remoteNetworkConfig", {})
    nodes, pods = (
        [cidr for network in remote.get(name, []) for cidr in network.get("cidrs", [])]
        for name in ("remoteNodeNetworks", "remotePodNetworks")
    )
    return seen(EksRemoteNetworks, node_cidrs=nodes, pod_cidrs=pods) if nodes else None


def _outpost(body: Body) -> EksOutpost | None:
    outpost = body.get("outpostConfig")
    return outpost and seen(
        EksOutpost,
        arns=outpost["outpostArns"],
        control_plane_instance_type=outpost["controlPlaneInstanceType"],
        placement_group=outpost.get("controlPlanePlacement", {}).get("groupName"),
    )
