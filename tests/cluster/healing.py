"""A stack on a cluster to which something happens: what a person is told, and that the next `up` mends it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.cluster.effective import is_missing
from tests.cluster.operator import operator
from tests.cluster.test_stack import PATH, there
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until

STACK = """
from seldon_infra import Kubernetes, Model, Predictor, SeldonDeployment, SklearnServer, Stack

graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
iris = SeldonDeployment(
    name="iris", namespace="vision", protocol="v2", predictors=[Predictor(name="main", graph=graph, replicas=REPLICAS)]
)
stack = Stack(target=Kubernetes(ingress_url="https://models.acme.io"TARGET), deployments=[iris])
"""
NAMESPACE = "/api/v1/namespaces/vision"
ACCOUNT = f"{NAMESPACE}/serviceaccounts/iris"
POLICY = "/apis/networking.k8s.io/v1/namespaces/vision/networkpolicies/iris"
ROLES = "/apis/rbac.authorization.k8s.io/v1"


def declare(engine: Engine, replicas: int = 1, target: str = "") -> None:
    text = STACK.replace("REPLICAS", str(replicas)).replace("TARGET", target)
    (engine.directory / "test.py").write_text(text)


def fails(done: subprocess.CompletedProcess[str]) -> str:
    """Give what a command that failed has said, in one line."""
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return said


def is_whole(engine: Engine) -> bool:
    """Tell whether the state holds each resource once, and nothing that was begun and not ended."""
    state = engine.deployment()
    urns = [it["urn"] for it in state.get("resources") or []]
    return len(urns) == len(set(urns)) and not state.get("pending_operations")


def heals(engine: Engine, control_plane: ControlPlane, *arguments: str) -> None:
    """The next `up` makes all there is to make, once, and then nothing is left to do."""
    with operator(control_plane):
        engine.up(*arguments)
        assert is_whole(engine)
        assert all(there(control_plane, path) for path in (NAMESPACE, ACCOUNT, POLICY, PATH))
        drift = engine.run("refresh", "--stack", "test", "--preview-only", "--expect-no-changes", check=False)
        assert drift.returncode == 0, drift.stdout


def take_away(control_plane: ControlPlane, path: str) -> None:
    """Delete an object as somebody would by hand, and wait until it is gone."""
    control_plane.request("DELETE", path)
    wait_until(lambda: is_missing(control_plane, path))


@contextmanager
def made(control_plane: ControlPlane, path: str, thing: dict[str, Any]) -> Iterator[None]:
    """Put an object onto the cluster for as long as the block runs."""
    control_plane.request("POST", path, thing)
    try:
        yield
    finally:
        control_plane.request("DELETE", f"{path}/{thing['metadata']['name']}")
