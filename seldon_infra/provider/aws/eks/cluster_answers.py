"""What AWS answers about a control plane, as inputs: the parts that take more than a look."""

from __future__ import annotations

from seldon_infra.provider.aws.eks.objects import seen
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.resources.aws_eks_cluster import (
    EksAutoMode,
    EksClusterInputs,
    EksComponents,
    EksOutpost,
    EksRemoteNetworks,
    LogType,
)


def logs(body: Body) -> list[LogType]:
    """The logs that are on."""
    setups = body.get("logging", {}).get("clusterLogging", [])
    return [kind for setup in setups if setup["enabled"] for kind in setup["types"]]


def key(body: Body) -> str | None:
    """The key of the secrets."""
    keys = [it["provider"]["keyArn"] for it in body.get("encryptionConfig", []) if "secrets" in it["resources"]]
    return keys[0] if keys else None


def components(body: Body, last: EksClusterInputs | None) -> EksComponents | None:
    """Settings of Kubernetes' own programs; of those that a declaration leaves out, AWS's are no difference."""
    server, scheduler = body.get("kubeApiServerConfig", {}), body.get("kubeSchedulerConfig", {})
    controllers = body.get("kubeControllerManagerConfig", {})
    ports = server.get("serviceNodePortRange")
    strategy = scheduler.get("nodeResourcesFit", {}).get("scoringStrategy", {})
    found = {
        "event_ttl": server.get("eventTtl"),
        "node_ports": f"{ports['minPort']}-{ports['maxPort']}" if ports else None,
        "scoring": strategy.get("type"),
        "scoring_weights": {it["name"]: it["weight"] for it in strategy.get("resources", [])},
        "terminated_pods": controllers.get("podGcControllerConfig", {}).get("terminatedPodGcThreshold"),
        "hpa_sync_period": controllers.get("horizontalPodAutoscalerControllerConfig", {}).get(
            "horizontalPodAutoscalerSyncPeriod"
        ),
    }
    declared = last.components if last else None
    wanted = {name: it for name, it in found.items() if it and (declared is None or getattr(declared, name))}
    return seen(EksComponents, **wanted) if wanted or declared else None


def auto_mode(body: Body) -> EksAutoMode | None:
    """Auto Mode, where it is on."""
    compute = body.get("computeConfig", {})
    if not compute.get("enabled"):
        return None
    balancing = body.get("kubernetesNetworkConfig", {}).get("elasticLoadBalancing", {})
    managed = balancing.get("gatewayApi", {}).get("crds", {}).get("managed", False)
    return seen(
        EksAutoMode,
        node_pools=compute.get("nodePools", []),
        node_role_arn=compute.get("nodeRoleArn"),
        gateway_api=managed,
    )


def remote_networks(body: Body) -> EksRemoteNetworks | None:
    """Networks of hybrid nodes."""
    remote = body.get("remoteNetworkConfig", {})
    nodes, pods = (
        [cidr for network in remote.get(name, []) for cidr in network.get("cidrs", [])]
        for name in ("remoteNodeNetworks", "remotePodNetworks")
    )
    return seen(EksRemoteNetworks, node_cidrs=nodes, pod_cidrs=pods) if nodes else None


def outpost(body: Body) -> EksOutpost | None:
    """The Outpost that it runs on."""
    config = body.get("outpostConfig")
    if not config:
        return None
    placement = config.get("controlPlanePlacement", {})
    return seen(
        EksOutpost,
        arns=config["outpostArns"],
        control_plane_instance_type=config["controlPlaneInstanceType"],
        placement_group=placement.get("groupName"),
        spread=placement.get("spreadLevel"),
        etcd_instance_type=config.get("etcdInstanceType"),
        etcd_spread=config.get("etcdPlacement", {}).get("spreadLevel"),
    )
