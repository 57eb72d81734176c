"""A cluster that has everything, as facts, to be made to lack one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from seldon_infra.clusters.facts import Facts, Limit, Namespace, Node, Operator, Quota, RunningPod, Taint
from seldon_infra.graph.crd import seldon_deployment_crd
from seldon_infra.graph.spec import SeldonDeployment
from tests.unit.graph.check.build import deployment

GPU = Taint("nvidia.com/gpu", "present", "NoSchedule")
OPEN: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SCHEMAS = dict.fromkeys(("PodSpec", "Container", "EnvVar", "ResourceRequirements", "MetricSpec"), OPEN)
V1 = seldon_deployment_crd(SCHEMAS)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SERVED = {
    "autoscaling": frozenset({"v1", "v2"}),
    "machinelearning.seldon.io": frozenset({"v1"}),
    "networking.istio.io": frozenset({"v1", "v1beta1"}),
}


def amounts(**named: int | float) -> dict[str, Decimal]:
    """Amounts by Python's names: ``nvidia__gpu`` is nvidia.com/gpu, ``requests_cpu`` requests.cpu."""
    names = {"gpu": "nvidia.com/gpu", "ephemeral_storage": "ephemeral-storage"}
    return {names.get(name, name.replace("_", ".")): Decimal(str(amount)) for name, amount in named.items()}


def node(name: str = "cpu-0", *, taints: tuple[Taint, ...] = (), takes_pods: bool = True, **named: Any) -> Node:
    given = {"cpu": 16, "memory": 64 * 2**30, "ephemeral_storage": 200 * 2**30, "pods": 110, **named}
    return Node(name, {"kubernetes.io/arch": "amd64"}, taints, amounts(**given), takes_pods)


def pod(where: str | None = "cpu-0", *, of: str | None = None, limits: Any = None, **named: Any) -> RunningPod:
    return RunningPod("default", where, of, amounts(**named), limits or {})


def operator(
    version: str | None = "1.17.1", *, watches: str | None = None, ready: bool = True, **told: str
) -> Operator:
    settings = {"ISTIO_ENABLED": "true", "AMBASSADOR_ENABLED": "false", "KEDA_ENABLED": "false", **told}
    return Operator("seldon-system/seldon-controller-manager", version, settings, watches, ready)


def quota(**hard: Any) -> Quota:
    return Quota("team", amounts(**hard), {})


def limit(kind: str = "Container", **bounds: Any) -> Limit:
    return Limit("small", kind, **{"least": {}, "most": {}, "default_requests": {}, "default_limits": {}, **bounds})


NODES = (node(), node("gpu-0", taints=(GPU,), gpu=8))
DEFAULT = Namespace(
    exists=True, quotas=(), limits=(), objects={"SeldonDeployment": (), "Service": (), "Deployment": ()}
)
FACTS = Facts(
    "test",
    served=SERVED,
    definition=V1,
    operators=(operator(),),
    nodes=NODES,
    pods=(),
    autoscaler="",
    gateways=frozenset({"istio-system/seldon-gateway"}),
    storage_classes=frozenset({"standard"}),
    namespaces={"default": DEFAULT},
)


def facts(**fields: Any) -> Facts:
    """The cluster with something else in some places."""
    return replace(FACTS, **fields)


def in_default(**fields: Any) -> Facts:
    """The cluster with something else in its namespace ``default``."""
    return facts(namespaces={"default": replace(DEFAULT, **fields)})


def whole(**fields: Any) -> SeldonDeployment:
    """A deployment that fits the cluster."""
    return deployment(**fields)
