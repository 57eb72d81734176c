"""Whom a PodMonitor asks, of pods whose containers all name their port alike."""

from __future__ import annotations

import re
from typing import Any

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.monitoring.render import pod_monitor
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.servers.spec import ContainerServer, TritonServer
from tests.unit.graph.check.build import deployment, model, predictor

WATCHED = deployment(
    predictor("main", traffic=90),
    predictor("canary", traffic=10, graph=model("rank", server=TritonServer())),
    namespace="shop",
    protocol="v2",
)


def asked(watched: Any, container: str, app: str) -> tuple[str, str, dict[str, str]] | None:
    """Relabel a pod's container as Prometheus does; give address, path and labels, None where it is not asked."""
    found = []
    for endpoint in pod_monitor(Monitoring(), watched)["spec"]["podMetricsEndpoints"]:
        labels: dict[str, str] | None = {
            "__address__": "10.0.0.7:6000",
            "__meta_kubernetes_pod_container_name": container,
            "__meta_kubernetes_pod_label_app": app,
        }
        for rule in endpoint["relabelings"]:
            value = "".join(labels.get(name, "") for name in rule.get("sourceLabels", ()))
            match = re.fullmatch(rule.get("regex", "(.*)"), value)
            if rule.get("action") == "keep" and not match:
                labels = None
                break
            if rule.get("action") is None and match:
                said = rule.get("replacement", "$1")
                labels[rule["targetLabel"]] = match.expand(said.replace("$1", r"\1")) if "$1" in said else said
        if labels is not None:
            named = {name: value for name, value in labels.items() if not name.startswith("__")}
            found.append((labels["__address__"], endpoint["path"], named))
    assert len(found) < 2, "nobody is asked twice"
    return found[0] if found else None


def test_orchestrators_are_asked_and_name_their_series_themselves() -> None:
    assert asked(WATCHED, "seldon-container-engine", "fraud-main-0-score") == ("10.0.0.7:6000", "/prometheus", {})


def test_a_server_is_asked_under_the_names_of_its_deployment_predictor_and_node() -> None:
    names = {"deployment_name": "fraud", "predictor_name": "main", "model_name": "score"}
    assert asked(WATCHED, "score", "fraud-main-0-score") == ("10.0.0.7:6000", "/prometheus", names)


def test_triton_is_asked_where_it_answers() -> None:
    names = {"deployment_name": "fraud", "predictor_name": "canary", "model_name": "rank"}
    assert asked(WATCHED, "rank", "fraud-canary-0-rank") == ("10.0.0.7:8002", "/metrics", names)


def test_what_is_none_of_the_nodes_is_not_asked() -> None:
    assert asked(WATCHED, "istio-proxy", "fraud-main-0-score") is None
    own = deployment(predictor(graph=model(server=ContainerServer(image="acme/score:1", speaks=("seldon",)))))
    assert asked(own, "score", "fraud-main-0-score") is None


def test_predictors_are_told_apart_by_the_label_that_the_operator_gives_their_pods() -> None:
    pods = [made["spec"]["template"] for made in expanded(seldon_deployment(WATCHED)) if made["kind"] == "Deployment"]
    found = [
        asked(WATCHED, container["name"], pod["metadata"]["labels"]["app"])
        for pod in pods
        for container in pod["spec"]["containers"]
    ]
    assert [each[2].get("predictor_name") for each in found if each] == ["main", None, "canary", None]
