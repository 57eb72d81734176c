"""A deployment: what clients call by one name, its predictors and how requests reach them."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from seldon_infra.artifacts.spec import Storage
from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.experiments.rollout import Rollout
from seldon_infra.graph.spec.access import NetworkPolicy, ServiceAccount
from seldon_infra.graph.spec.alerts import Alerts
from seldon_infra.graph.spec.predictor import Predictor
from seldon_infra.graph.spec.security import PodSecurity
from seldon_infra.graph.spec.slo import Slo
from seldon_infra.servers.spec import Transport

if TYPE_CHECKING:
    from seldon_infra.servers.spec import Protocol
else:
    from seldon_infra.servers.spec import Protocol as _Protocol

    # `kfserving` is v2's old name; manifests still have it.
    Protocol = Annotated[_Protocol, BeforeValidator(lambda value: "v2" if value == "kfserving" else value)]

ServerType: TypeAlias = Literal["rpc", "kafka"]
"""How requests arrive: as calls, or from a Kafka topic."""


PodDefaults: TypeAlias = Literal["restricted", "operator"]
"""Who fills in what a definition leaves open in its pods: this library, to be secure, or Seldon's operator."""


class Timeouts(Spec):
    """How long a request may take from the orchestrator on. Source: annotations of Seldon's operator."""

    noun: ClassVar[str] = "timeouts"

    rest: Later[str] | None = None
    """For REST, as a duration: ``"5s"``. Default: none. Source: annotation seldon.io/rest-timeout, in milliseconds."""
    grpc: Later[str] | None = None
    """For gRPC, as a duration: ``"5s"``. Default: none. Source: annotation seldon.io/grpc-timeout, in milliseconds."""


class StickySession(Spec):
    """Requests with the same value of a header go to the same predictor, in keeping with the weights."""

    noun: ClassVar[str] = "sticky session"

    header: str
    """Name of the header (for gRPC: of the metadata): ``x-user-id``. Requests without it are spread by weight."""


class PayloadTopic(Spec):
    """A topic of Kafka that gets the payloads of all loggers, in the place of their ``url``.

    Source: LOGGER_KAFKA_BROKER and LOGGER_KAFKA_TOPIC of Seldon's executor.
    """

    noun: ClassVar[str] = "payload topic"

    brokers: Later[str]
    """Brokers as HOST:PORT, with commas between. What they want of a client (TLS, SASL) stands in ``orchestrator.env``
    of each predictor, as KAFKA_SECURITY_PROTOCOL and others."""
    topic: Later[str] = "seldon"
    """The topic. Default: ``seldon``, as the executor's."""


class RequestLogQueue(Spec):
    """The queue of the executor's request logger. Source: annotations of Seldon's operator."""

    noun: ClassVar[str] = "request log queue"

    size: Later[int] | None = None
    """Entries. Default: the chart's, 10000. Source: annotation seldon.io/executor-logger-queue-size."""
    write_timeout: Later[str] | None = None
    """How long an entry may wait for a place, as a duration. Default: the chart's, ``"2s"``; none waits here.
    Source: annotation seldon.io/executor-logger-write-timeout-ms."""
    kafka: PayloadTopic | None = None
    """Send payloads to Kafka. Default: to each logger's ``url``. This machine has no Kafka, and keeps files."""


class IstioRoute(Spec):
    """How the deployment is reached behind Istio. Source: annotations of Seldon's operator."""

    noun: ClassVar[str] = "istio"

    gateway: Later[str] | None = None
    """Gateway as NAMESPACE/NAME. Default: istio-system/seldon-gateway. Source: annotation seldon.io/istio-gateway."""
    host: Later[str] | None = None
    """Host names that are answered. Default: ``*``. Source: annotation seldon.io/istio-host."""
    retries: Later[int] | None = None
    """Further attempts after a failed one. Default: none. Source: annotation seldon.io/istio-retries."""
    retries_timeout: Later[str] | None = None
    """How long one attempt may take, as a duration. Default: none. Source: annotation
    seldon.io/istio-retries-timeout, in seconds."""


class CircuitBreakers(Spec):
    """Bounds on what Ambassador sends at once. Source: annotations seldon.io/ambassador-circuit-breakers-*."""

    noun: ClassVar[str] = "circuit breakers"

    max_connections: Later[int] | None = None
    """Connections. Default: Ambassador's, 1024."""
    max_requests: Later[int] | None = None
    """Requests at once. Default: Ambassador's, 1024."""
    max_pending_requests: Later[int] | None = None
    """Requests that wait. Default: Ambassador's, 1024."""
    max_retries: Later[int] | None = None
    """Retries at once. Default: Ambassador's, 3."""


class AmbassadorRoute(Spec):
    """How the deployment is reached behind Ambassador (Emissary). Source: annotations seldon.io/ambassador-*."""

    noun: ClassVar[str] = "ambassador"

    service_name: Later[str] | None = None
    """Name in the prefix instead of the deployment's. Default: that. Source: ambassador-service-name."""
    config: Later[str] | None = None
    """A whole configuration of your own instead of the rendered one. Default: none. Source: ambassador-config."""
    header: Later[str] | None = None
    """Header that a request must have, as ``name: value``. Default: none. Source: ambassador-header."""
    regex_header: Later[str] | None = None
    """Header that a request must have, as ``name: expression``. Default: none. Source: ambassador-regex-header."""
    id: Later[str] | None = None
    """Which Ambassador reads it, where there are several. Default: all. Source: ambassador-id."""
    retries: Later[int] | None = None
    """Further attempts after a failed one. Default: none. Source: ambassador-retries."""
    circuit_breakers: CircuitBreakers | None = None
    """Bounds on what is sent at once. Default: Ambassador's."""


# Validating them would compile their schemas at import.
_DEFAULT_ACCOUNT, _DEFAULT_POLICY = ServiceAccount.model_construct(), NetworkPolicy.model_construct()


class SeldonDeployment(Spec):
    """What clients call by one name. Source: SeldonDeployment, machinelearning.seldon.io/v1."""

    noun: ClassVar[str] = "SeldonDeployment"

    name: str
    """Name: a DNS label, unique within the namespace. Keep it short, it is part of every object's name."""
    namespace: Later[str] = "default"
    """Namespace. Default: ``default``."""
    predictors: Many[Predictor]
    """Versions of the answer, at least one."""
    protocol: Protocol = "seldon"
    """What is spoken on the wire. Default: ``seldon``. The old name ``kfserving`` is read as ``v2``."""
    transport: Transport | None = None
    """The one transport that is served. Default: both."""
    server_type: ServerType = "rpc"
    """How requests arrive. Default: ``rpc``. Source: serverType."""
    replicas: Later[int] | None = None
    """Pods of every predictor that does not say otherwise. Default: 1."""
    labels: Mapping[str, Later[str]] = {}
    """Labels of the SeldonDeployment object. Default: none. Source: metadata.labels."""
    annotations: Mapping[str, Later[str]] = {}
    """Annotations; those of the operator that have a field here are refused. Default: none.
    Source: spec.annotations."""
    oauth_key: Later[str] | None = None
    """Key of old gateways with OAuth. Default: none. Source: oauth_key."""
    oauth_secret: Later[str] | None = Field(default=None, repr=False)
    """Its secret; give a Pulumi secret, so that no state file shows it. Default: none. Source: oauth_secret."""
    timeouts: Timeouts | None = None
    """How long a request may take. Default: as long as the ingress allows."""
    rollout: Rollout | None = None
    """How changes of predictors and traffic arrive. Default: at once."""
    sticky: StickySession | None = None
    """Same header, same predictor. Default: each request by weight alone."""
    request_log: RequestLogQueue | None = None
    """The queue of the request logger. Default: the chart's."""
    istio: IstioRoute | None = None
    """How it is reached behind Istio. Default: the operator's."""
    ambassador: AmbassadorRoute | None = None
    """How it is reached behind Ambassador. Default: the operator's."""
    engine_separate_pod: bool = False
    """Whether orchestrators get pods of their own. Default: False. Source: annotation
    seldon.io/engine-separate-pod."""
    headless_service: bool = False
    """Whether Services are headless, which lets gRPC clients balance by themselves. Default: False.
    Source: annotation seldon.io/headless-svc."""
    no_storage_initializer: bool = False
    """Whether images fetch ``model_uri`` by themselves. Default: False. Source: annotation
    seldon.io/no-storage-initializer."""
    pod_defaults: PodDefaults = "restricted"
    """What stands in pods that the definition does not say: ``restricted`` keeps them to the restricted Pod Security
    Standard, probes images of your own and takes Seldon's images in their last version under Apache-2.0; ``operator``
    adds nothing and leaves all of that to the operator and its chart. Default: ``restricted``."""
    storage: Many[Storage] = ()
    """Credentials for the stores that ``model_uri`` leads to, one per scheme; on a cluster they become one Secret.
    Default: none, the operator's own count."""
    service_account: ServiceAccount | None = _DEFAULT_ACCOUNT
    """Who its pods are; None takes the namespace's own. Default: one that is made for it; with ``pod_defaults`` of
    ``operator`` nodes name theirs. Source: serviceAccountName."""
    network_policy: NetworkPolicy | None = _DEFAULT_POLICY
    """What its pods may talk to; None leaves that open. Default: what it needs, unless ``pod_defaults`` is
    ``operator``."""
    security: PodSecurity | None = None
    """How far its pods are locked up, where ``pod_defaults`` is ``restricted``. Default: as the restricted Pod Security
    Standard wants, and further."""
    slo: Slo | None = None
    """What it promises its clients; on a cluster with monitoring, alerts follow from it. Default: nothing."""
    alerts: Alerts | None = None
    """From where on somebody is told of what it does not promise, where it is watched. Default: as each field says."""
    controller_id: Later[str] | None = None
    """Which operator owns it, where a cluster has several. Default: the one without id.
    Source: label seldon.io/controller-id."""
