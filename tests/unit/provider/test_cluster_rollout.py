"""What a rollout on a cluster reads in objects: Deployments that run older pods, and the port of a version's pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from seldon_infra.clusters.live import Cluster
from seldon_infra.provider.cluster.pods import InPods, port_of, version_in
from seldon_infra.provider.cluster.rollout import Rollout
from seldon_infra.provider.cluster.written import runs_no_older_pods
from seldon_infra.provider.framework import Context
from seldon_infra.resources.cluster_rollout import ClusterRolloutInputs
from seldon_infra.resources.rollout import RolloutGate, RolloutInputs

WELL = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ({}, True),
        ({"observedGeneration": 2}, False),
        ({"updatedReplicas": 1, "replicas": 3}, False),
        ({"replicas": 3}, False),
        ({"availableReplicas": 1}, False),
    ],
    ids=[
        "all is new",
        "it has not seen its change",
        "an older pod runs beside",
        "one too many",
        "one is not available",
    ],
)
def test_a_deployment_that_runs_older_pods_is_waited_for(status: dict[str, int], holds: bool) -> None:
    found = {"metadata": {"generation": 3}, "spec": {"replicas": 2}, "status": {**WELL, **status}}
    assert runs_no_older_pods(found) is holds


def container(name: str, *ports: tuple[str, int]) -> dict[str, Any]:
    return {"name": name, "ports": [{"name": each, "containerPort": port} for each, port in ports]}


@pytest.mark.parametrize(
    ("containers", "port"),
    [
        ([container("m", ("http", 9000)), container("seldon-container-engine", ("grpc", 1), ("http", 8123))], 8123),
        ([container("sidecar"), container("m", ("http", 9000))], 9000),
        ([{"name": "m"}], 8000),
    ],
    ids=["its orchestrator's", "its only node's", "none is named"],
)
def test_a_pod_is_asked_at_the_port_that_answers_rest(containers: list[dict[str, Any]], port: int) -> None:
    assert port_of({"spec": {"containers": containers}}, "http", 8000) == port


class Asked(Cluster):
    """Notes the paths at which pods are asked."""

    asked: ClassVar[list[str]] = []

    def get(self, path: str, what: str, **more: Any) -> Any:
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        spec = {"containers": [container("seldon-container-engine", ("http", 8000))]}
        assert path.endswith("labelSelector=seldon-app%3Diris-main")
        return {"items": [{"metadata": {"name": "p"}, "spec": spec, "status": ready}]}

    def call(self, method: str, path: str, body: Any, seconds: float = 0, headers: Any = None) -> tuple[int, bytes]:
        self.asked.append(path)
        return 200, b""


def version(spec: dict[str, Any], **predictor: Any) -> InPods:
    parts = {"name": "main", "graph": {"name": "m"}, **predictor}
    return version_in(Asked(None, "test"), ("models", "iris"), parts, spec)  # type: ignore[arg-type]


@pytest.mark.parametrize(("ssl", "pod"), [({}, "p:8000"), ({"ssl": {"certSecretName": "c"}}, "https:p:8000")])
def test_a_version_with_a_certificate_is_asked_by_tls(ssl: dict[str, Any], pod: str) -> None:
    version({"protocol": "v2"}, **ssl).http("GET", "/ready")
    assert Asked.asked.pop() == f"/api/v1/namespaces/models/pods/{pod}/proxy/ready"


@pytest.mark.parametrize(
    ("spec", "ssl", "served"),
    [
        ({}, {}, ("rest", "grpc")),
        ({"transport": "grpc"}, {}, ("grpc",)),
        ({}, {"ssl": {"certSecretName": "c"}}, ("rest",)),
    ],
    ids=["both", "one", "a certificate that nobody vouches for"],
)
def test_a_version_is_asked_over_what_it_serves(spec: dict[str, Any], ssl: dict[str, Any], served: Any) -> None:
    assert version(spec, **ssl).transports == served


@pytest.mark.parametrize(
    ("transports", "kinds", "calls"),
    [(("rest", "grpc"), {"accuracy"}, False), (("rest", "grpc"), {"smoke"}, True), (("grpc",), {"accuracy"}, True)],
)
def test_what_is_served_over_rest_too_is_asked_over_grpc_by_smoke_gates(
    transports: tuple[str, ...], kinds: set[str], calls: bool
) -> None:
    gates = [RolloutGate.model_validate({"kind": kind}) for kind in kinds]
    rollout = RolloutInputs(steps=[100], hold_seconds=0, patience_seconds=0, gates=gates)
    assert rollout.calls_over_grpc(transports) is calls


@pytest.mark.parametrize(
    ("spec", "kind", "is_said"),
    [
        ({}, "smoke", True),
        ({}, "errors", False),
        ({"transport": "rest"}, "smoke", False),
        ({"protocol": "tensorflow"}, "smoke", False),
        ({"predictors": [{"name": "main"}]}, "smoke", False),
    ],
    ids=["smoke", "it sends nothing", "nothing serves gRPC", "a protocol asked over REST", "no certificate"],
)
def test_a_preview_says_that_a_smoke_gate_leaves_grpc_out_where_there_is_ssl(
    spec: dict[str, Any], kind: str, is_said: bool, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.json"
    rows.touch()
    rollout = {"steps": [100], "hold_seconds": 0, "patience_seconds": 0, "gates": [{"kind": kind, "data": str(rows)}]}
    served = {"predictors": [{"name": "main", "ssl": {"certSecretName": "c"}}], **spec}
    inputs = {"namespace": "ns", "name": "fraud", "spec": served, "rollout": rollout}
    told: list[str] = []
    Rollout().check(ClusterRolloutInputs.model_validate(inputs), Context("", "", warn=told.append))
    said = "SeldonDeployment 'fraud' → rollout: its smoke gate asks predictor 'main' over REST alone, not over gRPC"
    assert [text.startswith(said) for text in told] == [True] * is_said
