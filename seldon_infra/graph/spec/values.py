"""Small values that nodes, predictors and explainers share: amounts, environment, parameters, endpoints."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from seldon_infra.core.model import Later, Many, Spec

ParameterType: TypeAlias = Literal["INT", "FLOAT", "DOUBLE", "STRING", "BOOL"]
"""Type of a parameter's value in Seldon's CRD."""
LogMode: TypeAlias = Literal["request", "response", "all"]
"""Which payloads a logger sends on."""


class Amounts(Spec):
    """Amounts of what a container uses. Source: ResourceRequirements.requests and .limits of Kubernetes."""

    noun: ClassVar[str] = "amounts"

    cpu: Later[str | int | float] | None = None
    """Processor time in cores: ``"500m"`` or 0.5 is half a core. Default: not set."""
    memory: Later[str | int] | None = None
    """Memory in bytes: ``"16Gi"``. Default: not set."""
    ephemeral_storage: Later[str | int] | None = None
    """Local disk in bytes: ``"2Gi"``. Default: not set. Source: ephemeral-storage."""
    gpu: Later[int] | None = None
    """NVIDIA GPUs, whole ones; a request and its limit must be equal. Default: none. Source: nvidia.com/gpu."""
    others: Mapping[str, Later[str | int]] = {}
    """Amounts of other resources by their Kubernetes name, such as ``nvidia.com/mig-1g.5gb``. Default: none."""


class Resources(Spec):
    """What a container asks for and what it may use at most. Source: ResourceRequirements of Kubernetes."""

    noun: ClassVar[str] = "resources"

    requests: Amounts | None = None
    """What the scheduler sets aside. Default: the limits, where they are set."""
    limits: Amounts | None = None
    """What it may use at most. Default: no limit."""
    gpu_memory: Later[str | int] | None = None
    """Memory that each of its GPUs must have at least, ``"16Gi"``: it runs only on nodes that NVIDIA's discovery, or a
    cluster that the stack makes, has labelled so. Goes with ``limits=Amounts(gpu=…)``. Default: any GPU will do.
    Source: node affinity, label nvidia.com/gpu.memory."""


class SecretKey(Spec):
    """A key of a Secret. Source: SecretKeySelector of Kubernetes."""

    noun: ClassVar[str] = "secret key"

    secret: Later[str]
    """Name of the Secret, in the deployment's namespace."""
    key: Later[str]
    """Key in it."""
    optional: bool = False
    """Whether a container starts without it. Default: False."""


class ConfigMapKey(Spec):
    """A key of a ConfigMap. Source: ConfigMapKeySelector of Kubernetes."""

    noun: ClassVar[str] = "config map key"

    config_map: Later[str]
    """Name of the ConfigMap, in the deployment's namespace."""
    key: Later[str]
    """Key in it."""
    optional: bool = False
    """Whether a container starts without it. Default: False."""


class PodField(Spec):
    """A field of the pod. Source: ObjectFieldSelector of Kubernetes."""

    noun: ClassVar[str] = "pod field"

    path: Later[str]
    """Path of the field: ``metadata.name``, ``status.podIP``."""


class ContainerAmount(Spec):
    """An amount of the container. Source: ResourceFieldSelector of Kubernetes."""

    noun: ClassVar[str] = "container amount"

    resource: Later[str]
    """Which amount: ``limits.memory``."""
    divisor: Later[str] | None = None
    """Unit in which it is given: ``1Mi``. Default: 1."""


class EnvVar(Spec):
    """One environment variable of a container. Source: EnvVar of Kubernetes."""

    noun: ClassVar[str] = "environment variable"

    name: str
    """The variable's name."""
    value: Later[str] | None = Field(default=None, repr=False)
    """Its value. Default: none, where ``value_from`` gives one."""
    value_from: SecretKey | ConfigMapKey | PodField | ContainerAmount | None = None
    """Where its value comes from instead. Default: nowhere. On the local target only ``value`` works."""


class Parameter(Spec):
    """A parameter of a node, handed to its server by name. Source: PredictiveUnit.parameters of Seldon's CRD v1."""

    noun: ClassVar[str] = "parameter"

    name: str
    """The parameter's name, as the server knows it."""
    value: Later[bool | int | float | str]
    """Its value; the Python type decides the type on the wire: int INT, float FLOAT, bool BOOL, str STRING."""
    type: ParameterType | None = None
    """Type on the wire. Default: that of the value. Write it for DOUBLE, and where the value is an Output."""

    @property
    def wire_type(self) -> ParameterType:
        """The type on the wire: the one given, else that of the value; STRING while the value is one of later."""
        return self.type or _parameter_type(self.value)


def _parameter_type(value: object) -> ParameterType:
    match value:
        case bool():
            return "BOOL"
        case int():
            return "INT"
        case float():
            return "FLOAT"
    return "STRING"


def parameter_text(value: bool | int | float | str) -> str:
    """Write a parameter's value as the CRD holds it, as text: ``true``, ``3``, ``0.5``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Endpoint(Spec):
    """Where a node or an explainer listens, when not where Seldon would put it. Source: Endpoint of the CRD v1.

    The operator sets host and ports itself; write them only for what runs outside the deployment.
    """

    noun: ClassVar[str] = "endpoint"

    service_host: Later[str] | None = None
    """Host. Default: the operator's choice. Source: service_host."""
    service_port: Later[int] | None = None
    """Port for readiness and old images. Default: the operator's choice. Source: service_port."""
    http_port: Later[int] | None = None
    """Port of REST. Default: the operator's choice, from 9000 up. Source: httpPort."""
    grpc_port: Later[int] | None = None
    """Port of gRPC. Default: the operator's choice, from 9500 up. Source: grpcPort."""
    type: Literal["REST", "GRPC"] | None = None
    """The one transport that is spoken. Default: both. All nodes must say the same; prefer the deployment's
    ``transport``."""


class Logger(Spec):
    """Payloads of a node sent on as CloudEvents. Source: PredictiveUnit.logger of the CRD v1.

    On this machine they are kept as Parquet files, and go to ``url`` where one is given.
    """

    noun: ClassVar[str] = "logger"

    mode: LogMode
    """Which payloads: ``request``, ``response`` or ``all``. Feedback goes with responses."""
    url: Later[str] | None = None
    """Where to. Default: the executor's own endpoint, set by the operator's chart; on this machine, and with a
    cluster's ``PayloadLog``, nowhere else."""
    sample: float = 1.0
    """Share of the requests, above 0 up to 1. A request's id decides, so that all nodes log the same ones, with their
    feedback. Default: all. On a cluster it takes ``Kubernetes(payloads=PayloadLog(…))``."""
    largest: str | int = "1Mi"
    """Bytes of a payload that are kept; what is longer is cut and marked. Default: 1Mi; on a cluster it takes
    ``Kubernetes(payloads=PayloadLog(…))``, and all is kept without."""
    redact: Many[str] = ()
    """Names of fields, tensors and columns whose values are taken out before a payload leaves the orchestrator.
    Default: none. On a cluster it takes ``Kubernetes(payloads=PayloadLog(…))``, which takes them out."""


__all__ = [
    "Amounts",
    "ConfigMapKey",
    "ContainerAmount",
    "Endpoint",
    "EnvVar",
    "LogMode",
    "Logger",
    "Parameter",
    "ParameterType",
    "PodField",
    "Resources",
    "SecretKey",
    "parameter_text",
]
