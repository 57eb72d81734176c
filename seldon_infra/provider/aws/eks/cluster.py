"""``seldon:aws:EksCluster``: a control plane, changed by one kind of update after the other."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from seldon_infra.provider.aws.api import Api
from seldon_infra.provider.aws.blockers import volumes_of
from seldon_infra.provider.aws.eks.cluster_answers import auto_mode, components, key, logs, outpost, remote_networks
from seldon_infra.provider.aws.eks.cluster_requests import AT_CREATION, UPDATES, creation, encryption
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import BROKEN, Ask, EksObject, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Context, Failed, Instance, Problem, Refused
from seldon_infra.resources.aws_eks_cluster import EKS_CLUSTER, EksClusterInputs, EksClusterOutputs

_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""Authentication modes in the only order in which a cluster can go through them."""


class EksCluster(EksObject[EksClusterInputs, EksClusterOutputs]):
    """An EKS control plane."""

    type = EKS_CLUSTER
    what = "control plane"
    create_call, delete_call = "create_cluster", "delete_cluster"
    replace_on = frozenset({"region", "name", "role_arn", "service_ipv4_cidr", "ip_family", "outpost", "made"})
    kept = frozenset({"service_ipv4_cidr", "components"})
    unordered = frozenset(
        {"subnet_ids", "security_group_ids", "public_access_cidrs", "log_types", "auto_mode.node_pools",
         "remote_networks.node_cidrs", "remote_networks.pod_cidrs"}
    )  # fmt: skip
    delete_before_replace = True
    timeout = 3600.0

    def replaced_by(self, last: EksClusterInputs, inputs: EksClusterInputs) -> frozenset[str]:
        """A key is added in place; it is neither changed nor taken away."""
        return self.replace_on | ({"encryption_key_arn"} if last.encryption_key_arn else frozenset())

    def keep(self, last: EksClusterInputs, inputs: EksClusterInputs) -> EksClusterInputs:
        """A setting of Kubernetes' programs that is left out stays as it is."""
        if not (inputs.components and last.components):
            return inputs
        left_out = {name: it for name, it in last.components if not getattr(inputs.components, name)}
        return inputs.model_copy(update={"components": inputs.components.model_copy(update=left_out)})

    def check(self, inputs: EksClusterInputs, context: Context) -> EksClusterInputs:
        """Somebody can reach it, who that is from the internet is said, and services have addresses of their own."""
        if problems := [*_endpoint(inputs), *_services(inputs), *_ports(inputs)]:
            raise Refused(*problems)
        return inputs

    def check_change(self, last: EksClusterInputs, inputs: EksClusterInputs, context: Context) -> None:
        """The version moves up by one minor, some settings go one way, some flags count at creation."""
        if problems := [*_version(last, inputs), *_one_way(last, inputs), *_fixed(last, inputs)]:
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
            asked: Body = {"version": inputs.version, "force": inputs.force_update or None}
            self.run_update(id, "update_cluster_version", asked, context)
        if inputs.encryption_key_arn and not now.encryption_key_arn:
            asked = {"name": None, "clusterName": id.cluster, **encryption(inputs.encryption_key_arn)}
            self.run_update(id, "associate_encryption_config", asked, context)
        for mode in _MODES[_MODES.index(now.authentication_mode) + 1 : _MODES.index(inputs.authentication_mode) + 1]:
            self.run_update(id, "update_cluster_config", {"accessConfig": {"authenticationMode": mode}}, context)
        for fields, request in UPDATES:
            asked = request(inputs)
            if asked and any(getattr(now, name) != getattr(inputs, name) for name in fields):
                self.run_update(id, "update_cluster_config", asked, context)

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
            force_update=last.force_update if last else False,
            role_arn=body["roleArn"],
            subnet_ids=network["subnetIds"],
            security_group_ids=network.get("securityGroupIds", []),
            endpoint_private_access=network["endpointPrivateAccess"],
            endpoint_public_access=network["endpointPublicAccess"],
            public_access_cidrs=network.get("publicAccessCidrs", []) if network["endpointPublicAccess"] else [],
            egress_mode=network.get("controlPlaneEgressMode", "AWS_MANAGED"),
            service_ipv4_cidr=kubernetes.get("serviceIpv4Cidr"),
            ip_family=kubernetes.get("ipFamily", "ipv4"),
            encryption_key_arn=key(body),
            log_types=logs(body),
            authentication_mode=body.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP"),
            creator_is_admin=last.creator_is_admin if last else False,
            self_managed_addons=last.self_managed_addons if last else False,
            support_type=body.get("upgradePolicy", {}).get("supportType", "EXTENDED"),
            zonal_shift=body.get("zonalShiftConfig", {}).get("enabled", False),
            scaling_tier=body.get("controlPlaneScalingConfig", {}).get("tier", "standard"),
            components=components(body, last),
            auto_mode=auto_mode(body),
            remote_networks=remote_networks(body),
            outpost=outpost(body),
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


def _services(inputs: EksClusterInputs) -> Iterator[Problem]:
    """Source: EKS's API, KubernetesNetworkConfigRequest."""
    cidr = inputs.service_ipv4_cidr
    if cidr is None:
        return
    if inputs.ip_family == "ipv6":
        yield Problem("service_ipv4_cidr", "can't stand beside ip_family ipv6, where AWS chooses; leave it out")
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        yield Problem("service_ipv4_cidr", f"is {cidr!r}, no IPv4 network; write it like 172.20.0.0/16")
        return
    if not 12 <= network.prefixlen <= 24 or not any(map(network.subnet_of, _PRIVATE)):
        want = "must be /12 to /24 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; write it like 172.20.0.0/16"
        yield Problem("service_ipv4_cidr", f"is {cidr}, {want}")


def _ports(inputs: EksClusterInputs) -> Iterator[Problem]:
    ports = inputs.components.node_ports if inputs.components else None
    low, high = map(int, ports.split("-")) if ports else (1, 1)
    if not 1 <= low <= high <= 65535:
        yield Problem("components.node_ports", f"is {ports}, must go up and end at 65535; write it like 30000-32767")


def _version(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    before, after = (int(it.version.partition(".")[2]) for it in (last, inputs))
    if after < before:
        yield Problem("version", f"can't go back from {last.version} to {inputs.version}; set it to {last.version}")
    if after > before + 1:
        step = f"1.{before + 1}"
        yield Problem("version", f"moves one minor at a time: from {last.version} go to {step}, and from there on")


def _one_way(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    before, after = last.authentication_mode, inputs.authentication_mode
    if _MODES.index(after) < _MODES.index(before):
        yield Problem("authentication_mode", f"can't go back from {before} to {after}; set it to {before}")
    if inputs.egress_mode == "AWS_MANAGED" != last.egress_mode:
        said = f"can't go back from {last.egress_mode} to AWS_MANAGED; set it to {last.egress_mode}"
        yield Problem("egress_mode", said)


def _fixed(last: EksClusterInputs, inputs: EksClusterInputs) -> Iterator[Problem]:
    for name in AT_CREATION:
        if getattr(last, name) != getattr(inputs, name):
            was = str(getattr(last, name)).lower()
            yield Problem(name, f"counts only at creation; the state has {was}; set it to that")
