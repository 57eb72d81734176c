"""Rules about how many pods there are: autoscaling, and what a drain must leave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_infra.core.model import is_known, known
from seldon_infra.core.names import is_subdomain
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_duration, parse_percent, parse_quantity
from seldon_infra.graph.rules.place import InPredictor, below, listed, nodes_in, server_of, used_twice
from seldon_infra.graph.spec import (
    ContainerMetric,
    ExternalMetric,
    ObjectMetric,
    PodsMetric,
    ResourceMetric,
)
from seldon_infra.servers.spec import TritonServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import Hpa, Keda, MetricTarget, Node, Pdb, QueueTime

_TARGETS = ("average_utilization", "average_value", "value")
_AIMS: dict[type[object], tuple[str, ...]] = {
    ResourceMetric: ("average_utilization", "average_value"),
    ContainerMetric: ("average_utilization", "average_value"),
    PodsMetric: ("average_value",),
    ObjectMetric: ("average_value", "value"),
    ExternalMetric: ("average_value", "value"),
}
_KEDA_MOST = 100
"""What KEDA takes for the most pods where nothing is said."""
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_METRIC = re.compile(r"[^\s/%]+\Z")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*\Z", re.ASCII)
_API_VERSION = re.compile(r"([a-z0-9.-]+/)?v[0-9]+((alpha|beta)[0-9]+)?\Z", re.ASCII)


@dataclass(frozen=True)
class _Scaled:
    """Pods that scale together: a predictor's shared ones, or those of one node."""

    path: str
    replicas: Later[int] | None
    hpa: Hpa | None
    keda: Keda | None
    pdb: Pdb | None
    nodes: tuple[Node, ...]


def one_decides(at: InPredictor) -> Iterator[Problem]:
    """Two who set the number of pods undo each other's work."""
    for pods in _scaled(at):
        given = [
            field
            for field, value in (("replicas", pods.replicas), ("hpa", pods.hpa), ("keda", pods.keda))
            if value is not None
        ]
        if len(given) > 1:
            got = f"{listed(given, 'and')} {'are both' if len(given) == 2 else 'are all'} given"
            fix = f"remove {listed(given[:-1], 'and')}"
            yield Problem(pods.path, got, "must be one of them, because each sets the number of pods", fix)


def hpa(at: InPredictor) -> Iterator[Problem]:
    """An autoscaler has bounds in order and something that decides."""
    for pods in _scaled(at):
        if pods.hpa is None:
            continue
        least, most = pods.hpa.min_replicas, pods.hpa.max_replicas
        yield from below(pods.path, "hpa.min_replicas", least, 1)
        yield from below(pods.path, "hpa.max_replicas", most, 1)
        yield from _in_order(pods.path, ("hpa.min_replicas", least), ("hpa.max_replicas", most))
        if not pods.hpa.metrics:
            fix = "write metrics=[ResourceMetric(name='cpu', target=MetricTarget(average_utilization=80))]"
            yield Problem(pods.path, "hpa.metrics is empty", "must name at least one metric", fix)


def hpa_metrics(at: InPredictor) -> Iterator[Problem]:
    """A metric aims for one value, of a kind that it has, on something that there is."""
    for pods in _scaled(at):
        for index, metric in enumerate(pods.hpa.metrics if pods.hpa else ()):
            field = f"hpa.metrics[{index}]"
            yield from _target(pods.path, f"{field}.target", metric.target, _AIMS.get(type(metric), _TARGETS))
            match metric:
                case ContainerMetric():
                    yield from _container(pods, field, metric)
                case ResourceMetric():
                    yield from _requests_set(at, pods, field, metric)
                case _:
                    yield from _metric_name(pods.path, field, metric)


def keda(at: InPredictor) -> Iterator[Problem]:
    """An autoscaler by events has events, and bounds in order."""
    for pods in _scaled(at):
        if pods.keda is None:
            continue
        if not pods.keda.triggers and not pods.keda.queue_time:
            fix = "write triggers=[KedaTrigger(type='prometheus', metadata={…})]"
            yield Problem(pods.path, "keda.triggers is empty", "must name at least one trigger", fix)
        yield from _keda_numbers(pods.path, pods.keda)
        yield from _triggers(pods.path, pods.keda)
        names = [name for name in (known(trigger.name) for trigger in pods.keda.triggers) if name is not None]
        for name in used_twice(names):
            yield Problem(pods.path, f"keda.triggers name '{name}' is used twice", "must be unique", "rename one")


def pod_replicas(at: InPredictor) -> Iterator[Problem]:
    """There are no fewer than no pods of a node either."""
    for inner in nodes_in(at):
        if inner.node.pod:
            yield from below(inner.path, "pod.replicas", inner.node.pod.replicas, 0)


def pdb(at: InPredictor) -> Iterator[Problem]:
    """A disruption budget says one thing, as a number or a share."""
    for pods in _scaled(at):
        if pods.pdb is None:
            continue
        given = {"min_available": pods.pdb.min_available, "max_unavailable": pods.pdb.max_unavailable}
        count = sum(value is not None for value in given.values())
        if count != 1:
            got = "pdb has both min_available and max_unavailable" if count else "pdb is empty"
            fix = "remove min_available" if count else "write max_unavailable=1"
            yield Problem(pods.path, got, "must have exactly one of min_available and max_unavailable", fix)
        for field, value in given.items():
            if is_known(value) and not _is_share(value):
                want = "must be a number of pods from 0, or a share such as '50%'"
                yield Problem(pods.path, f"pdb.{field} {value!r}", want, f"write {field}=1")


def _scaled(at: InPredictor) -> Iterator[_Scaled]:
    predictor = at.predictor
    served = [inner for inner in nodes_in(at) if server_of(inner.node)]
    shared = tuple(inner.node for inner in served if inner.node.pod is None)
    yield _Scaled(at.path, predictor.replicas, predictor.hpa, predictor.keda, predictor.pdb, shared)
    for inner in served:
        pod = inner.node.pod
        if pod is not None:
            yield _Scaled(inner.path, pod.replicas, pod.hpa, pod.keda, pod.pdb, (inner.node,))


def _in_order(
    path: str, least: tuple[str, Later[int] | None], most: tuple[str, Later[int] | None]
) -> Iterator[Problem]:
    low, high = known(least[1]), known(most[1])
    if low is not None and high is not None and low > high:
        name = most[0].rpartition(".")[2]
        yield Problem(path, f"{least[0]} {low} over {most[0]} {high}", "must be at most that", f"write {name}={low}")


def _target(path: str, field: str, target: MetricTarget, allowed: Sequence[str]) -> Iterator[Problem]:
    given = [name for name in _TARGETS if getattr(target, name) is not None]
    if len(given) != 1 or given[0] not in allowed:
        got = f"{field} has {listed(given, 'and')}" if given else f"{field} is empty"
        want = f"must have {listed(allowed)}, one of them" if len(allowed) > 1 else f"must have {allowed[0]} alone"
        yield Problem(path, got, want, f"write {allowed[0]}=…")
        return
    yield from below(path, f"{field}.average_utilization", target.average_utilization, 1)
    for name in ("average_value", "value"):
        value = known(getattr(target, name))
        amount = None if value is None else parse_quantity(value)
        if value is not None and (amount is None or amount <= 0):
            want = "must be a quantity of Kubernetes" if amount is None else "must be more than 0"
            yield Problem(path, f"{field}.{name} {value!r}", want, f"write {name}='500m' or a number")


def _metric_name(path: str, field: str, metric: PodsMetric | ObjectMetric | ExternalMetric) -> Iterator[Problem]:
    name = known(metric.name)
    if name is not None and not _METRIC.match(name):
        want = "must be one without blanks, '/' and '%'"
        yield Problem(path, f"{field}.name {name!r}", want, "rename the metric")
    if isinstance(metric, ObjectMetric):
        yield from _object(path, field, metric)


def _object(path: str, field: str, metric: ObjectMetric) -> Iterator[Problem]:
    parts: tuple[tuple[str, Later[str], Callable[[str], object], str], ...] = (
        ("api_version", metric.api_version, _API_VERSION.match, "v1"),
        ("kind", metric.kind, _KIND.match, "Service"),
        ("object_name", metric.object_name, is_subdomain, "name"),
    )
    for name, value, fits, example in parts:
        if is_known(value) and not fits(value):
            want = "must name an object of Kubernetes"
            yield Problem(path, f"{field}.{name} {value!r}", want, f"write {name}='{example}'")


def _container(pods: _Scaled, field: str, metric: ContainerMetric) -> Iterator[Problem]:
    name, there = known(metric.container), [node.name for node in pods.nodes]
    if name is not None and name not in there:
        fix = f"nodes there are: {', '.join(there)}"
        yield Problem(pods.path, f"{field}.container '{name}'", "must be the name of a node in these pods", fix)


def _requests_set(at: InPredictor, pods: _Scaled, field: str, metric: ResourceMetric) -> Iterator[Problem]:
    """A utilization is a share of what is requested; without requests, which the library adds, nothing is scaled."""
    if metric.target.average_utilization is None or at.deployment.pod_defaults == "restricted":
        return
    without = [f"'{node.name}'" for node in pods.nodes if not _sets(node, metric.name)]
    if without:
        got = f"{field} aims for a utilization of {metric.name}, which {listed(without, 'and')} does not request"
        fix = f"write resources=Resources(requests=Amounts({metric.name}=…)) on {listed(without, 'and')}"
        yield Problem(pods.path, got, f"must have requests.{metric.name} on each node", fix)


def _sets(node: Node, name: str) -> bool:
    resources = node.resources
    amounts = (resources.requests, resources.limits) if resources else ()
    return any(getattr(amount, name) is not None for amount in amounts if amount)


def _triggers(path: str, keda: Keda) -> Iterator[Problem]:
    for index, trigger in enumerate(keda.triggers):
        field, kind = f"keda.triggers[{index}]", trigger.type
        if is_known(kind) and not kind.strip():
            want = "must be the name of one of KEDA's scalers"
            yield Problem(path, f"{field}.type {kind!r}", want, "write type='prometheus'")
        yield from _authentication(path, field, trigger.authentication_ref)


def _authentication(path: str, field: str, reference: Later[str] | None) -> Iterator[Problem]:
    if is_known(reference) and not is_subdomain(reference):
        got = f"{field}.authentication_ref {reference!r}"
        yield Problem(path, got, "must be the name of a Kubernetes object", "change authentication_ref")


def queue_time(at: InPredictor) -> Iterator[Problem]:
    """Prometheus has to be found, to choose one model's series, and to have some."""
    for pods in _scaled(at):
        if pods.keda is None or pods.keda.queue_time is None:
            continue
        yield from _query(pods.path, pods.keda.queue_time)
        yield from _authentication(pods.path, "keda.queue_time", pods.keda.queue_time.authentication_ref)
        if not pods.keda.triggers:
            yield from _always_one(pods.path, pods.keda)
        if not any(isinstance(node.server, TritonServer) for node in pods.nodes):
            want = "must be of pods with a TritonServer, which alone has it"
            yield Problem(pods.path, "keda.queue_time is given", want, "write triggers=[KedaTrigger(…)]")


def _query(path: str, waiting: QueueTime) -> Iterator[Problem]:
    address = known(waiting.prometheus)
    if address is not None and not address.startswith(("http://", "https://")):
        got, fix = f"keda.queue_time.prometheus {address!r}", "write prometheus='http://prometheus.monitoring:9090'"
        yield Problem(path, got, "must be the address of Prometheus", fix)
    if not waiting.labels:
        fix = "write labels={'namespace': …, 'model': …}"
        yield Problem(path, "keda.queue_time.labels is empty", "must choose the series of one model", fix)
    for name, value in waiting.labels.items():
        if not _LABEL.match(name) or '"' in value or "\\" in value:
            got = f"keda.queue_time.labels {name}={value!r}"
            yield Problem(path, got, "must be a label of Prometheus and its plain value", f"change labels[{name!r}]")
    if not (seconds := parse_duration(waiting.window)) or seconds <= 0:
        yield Problem(path, f"keda.queue_time.window {waiting.window!r}", "must be a duration", "write window='1m'")
    yield from below(path, "keda.queue_time.milliseconds", waiting.milliseconds, 1)


def _always_one(path: str, keda: Keda) -> Iterator[Problem]:
    """Nobody waits in a server that is not there, so nothing would ever start it."""
    least = 0 if keda.min_replica_count is None else known(keda.min_replica_count)
    if least == 0:
        got, want = f"keda.min_replica_count {least}", "must be 1 or more where queue time alone decides"
        yield Problem(path, got, want, "write min_replica_count=1, or add a trigger that starts the first pod")
    if keda.idle_replica_count is not None:
        want = "must not be given where queue time alone decides"
        yield Problem(path, "keda.idle_replica_count is given", want, "remove idle_replica_count")


def _keda_numbers(path: str, keda: Keda) -> Iterator[Problem]:
    yield from below(path, "keda.polling_interval", keda.polling_interval, 1)
    yield from below(path, "keda.cooldown_period", keda.cooldown_period, 0)
    yield from below(path, "keda.min_replica_count", keda.min_replica_count, 0)
    yield from below(path, "keda.max_replica_count", keda.max_replica_count, 1)
    yield from below(path, "keda.idle_replica_count", keda.idle_replica_count, 0)
    highest = _KEDA_MOST if keda.max_replica_count is None else keda.max_replica_count
    least, most = ("keda.min_replica_count", keda.min_replica_count), ("keda.max_replica_count", highest)
    yield from _in_order(path, least, most)
    idle, low = known(keda.idle_replica_count), known(keda.min_replica_count or 0)
    if idle is not None and low is not None and idle >= low:
        got, want = f"keda.idle_replica_count {idle}", f"must be less than min_replica_count {low}"
        yield Problem(path, got, want, f"write min_replica_count={idle + 1} or remove idle_replica_count")
    if keda.fallback:
        yield from below(path, "keda.fallback.failure_threshold", keda.fallback.failure_threshold, 1)
        yield from below(path, "keda.fallback.replicas", keda.fallback.replicas, 0)


def _is_share(value: object) -> bool:
    return value >= 0 if isinstance(value, int) else parse_percent(str(value)) is not None


PREDICTOR_RULES = (one_decides, pod_replicas, hpa, hpa_metrics, keda, queue_time, pdb)
