"""What is recorded of every deployment without asking, under names that dashboards and alerts share.

Records are named level:metric:operation, as Prometheus advises; the level says by what they are told apart: a predictor
by ``namespace``, ``deployment_name`` and ``predictor_name``, a node by ``model_name`` as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.graph.render_objects import service_of
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Predictor, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.monitoring.series import (
    ASKED_NODES,
    FAILED,
    OF_NODE,
    OF_PREDICTOR,
    REFUSED,
    REQUESTS,
    chosen,
    main_of,
    namespace_of,
    one_of,
    predictions,
    rate,
    record,
    share,
)
from seldon_infra.monitoring.workloads import pods, workloads
from seldon_infra.servers.spec import TritonServer

REQUEST_RATE = "predictor:seldon_requests:rate5m"
FAILED_SHARE = "predictor:seldon_requests_failed:ratio_rate5m"
REFUSED_SHARE = "predictor:seldon_requests_refused:ratio_rate5m"
SECONDS_P50, SECONDS_P99 = "predictor:seldon_request_seconds:p50_rate5m", "predictor:seldon_request_seconds:p99_rate5m"
FAILED_MORE = "predictor:seldon_requests_failed:over_main_rate5m"
TIMES_SLOWER = "predictor:seldon_request_seconds:p99_by_main_rate5m"
NODE_RATE = "node:seldon_requests:rate5m"
NODE_FAILED_SHARE = "node:seldon_requests_failed:ratio_rate5m"
NODE_SECONDS_P99 = "node:seldon_request_seconds:p99_rate5m"
QUEUE_SECONDS = "node:seldon_queue_seconds:mean_rate5m"
SENT_BYTES, GOT_BYTES = "predictor:seldon_request_bytes:mean_rate5m", "predictor:seldon_response_bytes:mean_rate5m"
GATEWAY_RATE = "predictor:seldon_gateway_requests:rate5m"
GATEWAY_FAILED_SHARE = "predictor:seldon_gateway_requests_failed:ratio_rate5m"
RESTARTS = "predictor:seldon_restarts:increase1h"


def by_orchestrators(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record what orchestrators count, on this machine and on clusters alike."""
    asked = predictions(deployment)
    whole = rate(f"{REQUESTS}_count", asked, OF_PREDICTOR)
    yield record(REQUEST_RATE, whole)
    for name, codes in ((FAILED_SHARE, FAILED), (REFUSED_SHARE, REFUSED)):
        part = rate(f"{REQUESTS}_count", predictions(deployment, f"code=~{one_of(codes)}"), OF_PREDICTOR)
        yield record(name, share(part, whole))
    for name, quantile in ((SECONDS_P50, 0.5), (SECONDS_P99, 0.99)):
        yield record(name, _quantile(quantile, REQUESTS, asked, OF_PREDICTOR))
    yield from _nodes(deployment)


def by_gateway(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record the same of predictors whose servers this machine's gateway asks itself: only it counts requests then."""
    own, time = chosen(deployment), "envoy_cluster_upstream_rq_time"
    whole = rate("envoy_cluster_upstream_rq_total", own, OF_PREDICTOR)
    yield record(REQUEST_RATE, whole)
    failed = rate("envoy_cluster_upstream_rq_xx", chosen(deployment, 'envoy_response_code_class="5"'), OF_PREDICTOR)
    yield record(FAILED_SHARE, share(failed, whole))
    for name, quantile in ((SECONDS_P50, 0.5), (SECONDS_P99, 0.99)):
        yield record(name, f"{_quantile(quantile, time, own, OF_PREDICTOR)} / 1e3")


def beside_main(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record how every other predictor, a canary or a shadow, differs from the one that answers most."""
    main = main_of(deployment)
    others = [each.name for each in deployment.predictors if each is not main]
    if not others:
        return
    theirs = f"{{{chosen(deployment, f'predictor_name=~{one_of(others)}')}}}"
    own = f"{{{chosen(deployment, _named(main))}}}"
    for name, measured, operator in ((FAILED_MORE, FAILED_SHARE, "-"), (TIMES_SLOWER, SECONDS_P99, "/")):
        yield record(name, f"{measured}{theirs} {operator} ignoring (predictor_name) group_left () {measured}{own}")


def in_queues(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record how long requests wait in Triton until an instance takes them. Source: its docs/user_guide/metrics.md."""
    if has_triton(deployment):
        waited = rate("nv_inference_queue_duration_us", chosen(deployment), OF_NODE)
        yield record(
            QUEUE_SECONDS, f"{waited} / 1e6 / {rate('nv_inference_request_success', chosen(deployment), OF_NODE)}"
        )


def has_triton(deployment: SeldonDeployment) -> bool:
    """Whether Triton runs a node of a deployment."""
    every = (node for each in deployment.predictors for node in nodes(each.graph))
    return any(isinstance(node.server, TritonServer) for node in every)


def _nodes(deployment: SeldonDeployment) -> Iterator[Manifest]:
    own = chosen(deployment)
    whole = rate(f"{ASKED_NODES}_count", own, OF_NODE)
    failed = rate(f"{ASKED_NODES}_count", chosen(deployment, f"code=~{one_of(FAILED)}"), OF_NODE)
    yield record(NODE_RATE, whole)
    yield record(NODE_FAILED_SHARE, share(failed, whole))
    yield record(NODE_SECONDS_P99, _quantile(0.99, ASKED_NODES, own, OF_NODE))


def behind_envoy(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record what this machine's gateway counts, by predictor; source: Envoy's statistics of clusters."""
    own = chosen(deployment)
    whole = rate("envoy_cluster_upstream_rq_total", own, OF_PREDICTOR)
    failed = rate("envoy_cluster_upstream_rq_xx", chosen(deployment, 'envoy_response_code_class="5"'), OF_PREDICTOR)
    yield record(GATEWAY_RATE, whole)
    yield record(GATEWAY_FAILED_SHARE, share(failed, whole))
    for name, part in ((SENT_BYTES, "rq"), (GOT_BYTES, "rs")):
        yield record(name, _mean(f"envoy_cluster_upstream_{part}_body_size", own))


def behind_istio(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record what Istio's gateway counts; source: its standard metrics, of which the gateway is the reporter."""
    for predictor in deployment.predictors:
        to = (
            f'reporter="source", destination_service_name="{service_of(deployment, predictor)}", '
            f'destination_service_namespace="{namespace_of(deployment)}"'
        )
        labels = _labels(deployment, predictor)
        whole = rate("istio_requests_total", to, ())
        yield record(GATEWAY_RATE, whole, **labels)
        failed = rate("istio_requests_total", f'{to}, response_code=~"5.."', ())
        yield record(GATEWAY_FAILED_SHARE, share(failed, whole), **labels)
        for name, metric in ((SENT_BYTES, "istio_request_bytes"), (GOT_BYTES, "istio_response_bytes")):
            yield record(name, _mean(metric, to, ()), **labels)


def processes(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record restarts on this machine, of processes that say when they began."""
    changed = f"changes(process_start_time_seconds{{{chosen(deployment)}}}[1h])"
    yield record(RESTARTS, f"sum by ({', '.join(OF_PREDICTOR)}) ({changed})")


def containers(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Record restarts on a cluster, as kube-state-metrics counts them."""
    for predictor in deployment.predictors:
        own = f'namespace="{namespace_of(deployment)}", pod=~{pods(workloads(deployment, predictor))}'
        restarted = f"sum (increase(kube_pod_container_status_restarts_total{{{own}}}[1h]))"
        yield record(RESTARTS, restarted, **_labels(deployment, predictor))


def _quantile(quantile: float, metric: str, matchers: str, by: tuple[str, ...]) -> str:
    return f"histogram_quantile({quantile:g}, {rate(f'{metric}_bucket', matchers, (*by, 'le'))})"


def _mean(metric: str, matchers: str, by: tuple[str, ...] = OF_PREDICTOR) -> str:
    return f"{rate(f'{metric}_sum', matchers, by)} / {rate(f'{metric}_count', matchers, by)}"


def _named(predictor: Predictor) -> str:
    return f'predictor_name="{predictor.name}"'


def _labels(deployment: SeldonDeployment, predictor: Predictor) -> dict[str, str]:
    return dict(zip(OF_PREDICTOR, (namespace_of(deployment), deployment.name, predictor.name), strict=True))
