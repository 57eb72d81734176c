"""A predictor: one version of the answer, a graph of nodes with its pods and its share of the traffic."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from seldon_infra.core.model import JsonObject, Later, Many, Spec
from seldon_infra.graph.spec.explainers import METHODS, ExplainerMethod, ExplainerType, MethodClass
from seldon_infra.graph.spec.nodes import GraphNode
from seldon_infra.graph.spec.scaling import Hpa, Keda, Pdb, PodTemplate
from seldon_infra.graph.spec.security import ContainerSecurity
from seldon_infra.graph.spec.values import Endpoint, EnvVar, Resources
from seldon_infra.servers.spec import Licence

if TYPE_CHECKING:
    from seldon_infra.graph.spec.nodes import Node
else:
    Node = GraphNode


class Explainer(Spec):
    """A server that explains a predictor's answers, at NAME-explainer/PREDICTOR/. Source: explainer of the CRD v1."""

    noun: ClassVar[str] = "explainer"

    type: ExplainerType | ExplainerMethod
    """How it explains: a method by its name, as it was fitted, or with its options, as in ``TreeShap(background=100)``,
    which must then be those of the fit. ``SHAP`` and ``LIME`` are servers of this library's own."""
    model_uri: Later[str] | None = None
    """Where the fitted explainer is. Default: none, which only AnchorImages and AnchorText can start from with
    ``init_parameters``. Source: modelUri."""
    model_digest: str | None = None
    """``sha256:…`` that the explainer's files must have, as ``seldon-infra digest`` prints it. Default: any."""
    trusted: Many[str] = ()
    """Names that its files may import beside those on the list of model servers, as a finding says them: what alibi's
    ``save()`` wrote runs code and names it. Default: none."""
    signed_by: str | None = None
    """File of the project with the public key (PEM, elliptic curve) that its files must be signed with.
    Default: none, signatures are not looked at."""
    image: Later[str] | None = None
    """Image of the explainer's server on a cluster, with the files of ``servers/``; SHAP and LIME need one, and so
    does what ``seldon-infra explainer fit`` made. Default: Seldon's own, which reads what alibi's ``save()`` wrote.
    Source: containerSpec.image."""
    timeout: Later[str] = "60s"
    """How long an explanation may take on this machine, as a duration. Default: ``"60s"``."""
    init_parameters: JsonObject | None = None
    """Arguments of the explainer's constructor, written as JSON text. Default: none. Source: initParameters."""
    config: Mapping[str, Later[str]] = {}
    """Settings of the explainer's server, as text. Default: none."""
    replicas: Later[int] | None = None
    """Pods of the explainer. Default: the predictor's."""
    resources: Resources | None = None
    """What its container asks for and may use. Default: as for a node. Source: containerSpec.resources."""
    security: ContainerSecurity | None = None
    """How far its container is locked up. Default: as the deployment's ``security`` says, with a root that can be
    written: Seldon's operator gives an explainer no volumes. Source: containerSpec.securityContext."""
    env: Many[EnvVar] = ()
    """Environment of its container. Default: none. Source: containerSpec.env."""
    container: JsonObject = {}  # noqa: RUF012 (pydantic copies it)
    """Fields of its container that the library does not wrap, in Kubernetes' own words. Default: none.
    Source: containerSpec."""
    endpoint: Endpoint | None = None
    """Where it listens. Default: where Seldon puts it."""
    service_account_name: Later[str] | None = None
    """Service account that may read ``model_uri``. Default: the namespace's own. Source: serviceAccountName."""
    env_secret_ref_name: Later[str] | None = None
    """Secret with credentials for ``model_uri``, as RCLONE_CONFIG_* variables. Default: the operator's.
    Source: envSecretRefName."""
    storage_initializer_image: Later[str] | None = None
    """Image that fetches ``model_uri``. Default: the operator's rclone one. Source: storageInitializerImage."""
    version: str | None = None
    """Version of the explainer's image: Seldon Core's on protocol seldon, MLServer's on v2. Default: 1.17.1 and 1.4.0,
    the last with alibi 0.9.4, which is the last under Apache-2.0."""
    licence: Licence = "Apache-2.0"
    """Terms that you accept; a later ``version`` needs ``BSL-1.1``. Default: Apache-2.0."""

    @property
    def kind(self) -> str:
        """The method's name."""
        return self.type if isinstance(self.type, str) else type(self.type).__name__

    @property
    def method(self) -> MethodClass:
        """What is known of the method."""
        return METHODS[self.kind]


class Orchestrator(Spec):
    """The predictor's orchestrator, Seldon's executor. Source: svcOrchSpec of the CRD v1."""

    noun: ClassVar[str] = "orchestrator"

    replicas: Later[int] | None = None
    """Its pods, where it has pods of its own (``engine_separate_pod``). Default: the predictor's."""
    resources: Resources | None = None
    """What its container asks for and may use. Default: the operator's."""
    env: Many[EnvVar] = ()
    """Its environment; for Kafka KAFKA_BROKER, KAFKA_INPUT_TOPIC and KAFKA_OUTPUT_TOPIC. Default: none."""


class Ssl(Spec):
    """TLS between ingress and orchestrator. Source: ssl of the CRD v1."""

    noun: ClassVar[str] = "ssl"

    cert_secret_name: Later[str]
    """Secret of type kubernetes.io/tls with key and certificate. Source: certSecretName."""


class Predictor(Spec):
    """One version of a deployment's answer, with its graph and its share of the traffic.

    Source: PredictorSpec of Seldon's CRD v1.
    """

    noun: ClassVar[str] = "predictor"

    name: str
    """Name: a DNS label, unique within the deployment. Keep it short, it is part of every object's name."""
    graph: Node
    """The root node; requests enter there."""
    traffic: Later[int] | None = None
    """Share of the requests in percent, 0 to 100; all predictors that are no shadow sum to 100. Default: all,
    for the only predictor."""
    shadow: bool = False
    """Whether it gets a copy of requests and its answers are thrown away. Default: False. Its ``traffic`` is then
    the share of requests that is copied."""
    replicas: Later[int] | None = None
    """Pods. Default: the deployment's ``replicas``."""
    labels: Mapping[str, Later[str]] = {}
    """Labels of everything that the operator makes for it. Default: ``version``, the predictor's name."""
    annotations: Mapping[str, Later[str]] = {}
    """Annotations; those of the operator that have a field here are refused. Default: none."""
    progress_deadline_seconds: Later[int] | None = None
    """How long a rollout may make no progress, in seconds. Default: 600. Source: progressDeadlineSeconds."""
    engine_resources: Resources | None = None
    """What the orchestrator beside the nodes asks for and may use. Default: the operator's.
    Source: engineResources; give either this or ``orchestrator.resources``."""
    orchestrator: Orchestrator | None = None
    """Settings of the orchestrator. Default: the operator's."""
    ssl: Ssl | None = None
    """TLS between ingress and orchestrator. Default: none."""
    explainer: Explainer | None = None
    """A server that explains its answers. Default: none."""
    hpa: Hpa | None = None
    """Autoscaling of its pods. Default: none, ``replicas`` decides."""
    keda: Keda | None = None
    """Autoscaling of its pods by events. Default: none."""
    pdb: Pdb | None = None
    """What a drain must leave of its pods. Default: no budget."""
    pod: PodTemplate | None = None
    """Metadata of its pods and everything that the library does not wrap. Default: none."""
    no_engine: bool = False
    """Whether it runs without orchestrator, for a graph of one node. Default: False. Source: annotation
    seldon.io/no-engine."""
    service_name: Later[str] | None = None
    """Name of its Service. Default: DEPLOYMENT-PREDICTOR. Source: annotation seldon.io/svc-name."""
