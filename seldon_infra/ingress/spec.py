"""What leads requests from outside to deployments on a cluster: Istio or Ambassador, by one set of fields.

A stack swaps one for the other by the name alone. What one of them cannot do is a problem that names the field.
Sources: charts and CRDs of istio/istio 1.30.3 and emissary-ingress/emissary 4.1.0.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from seldon_infra.charts.spec import Chart
from seldon_infra.core.model import JsonObject, Later, Many, Spec
from seldon_infra.graph.spec import CircuitBreakers

TlsMode: TypeAlias = Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]
"""How an ingress speaks to pods. Source: ClientTLSSettings of Istio."""


class Tls(Spec):
    """The certificate that clients see: a secret that is there, or one that cert-manager makes."""

    noun: ClassVar[str] = "tls"

    secret: Later[str]
    """Name of the secret of type kubernetes.io/tls, in the ingress's namespace; with ``issuer`` it is made there."""
    issuer: str | None = None
    """cert-manager's issuer that makes it. Default: none, the secret is there already."""
    issuer_kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"
    """Kind of the issuer. Default: ``ClusterIssuer``. Source: issuerRef.kind of Certificate."""
    redirect: bool = True
    """Whether requests without TLS are sent to https. Default: True."""


class IngressTimeouts(Spec):
    """How long things may take at the ingress."""

    noun: ClassVar[str] = "ingress timeouts"

    request: str | None = None
    """For a whole request, as a duration. Default: none behind Istio; 3 s behind Ambassador, which Seldon's operator
    writes where a deployment says nothing."""
    connect: str | None = None
    """To open a connection to a pod, as a duration. Default: 10 s behind Istio, 3 s behind Ambassador."""
    idle: str | None = None
    """For a connection to a pod without requests, as a duration. Default: 60 s behind Istio, which Seldon's operator
    writes; 1 h behind Ambassador."""


class Retries(Spec):
    """Further attempts where a pod could not be reached or answered 502, 503 or 504."""

    noun: ClassVar[str] = "retries"

    attempts: int
    """How many, beside the first."""
    per_try: str | None = None
    """How long one may take, as a duration of whole seconds. Default: 1 s behind Istio, the whole request's time
    behind Ambassador."""


class Ejection(Spec):
    """A pod that keeps failing gets no requests for a while. Source: outlierDetection of Istio's DestinationRule."""

    noun: ClassVar[str] = "ejection"

    after_errors: int = 5
    """Errors in a row (5xx). Default: 5. Source: consecutive5xxErrors."""
    seconds: int = 30
    """How long, each time a little longer. Default: 30. Source: baseEjectionTime."""
    most_percent: int = 50
    """Share of a predictor's pods that may be out at once. Default: 50. Source: maxEjectionPercent."""


class ExternalAuth(Spec):
    """A service that is asked about each request before it goes on. Source: AuthService of Emissary."""

    noun: ClassVar[str] = "external auth"

    service: Later[str]
    """Its address: ``NAME.NAMESPACE:PORT``. Source: auth_service."""
    proto: Literal["http", "grpc"] = "http"
    """How it is asked. Default: ``http``. Source: proto."""
    path_prefix: str | None = None
    """Put before a request's path when it is asked. Default: none. Source: path_prefix."""
    timeout: str = "5s"
    """How long it may take, as a duration. Default: ``"5s"``. Source: timeout_ms."""
    request_headers: Many[str] = ()
    """Headers that it gets beside those that it always gets. Default: none. Source: allowed_request_headers."""
    answer_headers: Many[str] = ()
    """Headers of its answer that go on to the deployment. Default: none. Source: allowed_authorization_headers."""
    when_down: Literal["refuse", "allow"] = "refuse"
    """What becomes of requests while it does not answer. Default: ``refuse``. Source: failure_mode_allow."""


class RateLimit(Spec):
    """A service that counts requests and says which are too many. Source: RateLimitService of Emissary."""

    noun: ClassVar[str] = "rate limit"

    service: Later[str]
    """Its address: ``NAME.NAMESPACE:PORT``; it speaks Envoy's rate-limit protocol v3. Source: service."""
    domain: str = "ambassador"
    """Under which name it knows the counts. Default: ``ambassador``. Source: domain."""
    timeout: str = "20ms"
    """How long it may take, as a duration; a request then goes on. Default: ``"20ms"``. Source: timeout_ms."""


class Ingress(Spec):
    """What all kinds share; use one of them: ``Istio()`` or ``Ambassador()``."""

    alternatives: ClassVar[str] = "kind of it: Istio or Ambassador"

    existing: bool = False
    """Whether it runs already; only what leads to deployments is declared then. Default: False, it is installed."""
    hosts: Many[str] = ("*",)
    """Host names that are answered. Default: ``*``, all."""
    tls: Tls | None = None
    """The certificate that clients see. Default: none, plain HTTP."""
    mtls: Many[str] = ()
    """Namespaces in which pods talk only by mutual TLS. Default: none. Istio alone can."""
    tls_to_pods: TlsMode | None = None
    """How the ingress speaks to pods. Default: as the mesh finds it out. Istio alone can. Source: istio.tlsMode of
    Seldon's chart."""
    timeouts: IngressTimeouts | None = None
    """How long things may take. Default: as each field says."""
    retries: Retries | None = None
    """Further attempts, for deployments that say nothing. Default: none."""
    circuit_breakers: CircuitBreakers | None = None
    """Bounds on what is sent to a predictor at once. Default: the ingress's."""
    ejection: Ejection | None = None
    """When a pod that fails is left out. Default: never. Istio alone can."""
    auth: ExternalAuth | None = None
    """A service that is asked about each request. Default: none. Ambassador alone can."""
    rate_limit: RateLimit | None = None
    """A service that counts requests. Default: none. Ambassador alone can."""
    charts: Mapping[str, Chart] = {}
    """Charts that are not the project's own, by release: a mirror, a folder. Default: the project's."""
    values: Mapping[str, JsonObject] = {}
    """Further values of the charts, by release. Default: none."""


class Istio(Ingress):
    """Istio's gateway. Source: charts base, istiod and gateway; Gateway, PeerAuthentication, DestinationRule."""

    noun: ClassVar[str] = "Istio"

    kind: Literal["istio"] = "istio"
    """Tells kinds apart in data. Always ``istio``."""
    version: str = "1.30.3"
    """Its version, and its charts'. Default: 1.30.3."""
    namespace: str = "istio-system"
    """Namespace of the gateway, and of istiod where it is installed. Default: ``istio-system``."""
    gateway: str = "seldon-gateway"
    """Name of the Gateway object, to which Seldon's operator binds every deployment. Default: ``seldon-gateway``."""
    service: str = "istio-ingressgateway"
    """Name of the gateway's Service. Default: ``istio-ingressgateway``."""
    selector: Mapping[str, str] = {"istio": "ingressgateway"}
    """Labels of the gateway's pods. Default: ``istio: ingressgateway``."""

    @property
    def releases(self) -> tuple[str, ...]:
        """The charts' releases, in the order of their installation."""
        return ("istio-base", "istiod", self.service)


class Ambassador(Ingress):
    """Ambassador, which is called Emissary today. Source: charts emissary-crds-chart and emissary-ingress."""

    noun: ClassVar[str] = "Ambassador"

    kind: Literal["ambassador"] = "ambassador"
    """Tells kinds apart in data. Always ``ambassador``."""
    version: str = "4.1.0"
    """Its version, and its charts'; one that exists already may be of 3. Default: 4.1.0."""
    namespace: str = "emissary"
    """Its namespace. Default: ``emissary``."""
    service: str = "emissary-ingress"
    """Name of its Service. Default: ``emissary-ingress``."""
    id: str | None = None
    """Which Ambassador it is, where a cluster has several. Default: the one without id. Source: ambassador_id."""
    single_namespace: bool = False
    """Whether deployments are reached at ``/seldon/NAME/`` too. Default: False. Source: ambassador.singleNamespace of
    Seldon's chart."""

    @property
    def releases(self) -> tuple[str, ...]:
        """The charts' releases, in the order of their installation."""
        return ("emissary-crds", self.service)
