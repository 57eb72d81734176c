"""What each deployment has without asking, as Prometheus itself evaluates it: records, and which alerts fire."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.graph.spec import Alerts, Amounts, Hpa, MetricTarget, ResourceMetric, Resources
from seldon_infra.monitoring import rules
from seldon_infra.servers.spec import TritonServer
from tests.judges import promtool
from tests.judges.promtool import series
from tests.unit.graph.check.build import deployment, model, predictor

pytestmark = pytest.mark.judges

SERVER, NODE = "seldon_api_executor_server_requests_seconds", "seldon_api_executor_client_requests_seconds"
_BUSY = Hpa(max_replicas=5, metrics=[ResourceMetric(name="cpu", target=MetricTarget(average_utilization=80))])
WATCHED = deployment(
    predictor("main", graph=model(server=TritonServer(), resources=Resources(limits=Amounts(gpu=1))), hpa=_BUSY),
    predictor("next", shadow=True, graph=model(server=TritonServer())),
    namespace="shop",
    protocol="v2",
    alerts=Alerts(queue_time="200ms", stale_after_days=30),
)
ON_CLUSTER = rules.on_cluster(WATCHED)
POD = "fraud-main-0-score-6f7c9d5b8-x2x4z"
DAY = 24 * 60


def counted(values: str, who: str = "main", code: str = "200", name: str = f"{SERVER}_count", **more: str) -> Any:
    of = {"namespace": "shop", "deployment_name": "fraud", "predictor_name": who}
    return series(name, values, **of, service="predictions", method="post", code=code, **more)


def taking(milliseconds: int, who: str, per_minute: int = 60) -> list[dict[str, str]]:
    """Requests that take so long, in two buckets of the executor's histogram."""
    slow = "0.1" if milliseconds <= 100 else "2.5"
    bounds = [bound for bound in ("0.05", "0.1", "2.5", "+Inf") if float(bound) >= float(slow)]
    buckets = [counted(f"0+{per_minute}x90", who, name=f"{SERVER}_bucket", le=bound) for bound in bounds]
    return [counted(f"0+{per_minute}x90", who), *buckets]


def triton(per_request_us: int, values: str = "0+60x90") -> list[dict[str, str]]:
    of = {"namespace": "shop", "deployment_name": "fraud", "predictor_name": "main", "model_name": "score"}
    waited = series("nv_inference_queue_duration_us", f"0+{60 * per_request_us}x90", **of, model="score")
    return [waited, series("nv_inference_request_success", values, **of, model="score")]


def autoscaled(current: int, desired: int) -> list[dict[str, str]]:
    name = "kube_horizontalpodautoscaler"
    of = {"namespace": "shop", "horizontalpodautoscaler": "fraud-main-0-score"}
    numbers = {"status_current_replicas": current, "status_desired_replicas": desired, "spec_max_replicas": 5}
    return [series(f"{name}_{part}", f"{number}x90", **of) for part, number in numbers.items()]


def replica_set(created: int, replicas: int, name: str = "fraud-main-0-score-6f7c9d5b8") -> list[dict[str, str]]:
    of = {"namespace": "shop", "replicaset": name}
    return [
        series("kube_replicaset_created", f"{created}x140", **of),
        series("kube_replicaset_spec_replicas", f"{replicas}x140", **of),
    ]


def gpu(name: str, values: str, prefix: str = "") -> list[dict[str, str]]:
    of = {f"{prefix}namespace": "shop", f"{prefix}pod": POD, "gpu": "0", "Hostname": "node-1"}
    return [series(name, values, **of)]


UTIL, THERMAL = "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_THERMAL_VIOLATION"
OK, SHADOWS_OK = counted("0+94x90"), counted("0+94x90", "next")
MANY = [OK, counted("0+6x90", code="429")]
FAILING, SHADOW_FAILING = counted("0+6x90", code="500"), counted("0+6x90", "next", "500")
CASES: dict[str, tuple[str, list[dict[str, str]], str, bool]] = {
    "refuses": ("SeldonRefusesRequests", MANY, "40m", True),
    "refuses over grpc": ("SeldonRefusesRequests", [OK, counted("0+6x90", code="ResourceExhausted")], "40m", True),
    "a shadow may refuse": ("SeldonRefusesRequests", [OK, counted("0+6x90", "next", "429")], "40m", False),
    "refuses hardly any": ("SeldonRefusesRequests", [counted("0+999x90"), counted("0+1x90", code="429")], "40m", False),
    "waits": ("SeldonRequestsWait", triton(300_000), "40m", True),
    "waits a little": ("SeldonRequestsWait", triton(100_000), "40m", False),
    "nobody waits where nobody asks": ("SeldonRequestsWait", triton(0, "5x90"), "40m", False),
    "all pods": ("SeldonHasAllReplicas", autoscaled(5, 5), "30m", True),
    "pods go again": ("SeldonHasAllReplicas", autoscaled(5, 4), "30m", False),
    "some pods": ("SeldonHasAllReplicas", autoscaled(4, 4), "30m", False),
    "the shadow fails": (
        "SeldonShadowDiffers",
        [OK, SHADOWS_OK, SHADOW_FAILING],
        "40m",
        True,
    ),
    "both fail": (
        "SeldonShadowDiffers",
        [OK, FAILING, SHADOWS_OK, SHADOW_FAILING],
        "40m",
        False,
    ),
    "the shadow is slow": ("SeldonShadowDiffers", [*taking(100, "main"), *taking(2000, "next")], "40m", True),
    "what answers is slow": ("SeldonShadowDiffers", [*taking(2000, "main"), *taking(100, "next")], "40m", False),
    "both are as fast": ("SeldonShadowDiffers", [*taking(100, "main"), *taking(100, "next")], "40m", False),
    "the shadow gets nothing": ("SeldonShadowDiffers", taking(100, "main"), "40m", False),
    "idle": ("SeldonGpuIsIdle", gpu(UTIL, "2x50"), "500m", True),
    "idle by another name": ("SeldonGpuIsIdle", gpu(UTIL, "2x50", "exported_"), "500m", True),
    "idle for a moment": ("SeldonGpuIsIdle", gpu(UTIL, "2x30"), "300m", False),
    "busy": ("SeldonGpuIsIdle", gpu(UTIL, "40x50"), "500m", False),
    "throttled": ("SeldonGpuIsThrottled", gpu(THERMAL, f"0+{30 * 10**9}x90"), "40m", True),
    "throttled by another name": ("SeldonGpuIsThrottled", gpu(THERMAL, f"0+{30 * 10**9}x90", "exported_"), "40m", True),
    "cool": ("SeldonGpuIsThrottled", gpu(THERMAL, f"0+{10**9}x90"), "40m", False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_alert_fires_when_it_should_and_not_else(tmp_path: Path, case: Any) -> None:
    alert, given, at, fires = case
    interval = "10m" if alert == "SeldonGpuIsIdle" else "1m"
    assert ((alert, "ticket") in promtool.firing(tmp_path, ON_CLUSTER, given, at, interval)) is fires


@pytest.mark.parametrize(
    ("given", "fires"),
    [
        (replica_set(0, 2), True),
        (replica_set(20 * DAY * 60, 2), False),
        (replica_set(0, 2) + replica_set(20 * DAY * 60, 0, "fraud-main-0-score-55c4f8d9b"), True),
        (replica_set(0, 2, "other-main-0-score-6f7c9d5b8"), False),
    ],
    ids=["for 33 days", "for 13", "the newer one does not run", "another deployment"],
)
def test_pods_that_run_unchanged_for_too_long_are_told_of(
    tmp_path: Path, given: list[dict[str, str]], fires: bool
) -> None:
    found = promtool.firing(tmp_path, ON_CLUSTER, given, f"{33 * 24}h", "6h")
    assert (("SeldonModelIsStale", "ticket") in found) is fires


def test_silence_fires_where_yesterday_somebody_asked(tmp_path: Path) -> None:
    """Requests for 25 hours, then none: 55 minutes later there were some at this time yesterday."""
    given = [counted("0+500x300 150000+0x12")]
    silence = ("SeldonGetsNoRequests", "ticket")
    assert silence not in promtool.firing(tmp_path, ON_CLUSTER, given, "24h50m", "5m")
    assert silence in promtool.firing(tmp_path, ON_CLUSTER, given, "25h55m", "5m")


@pytest.mark.parametrize("groups", [rules.on_cluster, rules.orchestrated, rules.asked_directly])
def test_prometheus_takes_the_rules(tmp_path: Path, groups: Callable[..., Any]) -> None:
    assert "rules found" in promtool.check(tmp_path, groups(WATCHED))


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    elsewhere = {"SeldonModelIsStale", "SeldonGetsNoRequests"}
    for fires in (True, False):
        assert {case[0] for case in CASES.values() if case[3] is fires} == {
            name for name, _ in promtool.alerts(ON_CLUSTER)
        } - elsewhere


OWN = '{namespace="shop", deployment_name="fraud", predictor_name="main"}'


def test_requests_failures_and_times_are_recorded_by_predictor_and_node(tmp_path: Path) -> None:
    bounds = {"0.005": 0, "0.01": 60, "+Inf": 60}
    node = [
        counted(f"0+{number}x90", name=f"{NODE}_bucket", model_name="score", le=bound)
        for bound, number in bounds.items()
    ]
    given = [
        counted("0+54x90"), counted("0+6x90", code="503"), counted("0+60x90", name=f"{NODE}_count", model_name="score"),
        *taking(100, "next"), *node,
    ]  # fmt: skip
    promtool.recorded(
        tmp_path, ON_CLUSTER, given, "60m",
        {
            f"sum(predictor:seldon_requests:rate5m{OWN})": 1,
            f"sum(predictor:seldon_requests_failed:ratio_rate5m{OWN})": 0.1,
            f"sum(predictor:seldon_requests_refused:ratio_rate5m{OWN})": 0,
            'sum(predictor:seldon_requests_failed:over_main_rate5m{predictor_name="next"})': -0.1,
            'sum(node:seldon_requests:rate5m{model_name="score"})': 1,
            'sum(node:seldon_requests_failed:ratio_rate5m{model_name="score"})': 0,
            'sum(node:seldon_request_seconds:p99_rate5m{model_name="score"})': 0.00995,
            'sum(predictor:seldon_request_seconds:p50_rate5m{predictor_name="next"})': 0.05,
        },
    )  # fmt: skip


def test_a_canary_is_compared_with_what_answers_most(tmp_path: Path) -> None:
    groups = rules.on_cluster(
        deployment(predictor("canary", traffic=10), predictor("main", traffic=90), namespace="shop")
    )
    promtool.recorded(
        tmp_path, groups, [*taking(100, "main"), *taking(2000, "canary")], "60m",
        {
            'sum(predictor:seldon_request_seconds:p99_by_main_rate5m{predictor_name="canary"}) > bool 2': 1,
            'count(predictor:seldon_request_seconds:p99_by_main_rate5m)': 1,
        },
    )  # fmt: skip


def test_restarts_are_those_of_the_predictors_own_pods(tmp_path: Path) -> None:
    name = "kube_pod_container_status_restarts_total"
    pods = {
        POD: "0+1x60",
        "fraud-main-0-score-eu-0-x-6f7c9d5b8-x2x4z": "0+9x60",
        "fraud-next-0-score-6f7c9d5b8-aaaaa": "0x60",
    }
    given = [series(name, values, namespace="shop", pod=pod, container="score") for pod, values in pods.items()]
    promtool.recorded(
        tmp_path, ON_CLUSTER, given, "60m",
        {
            f"sum(predictor:seldon_restarts:increase1h{OWN})": 60,
            'sum(predictor:seldon_restarts:increase1h{predictor_name="next"})': 0,
        },
    )  # fmt: skip


def test_sizes_and_failures_at_istios_gateway_are_recorded_by_predictor(tmp_path: Path) -> None:
    of = {"reporter": "source", "destination_service_name": "fraud-main", "destination_service_namespace": "shop"}
    given = [
        series("istio_requests_total", "0+57x90", **of, response_code="200"),
        series("istio_requests_total", "0+3x90", **of, response_code="503"),
        series("istio_requests_total", "0+60x90", **{**of, "reporter": "destination"}, response_code="200"),
        series("istio_request_bytes_sum", "0+6000x90", **of),
        series("istio_request_bytes_count", "0+60x90", **of),
        series("istio_response_bytes_sum", "0+300x90", **of),
        series("istio_response_bytes_count", "0+60x90", **of),
    ]  # fmt: skip
    promtool.recorded(
        tmp_path, ON_CLUSTER, given, "60m",
        {
            f"sum(predictor:seldon_gateway_requests:rate5m{OWN})": 1,
            f"sum(predictor:seldon_gateway_requests_failed:ratio_rate5m{OWN})": 0.05,
            f"sum(predictor:seldon_request_bytes:mean_rate5m{OWN})": 100,
            f"sum(predictor:seldon_response_bytes:mean_rate5m{OWN})": 5,
        },
    )  # fmt: skip
