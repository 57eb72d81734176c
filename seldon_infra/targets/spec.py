"""Where a stack lands: this machine, or a Kubernetes cluster."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from seldon_infra.core.model import Later, Spec
from seldon_infra.eks.spec import EksCluster, ExistingCluster
from seldon_infra.ingress.spec import Ambassador, Istio
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.payload_log.spec import PayloadFiles, PayloadKafka, PayloadLog
from seldon_infra.seldon_core.spec import SeldonCore
from seldon_infra.tracing.spec import Tracing

ModelProcesses: TypeAlias = Literal["shared", "own"]
"""Whether models of one server and version are served by one process, or each by its own."""

LiveChecks: TypeAlias = Literal["refuse", "warn", "skip"]
"""What becomes of what does not fit a cluster: an error, a warning, or it is not asked at all."""


PodSecurityLevel: TypeAlias = Literal["restricted", "baseline"]
"""A level of the Pod Security Standards, which an API server holds pods of a namespace to."""


class Local(Spec):
    """This machine: real model servers and a real Envoy as supervised processes, on loopback only."""

    gateway_port: int | None = Field(
        default=None,
        ge=1024,
        le=65535,
        description="Port of the gateway for REST and gRPC alike; None takes the first free one from 8003.",
    )
    portable: bool = Field(
        default=True,
        description="Refuse what a cluster's executor cannot do; False allows what only the local target can.",
    )
    ready_timeout_seconds: float = Field(
        default=120.0, gt=0, description="How long a server may take until its readiness probe passes, in seconds."
    )
    drain_seconds: float = Field(
        default=30.0, ge=0, description="How long a replaced server may finish its open requests, in seconds."
    )
    changed_models: Literal["replace", "load"] = Field(
        default="replace",
        description="What a changed model of Triton's becomes: `replace` starts a new server beside the old, `load` "
        "loads what differs into the server that runs.",
    )
    monitoring: Monitoring | None = Field(
        default=None,
        description="Start a Prometheus that asks orchestrators and model servers, and holds deployments to their "
        "`slo`; its `labels` count on clusters alone. None starts none.",
    )
    payloads: PayloadFiles = Field(
        default_factory=PayloadFiles, description="The files that hold what loggers take, where there are loggers."
    )
    payload_kafka: PayloadKafka | None = Field(
        default=None, description="Topics of Kafka that get what loggers take as well; None sends it to none."
    )
    tracing: Tracing | None = Field(
        default=None, description="Where spans of gateway, orchestrators and MLServers go; None makes none."
    )
    model_processes: ModelProcesses = Field(
        default="shared",
        description="`shared` serves the models of one server and version in one process, where they run no code of "
        "your own and their nodes set no `env`; `own` gives each a process.",
    )
    max_in_flight: int = Field(default=256, ge=1, description="Requests that one predictor has at once; more get 429.")


class Kubernetes(Spec):
    """Seldon Core on a cluster: one that a kubeconfig reaches, or one that the stack makes."""

    cluster: EksCluster | ExistingCluster | None = Field(
        default=None,
        description="The cluster: `EksCluster(…)` makes one on AWS, `ExistingCluster(…)` names one that is there; "
        "None is that of `context` and `kubeconfig`.",
    )
    context: str | None = Field(default=None, description="Context of the kubeconfig; None takes its current one.")
    kubeconfig: str | None = Field(default=None, description="Path of the kubeconfig; None takes KUBECONFIG's.")
    create_namespaces: bool = Field(
        default=True, description="Declare the deployments' namespaces too, but for those that are Outputs."
    )
    pod_security: PodSecurityLevel | None = Field(
        default=None,
        description="What declared namespaces of deployments and model servers enforce; `restricted` also declares a "
        "policy that locks up the containers that Seldon's operator adds, which takes Kubernetes 1.36.",
    )
    seldon_core: SeldonCore = Field(
        default_factory=lambda: SeldonCore(existing=True),
        description="Seldon Core's operator; by default it is there already.",
    )
    ingress: Istio | Ambassador | None = Field(
        default=None, description="What leads requests to deployments; None leaves it to what is there."
    )
    ingress_url: Later[str] | None = Field(
        default=None,
        description="Address of the ingress, `https://models.acme.io`; None takes the load balancer's of a usual one.",
    )
    monitoring: Monitoring | None = Field(
        default=None, description="Who watches deployments and holds them to their `slo`; None: nobody."
    )
    tracing: Tracing | None = Field(
        default=None, description="Where spans of Seldon's executors and of MLServers go; None makes none."
    )
    payloads: PayloadLog | None = Field(
        default=None,
        description="What takes payloads of loggers and does with them what they say; None leaves it to Seldon's "
        "executors, which send each one whole.",
    )
    ready_timeout_seconds: float = Field(
        default=900.0, gt=0, description="How long the operator may take until it reports Available, in seconds."
    )
    node_timeout_seconds: float = Field(
        default=300.0, gt=0, description="How long a pod may wait for a node, which an autoscaler may add, in seconds."
    )
    live_checks: LiveChecks = Field(
        default="refuse",
        description="Before a change the cluster is asked whether the deployments fit it: `refuse` stops where they "
        "certainly do not, `warn` only says so, `skip` does not ask.",
    )
    judged_up_to: str = Field(
        default="1Gi",
        description="Size up to which a model's files are fetched to judge them, once for each state of its store; "
        "larger ones are named and passed over. Judging is part of `live_checks`.",
    )
    changed_models: Literal["roll", "ignore"] = Field(
        default="roll",
        description="What other contents under the same `model_uri` become, where its store can be listed from here: "
        "`roll` shows them in the preview and replaces the pods, `ignore` leaves them to whatever starts pods anew.",
    )


Target = Local | Kubernetes
