"""The manifest of a SeldonDeployment as Seldon's CRD has it, field by field: what is rendered and what is read.

Types carry the names of Seldon's own API, so that a reader finds them in its reference. Pods and containers stay in
Kubernetes' own words. Source: ``machinelearning.seldon.io/v1``; v1alpha2 and v1alpha3 have the same fields.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again.

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from seldon_infra.graph.spec import (
    ExplainerType,
    LogMode,
    Method,
    NodeType,
    ParameterType,
    Protocol,
    ServerType,
    Transport,
)

GROUP = "machinelearning.seldon.io"
VERSIONS = ("v1", "v1alpha3", "v1alpha2")
"""What the API server serves, the stored version first."""
KIND, PLURAL = "SeldonDeployment", "seldondeployments"

PodSpec = Annotated[Mapping[str, object], WithJsonSchema({"type": "object", "x-schema": "PodSpec"})]
"""A PodSpec of core/v1."""
Container = Annotated[Mapping[str, object], WithJsonSchema({"type": "object", "x-schema": "Container"})]
"""A Container of core/v1."""
ResourceRequirements = Annotated[
    Mapping[str, object], WithJsonSchema({"type": "object", "x-schema": "ResourceRequirements"})
]
"""ResourceRequirements of core/v1."""
EnvVar = Annotated[Mapping[str, object], WithJsonSchema({"type": "object", "x-schema": "EnvVar"})]
"""An EnvVar of core/v1."""
MetricSpec = Annotated[Mapping[str, object], WithJsonSchema({"type": "object", "x-schema": "MetricSpec"})]
"""A MetricSpec of autoscaling/v2."""
FreeForm = Annotated[
    Mapping[str, object], WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
]
"""What another project defines: KEDA's AdvancedConfig, metrics of the withdrawn autoscaling/v2beta1."""
IntOrString = Annotated[int | str, WithJsonSchema({"x-kubernetes-int-or-string": True})]
"""A number, or a share such as ``50%``."""

Int32 = Annotated[
    int, Field(ge=-(2**31), le=2**31 - 1, strict=True), WithJsonSchema({"type": "integer", "format": "int32"})
]
"""What the API server keeps in 32 bits."""


class Wire(BaseModel):
    """A part of a manifest: a field that it does not have is an error, and every field may be left out."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False, defer_build=True
    )


class Endpoint(Wire):
    """Where a node or an explainer listens."""

    service_host: str | None = Field(default=None, alias="service_host")
    service_port: Int32 | None = Field(default=None, alias="service_port")
    http_port: Int32 | None = None
    grpc_port: Int32 | None = None
    type: Literal["REST", "GRPC"] | None = None


class Parameter(Wire):
    """A parameter of a node."""

    name: str
    value: str
    type: ParameterType


class Logger(Wire):
    """Payloads of a node sent on as CloudEvents."""

    url: str | None = None
    mode: LogMode | None = None


class PredictiveUnit(Wire):
    """A node of the graph."""

    name: str
    children: tuple["PredictiveUnit", ...] | None = None
    type: Literal[NodeType, "UNKNOWN_TYPE"] | None = None
    implementation: str | None = None
    methods: tuple[Method, ...] | None = None
    endpoint: Endpoint | None = None
    parameters: tuple[Parameter, ...] | None = None
    model_uri: str | None = None
    service_account_name: str | None = None
    env_secret_ref_name: str | None = None
    storage_initializer_image: str | None = None
    logger: Logger | None = None


class ObjectMeta(Wire):
    """Metadata of pods, in the part that Seldon's operator hands on."""

    name: str | None = None
    namespace: str | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    creation_timestamp: str | None = None


class SeldonHpaSpec(Wire):
    """Autoscaling of a pod by Kubernetes."""

    min_replicas: Int32 | None = None
    max_replicas: Int32
    metrics: tuple[FreeForm, ...] | None = None
    metricsv2: tuple[MetricSpec, ...] | None = None


class AuthenticationRef(Wire):
    """KEDA's TriggerAuthentication that a trigger uses."""

    name: str
    kind: str | None = None


class ScaleTriggers(Wire):
    """An event source of KEDA."""

    type: str
    name: str | None = None
    metadata: Mapping[str, str]
    authentication_ref: AuthenticationRef | None = None
    metric_type: str | None = None


class Fallback(Wire):
    """Pods to run while KEDA cannot read a source."""

    failure_threshold: Int32
    replicas: Int32


class SeldonScaledObjectSpec(Wire):
    """Autoscaling of a pod by KEDA."""

    polling_interval: Int32 | None = None
    cooldown_period: Int32 | None = None
    min_replica_count: Int32 | None = None
    max_replica_count: Int32 | None = None
    idle_replica_count: Int32 | None = None
    triggers: tuple[ScaleTriggers, ...]
    advanced: FreeForm | None = None
    fallback: Fallback | None = None


class SeldonPdbSpec(Wire):
    """What a drain must leave of a pod's copies."""

    min_available: IntOrString | None = None
    max_unavailable: IntOrString | None = None


class SeldonPodSpec(Wire):
    """Pods of a predictor, and how many there are."""

    metadata: ObjectMeta | None = None
    replicas: Int32 | None = None
    spec: PodSpec | None = None
    hpa_spec: SeldonHpaSpec | None = None
    keda_spec: SeldonScaledObjectSpec | None = None
    pdb_spec: SeldonPdbSpec | None = None


class SvcOrchSpec(Wire):
    """A predictor's orchestrator."""

    replicas: Int32 | None = None
    resources: ResourceRequirements | None = None
    env: tuple[EnvVar, ...] | None = None


class Ssl(Wire):
    """TLS between ingress and orchestrator."""

    cert_secret_name: str | None = None


class Explainer(Wire):
    """The server that explains a predictor's answers."""

    type: ExplainerType | None = None
    model_uri: str | None = None
    service_account_name: str | None = None
    container_spec: Container | None = None
    config: Mapping[str, str] | None = None
    endpoint: Endpoint | None = None
    env_secret_ref_name: str | None = None
    storage_initializer_image: str | None = None
    replicas: Int32 | None = None
    init_parameters: str | None = None


class PredictorSpec(Wire):
    """One version of the answer."""

    name: str
    graph: PredictiveUnit
    replicas: Int32 | None = None
    traffic: Int32 | None = None
    shadow: bool | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    progress_deadline_seconds: Int32 | None = None
    engine_resources: ResourceRequirements | None = None
    svc_orch_spec: SvcOrchSpec | None = None
    ssl: Ssl | None = None
    explainer: Explainer | None = None
    component_specs: tuple[SeldonPodSpec, ...] | None = None


class SeldonDeploymentSpec(Wire):
    """What is declared."""

    name: str | None = None
    annotations: Mapping[str, str] | None = None
    oauth_key: str | None = Field(default=None, alias="oauth_key")
    oauth_secret: str | None = Field(default=None, alias="oauth_secret", repr=False)
    protocol: Literal[Protocol, "kfserving"] | None = None
    transport: Transport | None = None
    server_type: ServerType | None = None
    replicas: Int32 | None = None
    predictors: tuple[PredictorSpec, ...]


class DeploymentMeta(Wire):
    """Metadata of the object; what the API server writes there by itself is known as well."""

    name: str
    namespace: str | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    creation_timestamp: str | None = None
    self_link: str | None = None
    managed_fields: tuple[FreeForm, ...] | None = None


class SeldonDeploymentManifest(Wire):
    """A whole document."""

    api_version: Literal[
        "machinelearning.seldon.io/v1", "machinelearning.seldon.io/v1alpha3", "machinelearning.seldon.io/v1alpha2"
    ]
    kind: Literal["SeldonDeployment"]
    metadata: DeploymentMeta
    spec: SeldonDeploymentSpec
    status: FreeForm | None = None
