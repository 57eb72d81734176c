"""Deployments on a cluster by the real engine: what is made for them, how their rollout ends, what is left of them."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.effective import remove_namespace
from tests.cluster.operator import operator
from tests.cluster.test_stack import PATH, engine, there
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until

__all__ = ["engine"]  # the fixture

pytestmark = pytest.mark.cluster

STACK = """
from seldon_infra import Istio, Kubernetes, Model, Predictor, S3Storage, SeldonDeployment, SklearnServer, Stack, secret

graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
storage = [S3Storage(access_key_id=secret("id"), secret_access_key="hunter2-plain", endpoint="http://minio.minio:9000")]
iris = SeldonDeployment(
    name="iris", namespace="vision", protocol="v2", predictors=[Predictor(name="main", graph=graph)], storage=storage
)
stack = Stack(target=Kubernetes(TARGET), deployments=[iris])
"""
KINDS = {
    "ServiceAccount": "/api/v1/namespaces/vision/serviceaccounts/iris",
    "Secret": "/api/v1/namespaces/vision/secrets/iris-storage",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/vision/networkpolicies/iris",
    "SeldonDeployment": PATH,
}
GATEWAY = "/apis/networking.istio.io/v1/namespaces/istio-system/gateways/seldon-gateway"
HTTP = {"name": "http2", "port": 80, "targetPort": 8080}


def declare(engine: Engine, target: str = "ingress_url='https://models.acme.io'") -> None:
    (engine.directory / "test.py").write_text(STACK.replace("TARGET", target))
    engine.set_secret("id", "AKIA-hidden")


def of_deployment(engine: Engine) -> list[str]:
    return [it["type"] for it in engine.resources() if it["urn"].endswith(("::iris", "::iris-storage"))]


def test_a_deployment_is_made_with_what_is_its_own_and_leaves_nothing(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    with operator(control_plane):
        engine.up()
        found: dict[str, Any] = {kind: there(control_plane, path) for kind, path in KINDS.items()}
        assert all(found.values()), found
        assert set(found["Secret"]["data"]) >= {"RCLONE_CONFIG_S3_SECRET_ACCESS_KEY", "RCLONE_CONFIG_S3_ENDPOINT"}
        assert len(of_deployment(engine)) == len(KINDS) + 1

        outputs = engine.outputs()
        assert outputs["iris_url"] == "https://models.acme.io/seldon/vision/iris"
        assert outputs["iris_grpc"] == "models.acme.io:443"
        assert outputs["iris_predict_curl"].endswith("https://models.acme.io/seldon/vision/iris/v2/models/infer")

        assert "unchanged" in engine.up("--expect-no-changes").stdout
        assert engine.run("refresh", "--stack", "test", "--preview-only", "--expect-no-changes").returncode == 0
        text = engine.state_file.read_text()
        for secret in ("hunter2-plain", "aHVudGVyMi1wbGFpbg", "AKIA-hidden", "QUtJQS1oaWRkZW4"):
            assert secret not in text

        engine.destroy()
    assert [kind for kind, path in KINDS.items() if there(control_plane, path)] == []


def test_a_deployment_that_fails_ends_the_up_in_the_operators_words(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    with operator(control_plane, "Failed", "no image for SKLEARN_SERVER"):
        failed = engine.up(check=False)
    said = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "SeldonDeployment 'iris': Seldon's operator reports Failed: no image for SKLEARN_SERVER" in said
    assert "Traceback" not in said
    with operator(control_plane):
        engine.up()


def test_an_up_that_is_interrupted_while_it_waits_ends_and_the_next_finishes(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    running = engine.start("up", "--stack", "test", "--yes", "--skip-preview")
    wait_until(lambda: there(control_plane) is not None)
    os.kill(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=240)
    assert running.returncode != 0
    assert "Traceback" not in said
    with operator(control_plane):
        assert "unchanged" in engine.up("--expect-no-changes").stdout


def test_a_deployment_answers_at_the_load_balancer_of_the_ingress(engine: Engine, control_plane: ControlPlane) -> None:
    make_ingress(control_plane)
    declare(engine, target="")
    with operator(control_plane):
        engine.up()
    assert engine.outputs()["iris_url"] == "http://203.0.113.7/seldon/vision/iris"
    assert engine.outputs()["iris_grpc"] == "203.0.113.7:80"
    remove_ingress(control_plane)


def test_a_deployment_answers_at_the_ingress_that_is_declared_as_existing(
    engine: Engine, control_plane: ControlPlane
) -> None:
    make_ingress(control_plane)
    declare(engine, target="ingress=Istio(existing=True)")
    with operator(control_plane):
        engine.up()
        assert there(control_plane, GATEWAY)
        outputs, policy = engine.outputs(), there(control_plane, KINDS["NetworkPolicy"])
        assert policy is not None
        assert "istio-system" in str(policy["spec"]["ingress"])
        assert "emissary" not in str(policy["spec"]["ingress"])
        engine.destroy()
    assert outputs["ingress_url"] == "http://203.0.113.7"
    assert outputs["iris_url"] == "http://203.0.113.7/seldon/vision/iris"
    assert outputs["iris_grpc"] == "203.0.113.7:80"
    assert outputs["iris_predict_curl"].endswith("http://203.0.113.7/seldon/vision/iris/v2/models/infer")
    assert there(control_plane, GATEWAY) is None
    remove_ingress(control_plane)


BEFORE = """
import pulumi
import pulumi_kubernetes
from pulumi_kubernetes.apiextensions import CustomResource
from seldon_infra.graph.render import seldon_deployment
from test import iris

provider = pulumi_kubernetes.Provider("cluster")
options = pulumi.ResourceOptions(provider=provider)
pulumi_kubernetes.core.v1.Namespace("vision", metadata={"name": "vision"}, opts=options)
rendered = seldon_deployment(iris)
CustomResource(
    "iris", rendered["apiVersion"], rendered["kind"], metadata=rendered["metadata"], spec=rendered["spec"], opts=options
)
"""


def test_a_deployment_of_before_it_was_a_component_is_kept(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine)
    program, stack = (engine.directory / "__main__.py").read_text(), (engine.directory / "test.py").read_text()
    (engine.directory / "test.py").write_text(stack.replace('secret("id")', '"id"'))
    engine.write_program(BEFORE)
    engine.up()
    before = there(control_plane)
    engine.write_program(program)
    with operator(control_plane):
        engine.up()
    after = there(control_plane)
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def make_ingress(control_plane: ControlPlane) -> None:
    """A Service such as Istio's chart makes, with the address that a cloud would give it."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}}
    applied = "/api/v1/namespaces/istio-system?fieldManager=test"
    control_plane.request("PATCH", applied, namespace, content_type="application/apply-patch+yaml")
    path, name = "/api/v1/namespaces/istio-system/services", "istio-ingressgateway"
    spec = {"type": "LoadBalancer", "ports": [HTTP], "selector": {"istio": "ingressgateway"}}
    control_plane.request("POST", path, {"metadata": {"name": name}, "spec": spec})
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}
    merge = "application/merge-patch+json"
    control_plane.request("PATCH", f"{path}/{name}/status", {"status": status}, content_type=merge)


def remove_ingress(control_plane: ControlPlane) -> None:
    remove_namespace(control_plane, "istio-system")
