"""The console on a cluster: deployments as a real API server has them, numbers from a real Prometheus."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters.live import cluster
from seldon_infra.console.cluster import NO_NUMBERS, ClusterSource
from seldon_infra.console.prometheus import WINDOW, Prometheus
from seldon_infra.console.updates import Updates
from seldon_infra.core.errors import NotPermitted
from seldon_infra.graph.manifest import GROUP
from seldon_infra.monitoring import install
from seldon_infra.monitoring.ask import ask
from seldon_infra.monitoring.series import REQUESTS
from seldon_infra.runtime import ports
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.orchestrator.config import Config, Unit
from seldon_infra.runtime.orchestrator.metrics import Metrics
from tests.cluster.control_plane import NOBODY, ControlPlane
from tests.cluster.effective import until_it_takes_pods
from tests.cluster.kubelet import kubelet_of
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

NAMESPACE = "console"
SERIES = 2
"""Of requests: those that are answered, and those that fail."""
PATH = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/seldondeployments"
SCORE = {"name": "score", "implementation": "SKLEARN_SERVER", "modelUri": "s3://m", "type": "MODEL"}
GRAPH = {"name": "clean", "type": "TRANSFORMER", "implementation": "UNKNOWN_IMPLEMENTATION", "children": [SCORE]}
FRAUD = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "fraud", "namespace": NAMESPACE},
    "spec": {
        "protocol": "v2",
        "predictors": [
            {"name": "main", "traffic": 90, "graph": GRAPH},
            {"name": "canary", "traffic": 10, "graph": SCORE},
            {"name": "next", "shadow": True, "traffic": 50, "graph": SCORE},
        ],
    },
}
STATUS = {
    "status": {
        "state": "Available",
        "deploymentStatus": {
            "fraud-main-0-score": {"replicas": 2, "availableReplicas": 2},
            "fraud-canary-0-score": {"replicas": 2, "availableReplicas": 1},
        },
    }
}


@pytest.fixture(scope="module")
def deployment(control_plane: ControlPlane) -> Iterator[None]:
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    control_plane.request("POST", PATH, FRAUD)
    control_plane.request("PATCH", f"{PATH}/fraud/status", STATUS, content_type="application/merge-patch+json")
    event = {
        "metadata": {"generateName": "fraud-"}, "reason": "Updated", "message": "<b>Updated</b> SeldonDeployment",
        "involvedObject": {"kind": "SeldonDeployment", "name": "fraud", "namespace": NAMESPACE},
        "lastTimestamp": "2026-11-26T10:00:00Z",
    }  # fmt: skip
    control_plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/events", event)
    yield
    control_plane.request("DELETE", f"{PATH}/fraud")


def source(control_plane: ControlPlane, prometheus: Prometheus | None = None) -> ClusterSource:
    way = cluster(None, str(control_plane.kubeconfig))
    wanted = frozenset({(NAMESPACE, "fraud"), (NAMESPACE, "gone")})
    return ClusterSource(way, "prod", wanted, prometheus, Updates(lambda: []))


@pytest.mark.usefixtures("deployment")
def test_the_list_shows_health_and_traffic_and_says_what_is_missing(control_plane: ControlPlane) -> None:
    told = source(control_plane).overview()
    (row,) = told["deployments"]
    assert (row["name"], row["state"], row["numbers"]) == ("fraud", "ok", None)
    assert row["predictors"] == [["main", 90, False], ["canary", 10, False], ["next", 50, True]]
    assert told["notes"] == [NO_NUMBERS, f"Not on the cluster: {NAMESPACE}/gone. `pulumi up --stack prod` makes it."]


@pytest.mark.usefixtures("deployment")
def test_a_deployment_shows_its_graph_its_replicas_and_events(control_plane: ControlPlane) -> None:
    told = source(control_plane).deployment(NAMESPACE, "fraud")
    assert told is not None
    boxes = [box["id"] for box in told["drawing"]["boxes"]]
    assert boxes == ["main/clean", "main/score", "canary/score", "next/score", ""]
    assert told["states"]["main/score"] == ("ok", "2 of 2 ready")
    assert told["states"]["canary"] == ("starting", "1 of 2 ready")
    assert [(it["what"], it["said"]) for it in told["changes"]] == [("Updated", "<b>Updated</b> SeldonDeployment")]
    assert (told["processes"], told["logs"]) == ([], "It has no pods.")
    json.dumps(told)


@pytest.mark.usefixtures("deployment")
def test_what_is_not_of_the_stack_is_not_shown(control_plane: ControlPlane) -> None:
    assert source(control_plane).deployment(NAMESPACE, "other") is None


def pod(name: str, labels: str, status: dict[str, Any], **fields: Any) -> dict[str, Any]:
    variables = [{"name": "API_TOKEN", "value": "hunter2-hunter2"}, {"name": "SHOP", "value": "turin-turin"}]
    containers = [{"name": "score", "image": "x", "env": variables}, {"name": "seldon-container-engine", "image": "x"}]
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"seldon-deployment-id": labels}}
    return {"metadata": metadata, "spec": {"containers": containers, **fields}, "status": status}


@pytest.fixture(scope="module")
def pods(control_plane: ControlPlane, deployment: None) -> Iterator[None]:
    """Pods of the deployment on a node, of an orchestrator of its own and of somebody else; nothing runs in them."""
    until_it_takes_pods(control_plane, NAMESPACE)
    place = f"/api/v1/namespaces/{NAMESPACE}/pods"
    running = {"state": {"running": {}}, "ready": True, "restartCount": 0, "image": "x", "imageID": ""}
    waiting = {**running, "state": {"waiting": {"reason": "ImagePullBackOff"}}, "ready": False}
    status = {"containerStatuses": [{"name": "score", **running}, {"name": "seldon-container-engine", **waiting}]}
    made = {
        "fraud-main-0-score-a": pod("fraud-main-0-score-a", "fraud", status, nodeName="cpu-1"),
        "fraud-canary-svc-orch": pod("fraud-canary-svc-orch", "fraud-canary", {}, schedulerName="nobody"),
        "other-main-0": pod("other-main-0", "other", {}, schedulerName="nobody"),
    }
    for name, each in made.items():
        control_plane.request("POST", place, each)
        if each["status"]:
            told = {"status": each["status"]}
            control_plane.request("PATCH", f"{place}/{name}/status", told, content_type="application/merge-patch+json")
    yield
    for name in made:
        control_plane.request("DELETE", f"{place}/{name}?gracePeriodSeconds=0")


@pytest.mark.usefixtures("pods")
def test_the_last_lines_of_its_containers_are_shown_without_secrets(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    asked = source(control_plane)
    told = asked.deployment(NAMESPACE, "fraud")
    assert told is not None
    by_id = {each["id"]: (each["state"], each["said"]) for each in told["processes"]}
    assert set(by_id) == {
        f"{NAMESPACE}/{pod}/{name}"
        for pod in ("fraud-main-0-score-a", "fraud-canary-svc-orch")
        for name in ("score", "seldon-container-engine")
    }
    assert by_id[f"{NAMESPACE}/fraud-canary-svc-orch/score"] == ("unknown", "not started")
    log = "started\nin turin-turin with hunter2-hunter2\n"
    with kubelet_of(control_plane, "cpu-1", log, tmp_path):
        said = asked.log(f"{NAMESPACE}/fraud-main-0-score-a/score")
    assert said == ["started", "in turin-turin with [secret]"]


@pytest.mark.usefixtures("pods")
def test_a_log_that_cannot_be_read_is_said_and_one_that_is_not_of_the_deployment_is_none(
    control_plane: ControlPlane,
) -> None:
    asked = source(control_plane)
    asked.deployment(NAMESPACE, "fraud")
    assert asked.log(f"{NAMESPACE}/fraud-canary-svc-orch/score") == []
    (said,) = asked.log(f"{NAMESPACE}/fraud-main-0-score-a/score") or []
    assert said, "no kubelet is there that would give it"
    assert asked.log(f"{NAMESPACE}/other-main-0/score") is None


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that asks an orchestrator's metrics, which rise with each question."""
    install.provide()
    folder: Path = tmp_path_factory.mktemp("prometheus")
    unit = Unit("score", "MODEL", (), None, {}, "m", "", 1, 1, ())
    metrics = Metrics(Config("fraud", NAMESPACE, "main", "", "v2", 1, 2, 9, 1.0, 1.0, (), unit))

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            for code in ("200", "200", "200", "503"):
                metrics.answered("predictions", "post", code, 0.02)
            with metrics.asking(unit, "/infer", "post"):
                pass
            body = metrics.page()[0]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    # One question after the other: each page has all that was counted with it.
    with HTTPServer(("127.0.0.1", 0), Page) as asked:
        threading.Thread(target=asked.serve_forever, daemon=True).start()
        target = {"targets": [f"127.0.0.1:{asked.server_address[1]}"], "labels": {"namespace": NAMESPACE}}
        jobs = [{"job_name": "seldon", "scrape_interval": "1s", "static_configs": [target]}]
        (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": jobs}))
        port = ports.allocate(folder, ("http",))["http"]
        command = [install.program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        with subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=folder, stderr=subprocess.DEVNULL
        ) as process:
            wait_until(lambda: is_ready("http", port, "/-/ready"))
            yield Prometheus(f"http://127.0.0.1:{port}")
            process.terminate()
        asked.shutdown()
    ports.release(folder)


@pytest.mark.usefixtures("deployment")
def test_numbers_come_from_prometheus(control_plane: ControlPlane, prometheus: Prometheus) -> None:
    found: dict[str, Any] = {}

    def are_there() -> bool:
        found.update(source(control_plane, prometheus).deployment(NAMESPACE, "fraud") or {})
        return all((found["numbers"].get(each) or [0])[0] > 0 for each in ("main", "main/score"))

    wait_until(are_there)
    rate, errors, p99 = found["numbers"]["main"]
    assert rate > found["numbers"]["main/score"][0] > 0
    assert errors == pytest.approx(0.25, rel=0.05)
    assert 0.01 < p99 < 0.025
    assert found["numbers"]["canary"] == [0.0, None, None]
    (row,) = source(control_plane, prometheus).overview()["deployments"]
    assert row["numbers"][0] > 0


def test_a_share_of_failures_is_of_one_moment_though_requests_come_between_two_questions(
    prometheus: Prometheus,
) -> None:
    def samples() -> float:
        found = ask(prometheus.url, f"sum(count_over_time({REQUESTS}_count[{WINDOW}]))", 60)
        return sum(float(each["value"][1]) for each in found)

    class Slow(Prometheus):
        def _asked(self, query: str, by: Iterable[str]) -> dict[str, float]:
            before = samples()
            wait_until(lambda: "code=~" not in query or samples() > before)
            return super()._asked(query, by)

    wait_until(lambda: samples() > 2 * SERIES)
    assert Slow(prometheus.url).predictors()[f"{NAMESPACE}/fraud/main"].errors == pytest.approx(0.25, rel=1e-6)


@pytest.mark.usefixtures("deployment")
def test_a_prometheus_that_does_not_answer_is_said_and_the_rest_is_shown(control_plane: ControlPlane) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = Prometheus(f"http://127.0.0.1:{closed.getsockname()[1]}")
        told = source(control_plane, gone).deployment(NAMESPACE, "fraud")
    assert told is not None
    assert told["state"] == "ok"
    assert told["notes"] == [f"{gone.url} does not answer as Prometheus does: [Errno 111] Connection refused"]


@pytest.mark.usefixtures("deployment")
def test_who_may_not_read_deployments_is_told_so(control_plane: ControlPlane) -> None:
    way = cluster(None, str(control_plane.kubeconfig_of(NOBODY)))
    with pytest.raises(NotPermitted, match="SeldonDeployments of namespace console"):
        ClusterSource(way, "prod", frozenset({(NAMESPACE, "fraud")}), None, Updates(lambda: [])).overview()
