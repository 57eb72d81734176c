"""What Prometheus reads: the histograms of Seldon's executor, under the same names and labels."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, ProcessCollector
from prometheus_client.core import SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from seldon_infra.runtime.orchestrator.config import Config, Unit
from seldon_infra.runtime.orchestrator.failures import Failure

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of the histograms' buckets: the executor's, and two below. Source: DefBuckets of executor/api/metric."""
NO_ARM = "none"
"""Stands for the arm of requests that are no part of an experiment, for they have no key."""
UNARY = "unary"
"""The method of gRPC's requests."""
_DEPLOYMENT = ("deployment_name", "predictor_name", "predictor_version", "service")
_SERVER = (*_DEPLOYMENT, "method", "code")
_PAYLOADS = ("deployment_name", "predictor_name", "model_name", "outcome")
_CLIENT = (*_DEPLOYMENT, "model_name", "model_image", "model_version", "method", "code")


class Metrics:
    """The measurements of one orchestrator."""

    def __init__(self, config: Config) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._server = _histogram("server", _SERVER, self._registry)
        self._client = _histogram("client", _CLIENT, self._registry)
        self._payloads = Counter(
            "seldon_infra_payloads", "Payloads on their way to the payload log", _PAYLOADS, registry=self._registry
        )
        self._of = (config.deployment, config.predictor, config.predictor_version)
        self._exposures: Counter | None = None
        self._spans: Counter | None = None

    def answered(self, service: str, method: str, code: str, seconds: float) -> None:
        """Count one request of a client."""
        self._server.labels(*self._of, service, method, code).observe(seconds)

    @contextmanager
    def asking(self, unit: Unit, service: str, method: str) -> Iterator[None]:
        """Count one request to a node, under the status that it got."""
        began, code = time.perf_counter(), succeeded(method)
        try:
            yield
        except Failure as failure:
            code = failed(method, failure)
            raise
        finally:
            labels = (*self._of, service, unit.name, *_image(unit), method, code)
            self._client.labels(*labels).observe(time.perf_counter() - began)

    def exposed(self, experiment: str, round: str, arm: str) -> None:
        """Count one request that met an arm of an experiment."""
        if self._exposures is None:
            self._exposures = exposures_counter(self._registry)
        self._exposures.labels(*self._of[:2], experiment, round, arm).inc()

    def payloads(self, node: str, outcome: str, count: int) -> None:
        """Count payloads of a node by what became of them."""
        self._payloads.labels(*self._of[:2], node, outcome).inc(count)

    def span_ended(self) -> None:
        """Count one span; one that is neither sent nor lost later found no room to wait."""
        self._counted_spans.labels("ended").inc()

    def spans_sent(self, outcome: str, count: int) -> None:
        """Count spans that the collector took (``sent``) or did not (``lost``)."""
        self._counted_spans.labels(outcome).inc(count)

    @property
    def _counted_spans(self) -> Counter:
        """Made with the first span: who traces nothing sees nothing of it."""
        if self._spans is None:
            said = "Spans by what became of them: ended; sent to the collector, or lost for it did not take them"
            self._spans = Counter("seldon_infra_spans", said, ("outcome",), registry=self._registry)
        return self._spans

    def page(self) -> tuple[bytes, bytes]:
        """The text that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST.encode()


def succeeded(method: str) -> str:
    """The label of a request that got its answer, as the executor writes it: HTTP's status, or gRPC's name in Go."""
    return "OK" if method == UNARY else "200"


def failed(method: str, failure: Failure) -> str:
    """The label of a request that failed."""
    return failure.code.name.title().replace("_", "") if method == UNARY else str(failure.status)


def exposures_counter(registry: CollectorRegistry) -> Counter:
    """The counter of requests by the arm of an experiment, the same wherever a router runs."""
    labels = ("deployment_name", "predictor_name", "experiment", "round", "arm")
    return Counter("seldon_experiment_exposures", "Requests by the arm that they met", labels, registry=registry)


def _histogram(side: str, labels: tuple[str, ...], registry: CollectorRegistry) -> Histogram:
    name = f"seldon_api_executor_{side}_requests_seconds"
    said = {"server": "How long clients wait for answers", "client": "How long nodes take to answer"}[side]
    histogram = Histogram(name, said, labels, registry=registry, buckets=SECONDS)
    registry.register(_Summary(name, said, histogram))
    return histogram


class _Summary(Collector):
    """The executor's second metric of the same requests: what its histogram counts already, without quantiles.

    Source: doc/source/analytics/analytics.md of SeldonIO/seldon-core 1.17.1.
    """

    def __init__(self, name: str, said: str, histogram: Histogram) -> None:
        self._name, self._said, self._histogram = f"{name}_summary", said, histogram

    def collect(self) -> Iterator[Metric]:
        """Give it when somebody reads, so that no request pays for it."""
        found = SummaryMetricFamily(self._name, self._said)
        for metric in self._histogram.collect():
            for sample in metric.samples:
                part = sample.name.rpartition("_")[2]
                if part in ("count", "sum"):
                    found.add_sample(f"{self._name}_{part}", sample.labels, sample.value)
        yield found


def _image(unit: Unit) -> tuple[str, str]:
    name, _, version = unit.image.partition(":")
    return name, version
