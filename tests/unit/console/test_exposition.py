"""What is read from an orchestrator's page and from Envoy's statistics, as both really write them."""

from __future__ import annotations

from typing import Any

from seldon_infra.console.exposition import PREDICTOR, counted, forwarded
from seldon_infra.console.numbers import Count
from seldon_infra.runtime.orchestrator.config import Config, Unit
from seldon_infra.runtime.orchestrator.failures import UNAVAILABLE, Failure
from seldon_infra.runtime.orchestrator.metrics import Metrics

UNIT = Unit("score", "MODEL", (), None, {}, "m", "mlserver:1", 1, 1, ())
CONFIG = Config("d", "ns", "main", "", "seldon", 1, 2, 9, 1.0, 1.0, (), UNIT)


def page() -> dict[str, Count]:
    metrics = Metrics(CONFIG)
    metrics.answered("predictions", "post", "200", 0.002)
    metrics.answered("predictions", "post", "503", 0.002)
    metrics.answered("predictions", "post", "404", 0.002)
    metrics.answered("/seldon.protos.Seldon/Predict", "unary", "Unavailable", 0.002)
    metrics.answered("feedback", "post", "500", 0.002)
    try:
        with metrics.asking(UNIT, "/predict", "post"):
            raise Failure(UNAVAILABLE, "gone", "score")
    except Failure:
        pass
    return counted(metrics.page()[0].decode())


def test_predictions_are_counted_and_a_clients_mistakes_are_no_failures() -> None:
    assert page()[PREDICTOR].requests == 4
    assert page()[PREDICTOR].failed == 2


def test_each_node_has_its_own_count_and_buckets() -> None:
    assert page()["score"].requests == page()["score"].failed == 1
    assert dict(page()["score"].within)[float("inf")] == 1


def test_a_label_with_quotes_and_backslashes_is_one_label() -> None:
    line = r'seldon_api_executor_client_requests_seconds_count{model_name="a\"b\\",code="200"} 3.0'
    assert counted(line) == {r"a\"b\\": Count(3.0)}


def envoy(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"stats": list(entries)}


def test_both_transports_of_a_predictor_count_together() -> None:
    said = envoy(
        {"name": "cluster.ns/d/main/rest/127.0.0.1_5.upstream_rq_completed", "value": 20},
        {"name": "cluster.ns/d/main/rest/127.0.0.1_5.upstream_rq_5xx", "value": 2},
        {"name": "cluster.ns/d/main/grpc/127.0.0.1_6.upstream_rq_completed", "value": 5},
        {"histograms": [{"name": "cluster.ns/d/main/rest/127.0.0.1_5.upstream_rq_time",
                         "buckets": [{"upper_bound": 0.5, "interval": 0, "cumulative": 4}]}]},
    )  # fmt: skip
    assert forwarded(said) == {"ns/d/main": Count(25.0, 2.0, ((0.0005, 4),))}


def test_what_counts_the_same_a_second_time_is_passed_over() -> None:
    assert forwarded(envoy({"name": "cluster.ns/d/main/rest/1_5.external.upstream_rq_completed", "value": 9})) == {}
