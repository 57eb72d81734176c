"""Alerts that each watched deployment has without asking, each with what to look at first.

They are tickets: none of them says that a promise is being broken, which is what wakes somebody up.
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import known
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Alerts, SeldonDeployment
from seldon_infra.monitoring.measured import (
    FAILED_MORE,
    QUEUE_SECONDS,
    REFUSED_SHARE,
    REQUEST_RATE,
    TIMES_SLOWER,
    has_triton,
)
from seldon_infra.monitoring.series import (
    OF_DEPLOYMENT,
    REQUESTS,
    answering,
    chosen,
    namespace_of,
    one_of,
    predictions,
    rate,
    title_of,
)
from seldon_infra.monitoring.workloads import autoscalers, replica_sets, workloads

_REFUSED = 0.01
"""Share of the requests that may be refused because there are too many."""
_DAY = 86400


def everywhere(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Alerts about what orchestrators and model servers count, on this machine and on clusters alike."""
    said = deployment.alerts or Alerts()
    yield no_requests(deployment)
    yield _refuses(deployment)
    if has_triton(deployment):
        yield _waits(deployment, said)
    if any(each.shadow for each in deployment.predictors):
        yield _shadow_differs(deployment, said)


def on_clusters(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Alerts about what kube-state-metrics tells of Kubernetes' objects."""
    scaled = [name for each in deployment.predictors for name in autoscalers(deployment, each)]
    if scaled:
        yield _at_most_replicas(deployment, scaled)
    days = known(deployment.alerts.stale_after_days) if deployment.alerts else None
    if days is not None:
        yield _stale(deployment, days)


def no_requests(deployment: SeldonDeployment) -> Manifest:
    """Somebody asked at this time yesterday, and nobody does today."""
    asked = predictions(deployment, answering(deployment))
    before, now = (rate(f"{REQUESTS}_count", asked, OF_DEPLOYMENT, "30m", ago) for ago in ("1d", ""))
    return _ticket(
        "SeldonGetsNoRequests",
        f"{before} > 0 unless {now} > 0",
        f"{title_of(deployment)} gets no requests, where it had some at this time yesterday",
        "Nobody can tell whether it keeps its promises. Look at what leads to it, the ingress and its clients first; "
        "then at whether Prometheus still reaches its pods (`up`).",
    )


def _refuses(deployment: SeldonDeployment) -> Manifest:
    return _ticket(
        "SeldonRefusesRequests",
        f"{REFUSED_SHARE}{{{chosen(deployment, answering(deployment))}}} > {_REFUSED:g}",
        f"{title_of(deployment)} refuses requests, because it has as many at once as it may have",
        "{{ $value | humanizePercentage }} of the requests to predictor {{ $labels.predictor_name }} end with 429 or "
        "ResourceExhausted.\n"
        f"1. Compare {REQUEST_RATE} with last week's: if it grew, raise `replicas`, or what the autoscaler may add.\n"
        "2. If it did not, some node became slow: node:seldon_request_seconds:p99_rate5m tells which.\n"
        "3. On this machine Local(max_in_flight=…) is the limit.",
    )


def _waits(deployment: SeldonDeployment, said: Alerts) -> Manifest:
    text = known(said.queue_time) or "500ms"
    return _ticket(
        "SeldonRequestsWait",
        f"{QUEUE_SECONDS}{{{chosen(deployment)}}} > {float(parse_duration(text) or 0):g}",
        f"requests to {title_of(deployment)} wait more than {text} until an instance of the model takes them",
        "They wait {{ $value | humanizeDuration }} in Triton before node {{ $labels.model_name }}, on average.\n"
        "1. More instances of the model on the same machine (`instance_groups`) if the GPU or the cores are not busy.\n"
        "2. More pods if they are: raise `replicas`, or scale by `keda=Keda(queue_time=QueueTime(…))`.\n"
        "3. If batches are small, a longer delay of `dynamic_batching` makes fewer and larger ones.",
    )


def _shadow_differs(deployment: SeldonDeployment, said: Alerts) -> Manifest:
    points, times = known(said.shadow_failures) or 1.0, known(said.shadow_times_slower) or 2.0
    shadows = one_of(each.name for each in deployment.predictors if each.shadow)
    own = f"{{{chosen(deployment, f'predictor_name=~{shadows}')}}}"
    return _ticket(
        "SeldonShadowDiffers",
        f"{FAILED_MORE}{own} > {points / 100:.6g} or {TIMES_SLOWER}{own} > {times:g}",
        f"a shadow of {title_of(deployment)} fails more often or is slower than what answers",
        f"Predictor {{{{ $labels.predictor_name }}}} gets copies of the same requests, and more than {points:g} "
        f"percentage points more of them fail, or its 99th percentile is more than {times:g} times as long.\n"
        "1. Do not give it traffic yet.\n"
        "2. `seldon-infra logs` shows what it says of requests that the other predictor answers.\n"
        "3. What it answers is not compared: for that look at the payload log.",
    )


def _at_most_replicas(deployment: SeldonDeployment, names: list[str]) -> Manifest:
    own = f'{{namespace="{namespace_of(deployment)}", horizontalpodautoscaler=~{one_of(names)}}}'
    of = "kube_horizontalpodautoscaler"
    reached = f"{of}_status_current_replicas{own} >= {of}_spec_max_replicas{own}"
    return _ticket(
        "SeldonHasAllReplicas",
        f"{reached} and {of}_status_desired_replicas{own} >= {of}_spec_max_replicas{own}",
        f"{title_of(deployment)} has as many pods as its autoscaler may make",
        "Autoscaler {{ $labels.horizontalpodautoscaler }} asks for {{ $value }} pods, its most: further load makes "
        "requests slower.\n"
        "1. Raise `max_replicas` if the cluster has room (`seldon-infra plan` says what a change asks for).\n"
        "2. If load did not grow, look for a node that became slow: node:seldon_request_seconds:p99_rate5m.",
    )


def _stale(deployment: SeldonDeployment, days: int) -> Manifest:
    names = [name for each in deployment.predictors for name in workloads(deployment, each)]
    own = f'{{namespace="{namespace_of(deployment)}", replicaset=~{replica_sets(names)}}}'
    runs = f"kube_replicaset_created{own} and kube_replicaset_spec_replicas{own} > 0"
    return _ticket(
        "SeldonModelIsStale",
        f"time() - max by (namespace) ({runs}) > {days * _DAY}",
        f"{title_of(deployment)} runs unchanged for more than {days} days",
        "Its pods are {{ $value | humanizeDuration }} old by their ReplicaSet, and its models at least as old.\n"
        "1. Train it on newer data, or show that it still answers well, on labelled data of last month.\n"
        "2. If it is meant to stay, raise `stale_after_days`.",
    )


def _ticket(alert: str, expression: str, summary: str, description: str) -> Manifest:
    return {
        "alert": alert,
        "expr": expression,
        "for": "15m",
        "labels": {"severity": "ticket"},
        "annotations": {"summary": summary, "description": description},
    }
