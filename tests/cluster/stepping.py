"""Deployments that are brought to other specs step by step on a real API server, and what they went through."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters.live import cluster
from seldon_infra.clusters.rollouts import Patience
from seldon_infra.clusters.stepped import NEXT
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.payload_log.render import REQUESTS_PORT
from seldon_infra.provider.cluster.steps import Steps
from seldon_infra.provider.cluster.written import Written
from seldon_infra.provider.framework import Context
from seldon_infra.resources.cluster_rollout import ClusterRolloutInputs
from tests.cluster.control_plane import ControlPlane
from tests.cluster.effective import make_namespace, remove_namespace
from tests.cluster.live_requests import PayloadLog, payload_log
from tests.cluster.operator import operator
from tests.cluster.version_pods import Shares, Versions, add_pod, of, versions
from tests.engine.waiting import wait_until

NAMESPACE = "stepped"
SPACE = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{PLURAL}"
ENGINE = "pulumi-kubernetes-1234"
APPLY = "application/apply-patch+yaml"
PATIENCE = Patience(ready=240, node=0.2, trouble=0.2, outage=240, between_looks=0.05)


def spec(model: int = 1, *more: Mapping[str, Any], traffic: int | None = None, **fields: Any) -> dict[str, Any]:
    share = {} if traffic is None else {"traffic": traffic}
    return {"protocol": "seldon", **fields, "predictors": [predictor("main", model, **share), *more]}


def predictor(name: str, model: int, **fields: Any) -> dict[str, Any]:
    graph = {"name": "m", "implementation": "SKLEARN_SERVER", "modelUri": f"s3://models/{model}"}
    return {"name": name, "graph": graph, **fields}


@dataclass
class Deployed:
    """A deployment that its own provider has made, for one test, and what it went through."""

    control_plane: ControlPlane
    pods: Versions
    name: str
    seen: list[Shares] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    kubeconfig: Path | None = None
    requests: Mapping[str, Any] = field(
        default_factory=lambda: {"namespace": NAMESPACE, "pods": "app=log", "port": REQUESTS_PORT}
    )
    """Where a mirror gate finds live requests."""

    @property
    def path(self) -> str:
        return f"{SPACE}/{self.name}"

    def apply(self, manager: str, **parts: Any) -> None:
        """Apply a manifest as somebody."""
        metadata = {"name": self.name, "namespace": NAMESPACE}
        manifest = {"apiVersion": f"{GROUP}/v1", "kind": "SeldonDeployment", "metadata": metadata, **parts}
        query = f"fieldManager={manager}&force=true"
        self.control_plane.request("PATCH", f"{self.path}?{query}", manifest, content_type=APPLY)

    def found(self) -> dict[str, Any]:
        return self.control_plane.request("GET", self.path)

    def inputs(self, wanted: Mapping[str, Any], *gates: Mapping[str, Any], **rollout: Any) -> ClusterRolloutInputs:
        settings = {"steps": [10, 100], "hold_seconds": 0.1, "patience_seconds": 60, "gates": gates, **rollout}
        return ClusterRolloutInputs.model_validate(
            {
                "namespace": NAMESPACE,
                "name": self.name,
                "spec": wanted,
                "rollout": settings,
                "requests": self.requests,
                "kubeconfig": str(self.control_plane.kubeconfig),
            }
        )

    def go(self, wanted: Mapping[str, Any], *gates: Mapping[str, Any], **rollout: Any) -> list[Shares]:
        """Bring it to a spec, and give what it went through."""
        with self._watched():
            self.steps(wanted, *gates, **rollout).go()
        return self.seen

    def steps(self, wanted: Mapping[str, Any], *gates: Mapping[str, Any], **rollout: Any) -> Steps:
        """What brings it to a spec."""
        context = Context("", "", cancelled=self.cancelled, progress=self.told.append, warn=self.told.append)
        file = self.kubeconfig or self.control_plane.kubeconfig
        written = Written(cluster(None, str(file)), NAMESPACE, self.name)
        return Steps(written, self.inputs(wanted, *gates, **rollout), context, PATIENCE)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with self.control_plane.followed(self.path) as until_now:
            try:
                yield
            finally:
                self.seen = [shares for shares, _ in groupby(map(of, until_now()))]


@pytest.fixture(scope="module")
def log() -> Iterator[PayloadLog]:
    with payload_log() as running:
        yield running


@pytest.fixture(scope="module")
def pods(control_plane: ControlPlane, log: PayloadLog) -> Iterator[Versions]:
    make_namespace(control_plane, NAMESPACE)
    with versions(control_plane, NAMESPACE, {REQUESTS_PORT: log.requests_port}) as answering:
        add_pod(control_plane, NAMESPACE, "log-0", {"app": "log"}, {"name": "log", "image": "log"})
        yield answering
    remove_namespace(control_plane, NAMESPACE)


@pytest.fixture
def made(control_plane: ControlPlane, pods: Versions, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """A deployment with one predictor that answers 1, and a ready pod of what follows it."""
    made = Deployed(control_plane, pods, f"d{abs(hash(request.node.name)) % 10**8}")
    made.apply(ENGINE, spec=spec(1, replicas=2))
    pods.add(f"{made.name}-main", 1)
    pods.add(f"{made.name}-main{NEXT}", 1)
    yield made
    control_plane.request("DELETE", made.path)


@pytest.fixture
def deployed(made: Deployed, control_plane: ControlPlane) -> Iterator[Deployed]:
    """The same, with an operator that reports it Available."""
    with operator(control_plane):
        yield made


@pytest.fixture
def rows(tmp_path: Path) -> str:
    file = tmp_path / "rows.json"
    data = {"input": "x", "datatype": "FP64", "rows": [[1.0], [2.0]], "labels": [1, 1]}
    file.write_text(json.dumps(data))
    return str(file)


ARRIVED = [
    {"main": ("1", 100)},
    {"main": ("1", 90), "main-next": ("2", 10)},
    {"main": ("1", 0), "main-next": ("2", 100)},
    {"main": ("2", 0), "main-next": ("2", 100)},
    {"main": ("2", 100), "main-next": ("2", 0)},
    {"main": ("2", 100)},
]


def when_at(deployed: Deployed, share: int, act: Any) -> None:
    """Do something when what is new has got its share."""
    wait_until(lambda: of(deployed.found()).get("main-next", ("", 0))[1] == share)
    act()
