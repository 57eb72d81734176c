"""How many pods there are: autoscaling by Kubernetes or KEDA, and what a drain of nodes must leave."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.core.model import JsonObject, Later, Many, Spec


class MetricTarget(Spec):
    """The value of a metric that the autoscaler aims for; exactly one. Source: MetricTarget of autoscaling/v2."""

    noun: ClassVar[str] = "target"

    average_utilization: Later[int] | None = None
    """Percent of what pods request, on average: 80. For cpu and memory only. Default: none, another one is given."""
    average_value: Later[str | int] | None = None
    """Value per pod, on average, as a quantity: ``"500m"``. Default: none, another one is given."""
    value: Later[str | int] | None = None
    """Value of the whole metric, as a quantity: ``"10k"``. Default: none, another one is given."""


class ResourceMetric(Spec):
    """Use of cpu or memory by pods. Source: metricsv2[].resource."""

    noun: ClassVar[str] = "resource metric"

    name: Literal["cpu", "memory"]
    """Which resource."""
    target: MetricTarget
    """What to aim for."""


class ContainerMetric(Spec):
    """Use of cpu or memory by one container of each pod. Source: metricsv2[].containerResource."""

    noun: ClassVar[str] = "container metric"

    name: Literal["cpu", "memory"]
    """Which resource."""
    container: Later[str]
    """Which container: the name of a node."""
    target: MetricTarget
    """What to aim for."""


class PodsMetric(Spec):
    """A metric that each pod has, such as requests per second. Source: metricsv2[].pods."""

    noun: ClassVar[str] = "pods metric"

    name: Later[str]
    """The metric's name."""
    target: MetricTarget
    """What to aim for: ``average_value``."""
    selector: Mapping[str, Later[str]] = {}
    """Labels that narrow the metric. Default: none."""


class ObjectMetric(Spec):
    """A metric of another Kubernetes object. Source: metricsv2[].object."""

    noun: ClassVar[str] = "object metric"

    name: Later[str]
    """The metric's name."""
    target: MetricTarget
    """What to aim for: ``value`` or ``average_value``."""
    api_version: Later[str]
    """The object's API version: ``networking.k8s.io/v1``."""
    kind: Later[str]
    """The object's kind: ``Ingress``."""
    object_name: Later[str]
    """The object's name."""
    selector: Mapping[str, Later[str]] = {}
    """Labels that narrow the metric. Default: none."""


class ExternalMetric(Spec):
    """A metric from outside the cluster, such as a queue's length. Source: metricsv2[].external."""

    noun: ClassVar[str] = "external metric"

    name: Later[str]
    """The metric's name."""
    target: MetricTarget
    """What to aim for: ``value`` or ``average_value``."""
    selector: Mapping[str, Later[str]] = {}
    """Labels that narrow the metric. Default: none."""


class Hpa(Spec):
    """A HorizontalPodAutoscaler. Source: componentSpecs[].hpaSpec of the CRD v1, with metricsv2."""

    noun: ClassVar[str] = "hpa"

    max_replicas: Later[int]
    """Most pods."""
    min_replicas: Later[int] | None = None
    """Fewest pods. Default: 1."""
    metrics: Many[ResourceMetric | ContainerMetric | PodsMetric | ObjectMetric | ExternalMetric]
    """What decides, at least one; the metric that asks for most pods wins."""


class KedaTrigger(Spec):
    """An event source that scales pods. Source: kedaSpec.triggers[]."""

    noun: ClassVar[str] = "trigger"

    type: Later[str]
    """Kind of source: ``prometheus``, ``kafka``, ``cron``."""
    metadata: Mapping[str, Later[str]]
    """Settings of that source; all values are text."""
    name: Later[str] | None = None
    """The trigger's name. Default: none."""
    authentication_ref: Later[str] | None = None
    """Name of the TriggerAuthentication it uses. Default: none. Source: authenticationRef.name."""
    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = None
    """How the metric is read. Default: AverageValue. Source: metricType."""


class QueueTime(Spec):
    """Scale on how long requests wait in Triton until an instance takes them, on average, by Prometheus.

    Waiting is what grows when instances cannot keep up. Utilisation of a GPU says that it is busy, which one that keeps
    up is as well, and a CPU's says nothing of a GPU's. What counts is the whole average, not a part of it for each pod:
    more pods make it less, so it is compared as it is. Source: ``nv_inference_queue_duration_us`` and
    ``nv_inference_request_success`` in Triton's docs/user_guide/metrics.md; KEDA's scaler ``prometheus``.
    """

    noun: ClassVar[str] = "queue time"

    prometheus: Later[str]
    """Address of Prometheus as KEDA reaches it: ``http://prometheus.monitoring:9090``. Source: serverAddress."""
    labels: Mapping[str, str]
    """Labels that choose the series, as your Prometheus has them: ``{"namespace": "shop", "model": "score"}``; the
    model's name in Triton is ``model``. Two predictors with one model differ in ``pod`` or ``service`` alone."""
    milliseconds: int = 100
    """Average wait to aim for. Default: 100, which is what the Triton chart SuperSONIC takes
    (fastmachinelearning/SuperSONIC, ``_scaling-metric.tpl``); a model that computes for longer may let wait longer."""
    window: str = "1m"
    """Time over which the average is taken, as a duration. Default: ``"1m"``, four reads at Prometheus's usual 15 s, so
    that one slow request starts no pod."""
    authentication_ref: Later[str] | None = None
    """Name of the TriggerAuthentication it uses. Default: none. Source: authenticationRef.name."""


class KedaFallback(Spec):
    """Pods to run while a source cannot be read. Source: kedaSpec.fallback."""

    noun: ClassVar[str] = "fallback"

    failure_threshold: Later[int]
    """Failed reads in a row until it takes effect. Source: failureThreshold."""
    replicas: Later[int]
    """Pods to run then."""


class Keda(Spec):
    """A KEDA ScaledObject; KEDA must be on the cluster. Source: componentSpecs[].kedaSpec of the CRD v1."""

    noun: ClassVar[str] = "keda"

    triggers: Many[KedaTrigger] = ()
    """Event sources, at least one where there is no ``queue_time``. Default: none."""
    queue_time: QueueTime | None = None
    """Scaling of Triton on how long its requests wait, as one more trigger. Default: none."""
    polling_interval: Later[int] | None = None
    """Time between two reads of the sources, in seconds. Default: 30. Source: pollingInterval."""
    cooldown_period: Later[int] | None = None
    """Time without events until pods go to the fewest, in seconds. Default: 300. Source: cooldownPeriod."""
    min_replica_count: Later[int] | None = None
    """Fewest pods. Default: 0. Source: minReplicaCount."""
    max_replica_count: Later[int] | None = None
    """Most pods. Default: 100. Source: maxReplicaCount."""
    idle_replica_count: Later[int] | None = None
    """Pods while no trigger is active; less than ``min_replica_count``. Default: that. Source: idleReplicaCount."""
    fallback: KedaFallback | None = None
    """Pods while sources cannot be read. Default: no change."""
    advanced: JsonObject | None = None
    """KEDA's AdvancedConfig, as KEDA writes it: behaviour of the autoscaler, formulas. Default: none."""


class Pdb(Spec):
    """A PodDisruptionBudget: exactly one of the two. Source: componentSpecs[].pdbSpec of the CRD v1."""

    noun: ClassVar[str] = "pdb"

    min_available: Later[int | str] | None = None
    """Pods that a drain must leave: a number, or a share such as ``"50%"``. Default: none, the other one is
    given. Source: minAvailable."""
    max_unavailable: Later[int | str] | None = None
    """Pods that a drain may take: a number, or a share such as ``"50%"``. Default: none, the other one is
    given. Source: maxUnavailable."""


class PodTemplate(Spec):
    """Metadata of pods, and every field of a pod that the library does not wrap.

    ``spec`` is merged deeply into the PodSpec that is rendered: mappings key by key, lists of named things
    (containers, volumes, env) by name, everything else replaces. Containers are named as their nodes.
    """

    noun: ClassVar[str] = "pod"

    labels: Mapping[str, Later[str]] = {}
    """Labels of the pods. Default: none beside Seldon's. Source: componentSpecs[].metadata.labels."""
    annotations: Mapping[str, Later[str]] = {}
    """Annotations of the pods. Default: none. Source: componentSpecs[].metadata.annotations."""
    spec: JsonObject = {}  # noqa: RUF012 (pydantic copies it)
    """Fields of the PodSpec in Kubernetes' own words: ``{"nodeSelector": {"pool": "gpu"}}``. Default: none."""


class Pod(Spec):
    """A pod of its own for a node, apart from the predictor's other nodes. Source: a further componentSpecs[]."""

    noun: ClassVar[str] = "pod"

    replicas: Later[int] | None = None
    """Pods of this node. Default: the predictor's. Source: componentSpecs[].replicas."""
    hpa: Hpa | None = None
    """Autoscaling of this node. Default: none."""
    keda: Keda | None = None
    """Autoscaling of this node by events. Default: none."""
    pdb: Pdb | None = None
    """What a drain must leave of this node. Default: no budget."""
    template: PodTemplate | None = None
    """Metadata and everything that the library does not wrap. Default: none."""
