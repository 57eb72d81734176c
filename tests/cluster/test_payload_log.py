"""The payload log of a stack on the real API server: declared with its namespace, and loggers lead to it."""

from __future__ import annotations

import base64

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.operator import operator
from tests.cluster.test_model_servers import PATHS
from tests.cluster.test_stack import PATH, engine, there
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until

__all__ = ["engine"]  # the fixture
pytestmark = pytest.mark.cluster

NAMESPACE = "payload-log"
DEPLOYMENT = f"{PATHS['Deployment'].format(NAMESPACE)}/payload-log"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/payload-log"
STACK = """
from seldon_infra import *

logger = Logger(mode="all", sample=0.1, redact=["card"], url="http://audit.shop/")
kafka = PayloadKafka(brokers="kafka:9092", topic="payloads", login=KafkaLogin(username="u", password="hunter2"))
graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris", logger=logger)
stack = Stack(
    target=Kubernetes(
        pod_security="baseline",
        payloads=PayloadLog(image="acme/payload-log:1", namespace="payload-log", kafka=kafka),
    ),
    deployments=[SeldonDeployment(name="iris", namespace="vision", predictors=[Predictor(name="main", graph=graph)])],
)
"""


def test_a_stack_has_its_log_and_executors_are_told_of_it(engine: Engine, control_plane: ControlPlane) -> None:
    (engine.directory / "test.py").write_text(STACK)
    with operator(control_plane):
        engine.up()
        sent = there(control_plane)
        assert sent is not None
        assert sent["spec"]["predictors"][0]["graph"]["logger"] == {
            "mode": "all",
            "url": "http://payload-log.payload-log.svc.cluster.local:8080/executor"
            "?sample=0.1&largest=1048576&redact=card",
        }
        log = there(control_plane, DEPLOYMENT)
        assert log is not None
        assert log["status"]["readyReplicas"] == 2
        words = log["spec"]["template"]["spec"]["containers"][0]["args"]
        assert words[-3:] == ["--onward", "iris/main/classifier", "http://audit.shop/"]
        secret = there(control_plane, SECRET)
        assert secret is not None
        assert base64.b64decode(secret["data"]["sasl.password"]) == b"hunter2"
        assert "hunter2" not in str(log) + str(engine.deployment())
        assert "unchanged" in engine.up("--expect-no-changes").stdout
        engine.destroy()
    assert there(control_plane, PATH) is None
    wait_until(lambda: there(control_plane, f"/api/v1/namespaces/{NAMESPACE}") is None)
