"""Seldon Core's operator, as a stack declares it.

Sources: the chart ``seldon-core-operator`` 1.17.1 (values.yaml, templates/) of SeldonIO/seldon-core.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.charts.spec import Chart
from seldon_infra.core.model import JsonObject, Many, Spec
from seldon_infra.servers.spec import LAST_APACHE_CORE, Licence, Protocol

WebhookCertificate: TypeAlias = Literal["chart", "cert-manager"]
"""Who makes the certificate of the admission webhook."""
LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARN", "ERROR"]
"""From which weight on the operator logs."""


class RequestLogger(Spec):
    """Where executors send payloads of nodes with a logger."""

    noun: ClassVar[str] = "request logger"

    default_endpoint: str | None = None
    """Address for loggers without a URL. Default: the chart's, ``http://default-broker``.
    Source: executor.requestLogger.defaultEndpoint."""
    queue_size: int | None = None
    """Entries that wait. Default: 10000. Source: executor.requestLogger.workQueueSize."""
    write_timeout: str | None = None
    """How long an entry may wait for a place, as a duration. Default: ``"2s"``.
    Source: executor.requestLogger.writeTimeoutMs."""


class Executor(Spec):
    """The orchestrator that the operator puts before each predictor's graph."""

    noun: ClassVar[str] = "executor"

    image: str | None = None
    """Its image with a tag or a digest. Default: docker.io/seldonio/seldon-core-executor in the operator's version.
    Source: executor.image."""
    cpu_request: str | None = None
    """CPU that is kept for it. Default: ``"500m"``. Source: executor.resources.cpuRequest."""
    cpu_limit: str | None = None
    """CPU at most. Default: ``"500m"``. Source: executor.resources.cpuLimit."""
    memory_request: str | None = None
    """Memory that is kept for it. Default: ``"512Mi"``. Source: executor.resources.memoryRequest."""
    memory_limit: str | None = None
    """Memory at most. Default: ``"512Mi"``. Source: executor.resources.memoryLimit."""
    request_logger: RequestLogger | None = None
    """Where payloads go. Default: as the chart has it."""
    full_health_checks: bool = False
    """Whether readiness asks every model by its protocol, not only whether its port is open. Default: False.
    Source: executor.fullHealthChecks."""
    prometheus_path: str | None = None
    """Path of its metrics. Default: ``/prometheus``. Source: executor.prometheus.path."""
    user: int | None = None
    """User id that it runs as. Default: 8888. Source: executor.user."""


class StorageInitializer(Spec):
    """The init container that fetches model files."""

    noun: ClassVar[str] = "storage initializer"

    image: str | None = None
    """Its image. Default: seldonio/rclone-storage-initializer in the operator's version.
    Source: storageInitializer.image."""
    cpu_request: str | None = None
    """CPU that is kept for it. Default: ``"100m"``. Source: storageInitializer.cpuRequest."""
    cpu_limit: str | None = None
    """CPU at most. Default: ``"1"``. Source: storageInitializer.cpuLimit."""
    memory_request: str | None = None
    """Memory that is kept for it. Default: ``"100Mi"``. Source: storageInitializer.memoryRequest."""
    memory_limit: str | None = None
    """Memory at most. Default: ``"1Gi"``. Source: storageInitializer.memoryLimit."""


class ServerImage(Spec):
    """The image of a prepackaged server for one protocol. Source: an entry of predictor_servers."""

    noun: ClassVar[str] = "server image"

    implementation: str
    """The server's name in Seldon's map: ``SKLEARN_SERVER``, or one of your own such as ``CATBOOST_SERVER``."""
    protocol: Protocol
    """The protocol for which it is used."""
    image: str
    """The image, without tag: ``seldonio/mlserver``. Source: image."""
    version: str
    """Its tag: ``1.3.5-sklearn``. Source: defaultImageVersion."""


class OperatorProcess(Spec):
    """The operator's own pod. Source: manager of the chart."""

    noun: ClassVar[str] = "operator"

    cpu_request: str | None = None
    """CPU that is kept for it. Default: ``"100m"``. Source: manager.cpuRequest."""
    cpu_limit: str | None = None
    """CPU at most. Default: ``"500m"``. Source: manager.cpuLimit."""
    memory_request: str | None = None
    """Memory that is kept for it. Default: ``"200Mi"``. Source: manager.memoryRequest."""
    memory_limit: str | None = None
    """Memory at most. Default: ``"300Mi"``; raise it for some hundred deployments. Source: manager.memoryLimit."""
    log_level: LogLevel | None = None
    """From which weight on it logs. Default: ``INFO``. Source: manager.logLevel."""


class SeldonCore(Spec):
    """Seldon Core's operator with its CRD and admission webhook. Source: chart seldon-core-operator.

    ``SeldonCore(existing=True)`` says that somebody else installed it: nothing of it is declared then.
    """

    noun: ClassVar[str] = "SeldonCore"

    existing: bool = False
    """Whether it is there already; what is declared beside is what the rules hold deployments to. Default: False."""
    version: str = LAST_APACHE_CORE
    """Its version, and its chart's. Default: 1.17.1, the last under Apache-2.0."""
    licence: Licence = "Apache-2.0"
    """Terms that you accept; a ``version`` later than 1.17.1 needs ``BSL-1.1``. Default: Apache-2.0."""
    namespace: str = "seldon-system"
    """Namespace of the operator. Default: ``seldon-system``."""
    chart: Chart | None = None
    """The chart, where it is not Seldon's own: a mirror, a folder. Default: seldon-core-operator from Seldon's
    repository."""
    crd: bool = True
    """Whether the chart brings the CRD; False where somebody else owns it. Default: True. Source: crd.create."""
    webhook_certificate: WebhookCertificate = "chart"
    """Who makes the webhook's certificate: ``chart`` makes one that is good for a year and renewed by every change of
    the release, ``cert-manager`` needs cert-manager on the cluster and renews by itself. Default: ``chart``.
    Source: certManager.enabled."""
    webhook_port: int | None = None
    """Port of the webhook in the operator's pod. Default: 4443. Source: webhook.port."""
    single_namespace: bool = False
    """Whether it sees to deployments of its own namespace alone. Default: False. Source: singleNamespace."""
    controller_id: str | None = None
    """Which operator it is, where a cluster has several: it sees to deployments with the same ``controller_id``.
    Default: the one without id. Source: controllerId."""
    keda: bool = False
    """Whether deployments may be scaled by KEDA, which has to be on the cluster. Default: False.
    Source: keda.enabled."""
    default_user: int | None = 8888
    """User id of all pods; None leaves it to the cluster, as OpenShift wants it. Default: 8888.
    Source: defaultUserID."""
    usage_metrics: bool = False
    """Whether it reports anonymous usage to Seldon. Default: False. Source: usageMetrics.enabled."""
    executor: Executor | None = None
    """The orchestrators. Default: as the chart has them."""
    storage_initializer: StorageInitializer | None = None
    """What fetches model files. Default: as the chart has it."""
    servers: Many[ServerImage] = ()
    """Images of prepackaged servers that differ from the chart's, or servers of your own. Default: the chart's.
    Source: predictor_servers."""
    explainer_image: str | None = None
    """Image of explainers on protocol seldon. Default: seldonio/alibiexplainer in the operator's version.
    Source: explainer.image."""
    explainer_image_v2: str | None = None
    """Image of explainers on protocol v2. Default: the chart's, seldonio/mlserver:1.3.5-alibi-explain.
    Source: explainer.image_v2."""
    operator: OperatorProcess | None = None
    """The operator's own pod. Default: as the chart has it."""
    values: JsonObject = {}  # noqa: RUF012 (pydantic copies it)
    """Further values of the chart, for what has no field here. Default: none."""
