"""What is sent to make and to change a control plane: each kind of update, and their sum for the creation."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.resources.aws_eks_cluster import EksClusterInputs, EksComponents, EksRemoteNetworks, LogType

AT_CREATION = ("creator_is_admin", "self_managed_addons")
"""What only counts at creation; AWS does not even tell it afterwards."""


def encryption(key: str) -> Body:
    """Secrets under a key."""
    return {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key}}]}


def _auto_mode(inputs: EksClusterInputs) -> Body:
    """Nodes, disks and load balancers, which are switched together."""
    on = {"enabled": inputs.auto_mode is not None}
    compute: Body = dict(on)
    if inputs.auto_mode:
        compute["nodePools"] = inputs.auto_mode.node_pools
        if inputs.auto_mode.node_role_arn:
            compute["nodeRoleArn"] = inputs.auto_mode.node_role_arn
    balancing: Body = dict(on)
    if inputs.auto_mode:
        balancing["gatewayApi"] = {"crds": {"managed": inputs.auto_mode.gateway_api}}
    return {
        "computeConfig": compute,
        "kubernetesNetworkConfig": {"elasticLoadBalancing": balancing},
        "storageConfig": {"blockStorage": on},
    }


def _logging(inputs: EksClusterInputs) -> Body:
    """Which logs are on, and which are off."""
    kinds: tuple[str, ...] = get_args(LogType)
    on, off = ([it for it in kinds if (it in inputs.log_types) is wanted] for wanted in (True, False))
    setups = [{"types": types, "enabled": enabled} for types, enabled in ((on, True), (off, False)) if types]
    return {"logging": {"clusterLogging": setups}}


def _endpoint(inputs: EksClusterInputs) -> Body:
    network: Body = {
        "endpointPrivateAccess": inputs.endpoint_private_access,
        "endpointPublicAccess": inputs.endpoint_public_access,
    }
    if inputs.endpoint_public_access:
        network["publicAccessCidrs"] = inputs.public_access_cidrs
    return {"resourcesVpcConfig": network}


def _remote(inputs: EksClusterInputs) -> Body:
    networks = inputs.remote_networks
    nodes, pods = _cidrs(networks)
    return {"remoteNetworkConfig": {"remoteNodeNetworks": nodes, "remotePodNetworks": pods}}


def _cidrs(networks: EksRemoteNetworks | None) -> tuple[list[Body], list[Body]]:
    if networks is None:
        return [], []
    return [{"cidrs": networks.node_cidrs}], [{"cidrs": networks.pod_cidrs}] if networks.pod_cidrs else []


def _components(inputs: EksClusterInputs) -> Body:
    """What is declared of Kubernetes' own programs, all in one kind of update."""
    declared = inputs.components or EksComponents()
    low, _, high = (declared.node_ports or "").partition("-")
    strategy: Body = _given(
        type=declared.scoring,
        resources=[{"name": name, "weight": it} for name, it in sorted(declared.scoring_weights.items())] or None,
    )
    ports = {"minPort": int(low), "maxPort": int(high)} if high else None
    ended = _given(terminatedPodGcThreshold=declared.terminated_pods)
    hpa = _given(horizontalPodAutoscalerSyncPeriod=declared.hpa_sync_period)
    return _given(
        kubeApiServerConfig=_given(eventTtl=declared.event_ttl, serviceNodePortRange=ports),
        kubeSchedulerConfig={"nodeResourcesFit": {"scoringStrategy": strategy}} if strategy else None,
        kubeControllerManagerConfig=_given(podGcControllerConfig=ended, horizontalPodAutoscalerControllerConfig=hpa),
    )


def _given(**parts: object) -> Body:
    """The parts that say something."""
    return {name: part for name, part in parts.items() if part}


Request = Callable[[EksClusterInputs], Body]
UPDATES: tuple[tuple[tuple[str, ...], Request], ...] = (
    (("auto_mode",), _auto_mode),
    (("log_types",), _logging),
    (("support_type",), lambda it: {"upgradePolicy": {"supportType": it.support_type}}),
    (("endpoint_private_access", "endpoint_public_access", "public_access_cidrs"), _endpoint),
    (("subnet_ids",), lambda it: {"resourcesVpcConfig": {"subnetIds": it.subnet_ids}}),
    (("security_group_ids",), lambda it: {"resourcesVpcConfig": {"securityGroupIds": it.security_group_ids}}),
    (("zonal_shift",), lambda it: {"zonalShiftConfig": {"enabled": it.zonal_shift}}),
    (("scaling_tier",), lambda it: {"controlPlaneScalingConfig": {"tier": it.scaling_tier}}),
    (("remote_networks",), _remote),
    (("egress_mode",), lambda it: {"resourcesVpcConfig": {"controlPlaneEgressMode": it.egress_mode}}),
    (("components",), _components),
    (("deletion_protection",), lambda it: {"deletionProtection": it.deletion_protection}),
)
"""Each kind of update: the inputs that it brings to AWS, and what it sends. AWS takes one kind at a time."""
_LEFT_OUT = frozenset({"auto_mode", "zonal_shift", "scaling_tier", "remote_networks", "egress_mode", "components"})
"""Not sent at creation where they are off: not every region and kind of cluster knows them."""


def creation(inputs: EksClusterInputs) -> Body:
    """Everything that makes the control plane but its name and tags."""
    given: Body = {
        "version": inputs.version,
        "roleArn": inputs.role_arn,
        "kubernetesNetworkConfig": {"ipFamily": inputs.ip_family},
        "accessConfig": {
            "authenticationMode": inputs.authentication_mode,
            "bootstrapClusterCreatorAdminPermissions": inputs.creator_is_admin,
        },
        "bootstrapSelfManagedAddons": inputs.self_managed_addons,
    }
    if inputs.service_ipv4_cidr:
        given["kubernetesNetworkConfig"]["serviceIpv4Cidr"] = inputs.service_ipv4_cidr
    if inputs.encryption_key_arn:
        given |= encryption(inputs.encryption_key_arn)
    if inputs.outpost:
        given |= _outpost(inputs)
    for fields, request in UPDATES:
        if not _is_off(inputs, fields):
            _merge(given, request(inputs))
    return given


def _is_off(inputs: EksClusterInputs, fields: tuple[str, ...]) -> bool:
    defaults = EksClusterInputs.model_fields
    return _LEFT_OUT.issuperset(fields) and all(getattr(inputs, name) == defaults[name].default for name in fields)


def _merge(given: Body, more: Body) -> None:
    """Several kinds of update fill one member."""
    for name, value in more.items():
        given[name] = {**given[name], **value} if name in given else value


def _outpost(inputs: EksClusterInputs) -> Body:
    outpost = inputs.outpost
    assert outpost is not None
    config: Body = {
        "outpostArns": outpost.arns,
        "controlPlaneInstanceType": outpost.control_plane_instance_type,
    }
    config |= _given(
        controlPlanePlacement=_given(groupName=outpost.placement_group, spreadLevel=outpost.spread),
        etcdInstanceType=outpost.etcd_instance_type,
        etcdPlacement=_given(spreadLevel=outpost.etcd_spread),
    )
    return {"outpostConfig": config}
