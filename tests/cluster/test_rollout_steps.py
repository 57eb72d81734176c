"""A rollout on a cluster by the real engine: declared for what runs, killed, changed by hand, taken away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters.stepped import NOTE
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.payload_log.render import REQUESTS_PORT
from seldon_infra.provider.cluster.written import MANAGER
from tests.cluster.control_plane import ControlPlane
from tests.cluster.effective import remove_namespace, until_it_takes_pods
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.live_requests import payload_log
from tests.cluster.operator import operator
from tests.cluster.test_drift import command_on
from tests.cluster.test_stack import change_traffic
from tests.cluster.version_pods import Shares, Versions, of, versions
from tests.engine.scratch import OF_A_STACK, STACK, Engine, scratch_engine
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

NAMESPACE, INGRESS = "rolling", "istio-system"
PATH = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{PLURAL}/iris"
MODULE = """
from seldon_infra import *

def predictor(name, model, **fields):
    server, logger = SklearnServer(), Logger(mode="request", url="http://audit.shop/")
    graph = Model(name="classifier", server=server, model_uri=f"s3://models/{model}", logger=logger)
    return Predictor(name=name, graph=graph, **fields)

stack = Stack(
    target=Kubernetes(
        live_checks="skip",
        ingress=Istio(existing=True, hosts=["models.example.com"], circuit_breakers=CircuitBreakers(max_connections=9)),
        payloads=PayloadLog(image="acme/payload-log:1", namespace="rolling-log"),
    ),
    deployments=[SeldonDeployment(
        name="iris", namespace="rolling",
        predictors=[predictor("main", MAIN, traffic=90), predictor("canary", 9, traffic=10)], MORE
    )],
)
"""


class Rolling:
    """An applied stack with one deployment, and what its object went through."""

    def __init__(self, engine: Engine, control_plane: ControlPlane, pods: Versions) -> None:
        self.engine, self.control_plane, self.pods = engine, control_plane, pods

    def declare(self, main: int, rollout: str = "") -> None:
        more = f"rollout=Rollout({rollout})" if rollout else ""
        (self.engine.directory / f"{STACK}.py").write_text(MODULE.replace("MAIN", str(main)).replace("MORE", more))

    def found(self) -> dict[str, Any]:
        return self.control_plane.request("GET", PATH)

    def shares(self) -> Shares:
        return of(self.found())


@pytest.fixture(scope="module")
def rolling(control_plane: ControlPlane) -> Iterator[Rolling]:
    folder = Path(tempfile.mkdtemp(prefix="rolling-")).resolve()
    made = scratch_engine(folder)
    made.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    install_provider(folder)
    made.use_plugin("kubernetes", folder)
    made.use_plugin("seldon", Path(sys.executable).parent)
    made.write_inline_program(OF_A_STACK)
    data = {"input": "x", "datatype": "FP64", "rows": [[1.0], [2.0]], "labels": [1, 1]}
    (made.directory / "rows.json").write_text(json.dumps(data))
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": INGRESS}})
    with (
        operator(control_plane),
        payload_log() as log,
        versions(control_plane, NAMESPACE, {REQUESTS_PORT: log.requests_port}) as pods,
        log.clients_of(NAMESPACE, "iris", "classifier"),
    ):
        rolling = Rolling(made, control_plane, pods)
        rolling.declare(main=1)
        made.up()
        until_it_takes_pods(control_plane, NAMESPACE)
        pods.add("iris-main", 1)
        pods.add("iris-main-next", 1)
        yield rolling
        made.destroy()
    remove_namespace(control_plane, INGRESS)
    shutil.rmtree(folder)


def test_a_rollout_is_declared_for_what_runs_and_nothing_is_replaced(rolling: Rolling) -> None:
    before = rolling.found()["metadata"]
    rolling.declare(main=1, rollout="steps=(30, 100), hold='1s'")
    rolling.engine.up()
    after = rolling.found()["metadata"]
    assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])


def test_what_bounds_a_predictor_bounds_it_on_its_way_too(rolling: Rolling) -> None:
    path = f"/apis/networking.istio.io/v1beta1/namespaces/{INGRESS}/destinationrules"
    found = rolling.control_plane.request("GET", path)["items"]
    bounds = {each["spec"]["host"].partition(".")[0]: each["spec"]["trafficPolicy"] for each in found}
    assert bounds["iris-main-next"] == bounds["iris-main"]
    assert set(bounds) == {"iris-main", "iris-main-next", "iris-canary", "iris-canary-next"}


def test_a_killed_run_goes_on_at_its_step(rolling: Rolling) -> None:
    gates = "gates=(SmokeGate(data='rows.json'), ErrorGate(min_requests=5), MirrorGate(min_requests=5))"
    rolling.declare(main=2, rollout=f"steps=(30, 100), hold='60s', {gates}")
    planned = command_on(rolling.engine, "plan").stdout
    assert "arrives in steps of 30, 100 % of the way" in planned
    assert "predictor main" in planned
    running = rolling.engine.start("up", "--stack", STACK, "--yes", "--skip-preview")
    wait_until(lambda: rolling.shares().get("main-next") == ("2", 27))
    os.kill(running.pid, signal.SIGKILL)
    wait_until(lambda: running.poll() is not None)
    rolling.engine.run("cancel", "--stack", STACK, "--yes", check=False)
    assert rolling.shares() == {"main": ("1", 63), "canary": ("9", 10), "main-next": ("2", 27)}
    rolling.declare(main=2, rollout=f"steps=(30, 100), hold='300ms', {gates}")
    rolling.engine.up()
    assert rolling.shares() == {"main": ("2", 90), "canary": ("9", 10)}
    assert ("iris-main-next", "/api/v1.0/predictions") in rolling.pods.asked
    assert {"iris-main", "iris-main-next"} <= {service for service, _ in rolling.pods.copied}
    assert rolling.engine.run("refresh", "--stack", STACK, "--preview-only", "--expect-no-changes").returncode == 0


def test_a_share_that_somebody_changed_is_drift_and_is_mended_at_once(rolling: Rolling) -> None:
    rolling.control_plane.change(PATH, change_traffic)
    done = command_on(rolling.engine, "drift", "--format", "json", "--skip-preview")
    assert done.returncode == 7, done.stdout + done.stderr
    (drifted,) = json.loads(done.stdout)["objects"]
    assert (drifted["kind"], drifted["name"]) == ("SeldonDeployment", "iris")
    assert "somebody" in json.dumps(drifted)
    rolling.engine.up("--refresh")
    assert rolling.shares() == {"main": ("2", 90), "canary": ("9", 10)}


def test_a_rollout_is_taken_away_and_the_spec_is_the_engines_again(rolling: Rolling) -> None:
    uid = rolling.found()["metadata"]["uid"]
    rolling.declare(main=1)
    rolling.engine.up()
    found = rolling.found()
    assert found["metadata"]["uid"] == uid
    assert rolling.shares() == {"main": ("1", 90), "canary": ("9", 10)}
    assert NOTE not in found["metadata"].get("annotations", {})
    assert MANAGER not in {each["manager"] for each in found["metadata"]["managedFields"]}
    rolling.engine.preview("--expect-no-changes")
