"""Model servers on the real API server, where the namespace admits the restricted Pod Security Standard alone.

Pods are simulated: they are admitted, scheduled (on GPUs too) and reported ready, but no container runs.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.model_server.render import model_server
from tests.cluster.control_plane import ControlPlane, Refused
from tests.cluster.effective import make_namespace, remove_namespace
from tests.cluster.test_stack import engine
from tests.engine.scratch import STACK as NAME
from tests.engine.scratch import Engine
from tests.unit.graph.cases import CASES as DEPLOYMENTS
from tests.unit.model_server.cases import CASES
from tests.unit.payload_log.cases import CASES as LOGS
from tests.unit.payload_log.cases import rendered

__all__ = ["engine"]  # the fixture
pytestmark = pytest.mark.cluster

NAMESPACE = "locked"
ENFORCED = {
    f"pod-security.kubernetes.io/{what}": value
    for what, value in (("enforce", "restricted"), ("enforce-version", "latest"))
}
STRICT = "fieldValidation=Strict&dryRun=All"
PATHS = {
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "Service": "/api/v1/namespaces/{}/services",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "ScaledObject": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "ServiceMonitor": "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors",
}
STACK = """
from seldon_infra import *

cpu = ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70))
gpu = {{"tolerations": [{{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}}]}}
stack = Stack(
    target=Kubernetes(create_namespaces=False),
    model_servers=[
        ModelServer(
            name="iris", namespace="locked", server=SklearnServer(), model_uri="s3://models/iris",
            storage=[S3Storage(access_key_id=secret("id"), secret_access_key="hunter2-plain")],
            hpa=Hpa(min_replicas=1, max_replicas=3, metrics=[cpu]),
        ),
        ModelServer(
            name="resnet", namespace="locked", server=TritonServer(), model_uri="s3://models/resnet",
            replicas={replicas}, resources=Resources(limits=Amounts(gpu=1)), pod=PodTemplate(spec=gpu),
        ),
    ],
)
"""


@pytest.fixture(scope="module", autouse=True)
def locked(control_plane: ControlPlane) -> Iterator[None]:
    """A namespace whose admission takes restricted pods alone, and the Prometheus operator's kind."""
    make_namespace(control_plane, NAMESPACE, ENFORCED)
    yield
    remove_namespace(control_plane, NAMESPACE)


def declare(engine: Engine, replicas: int = 2) -> None:
    (engine.directory / "test.py").write_text(STACK.format(replicas=replicas))


def in_namespace(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": NAMESPACE}}


@pytest.mark.parametrize("name", CASES)
def test_the_api_server_takes_every_field_of_a_golden_file(control_plane: ControlPlane, name: str) -> None:
    for kind, manifest in model_server(CASES[name].server).items():
        taken = control_plane.request("POST", f"{PATHS[kind].format(NAMESPACE)}?{STRICT}", in_namespace(manifest))
        assert taken["metadata"]["name"] == manifest["metadata"]["name"]


@pytest.mark.parametrize("name", LOGS)
def test_the_api_server_takes_every_field_of_a_payload_log_and_admits_its_pod(
    control_plane: ControlPlane, name: str
) -> None:
    made = rendered(LOGS[name])
    for kind, manifest in made.items():
        path = f"{PATHS[kind].format(NAMESPACE)}?{STRICT}"
        assert control_plane.request("POST", path, in_namespace(manifest))["metadata"]["name"] == "payload-log"
    template = made["Deployment"]["spec"]["template"]
    pod = {"metadata": {"name": "log", **template["metadata"]}, "spec": {**template["spec"]}}
    del pod["spec"]["serviceAccountName"]  # no such account is here
    control_plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?{STRICT}", pod)


def test_model_servers_live_in_a_restricted_namespace_from_preview_to_destroy(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    engine.set_secret("id", "hunter2-secret")
    engine.up()
    kept = control_plane.request("GET", f"{PATHS['Secret'].format(NAMESPACE)}/iris-storage")["data"]
    assert b64decode(kept["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"]) == b"hunter2-plain"
    assert b64decode(kept["RCLONE_CONFIG_S3_ACCESS_KEY_ID"]) == b"hunter2-secret"
    assert "hunter2" not in engine.run("stack", "export", "--stack", NAME).stdout
    pods = control_plane.request("GET", f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    assert sorted(pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods) == ["iris", "resnet", "resnet"]
    assert {pod["spec"]["nodeName"] for pod in pods if pod["metadata"]["name"].startswith("resnet")} == {"gpu-0"}
    scaled = control_plane.request("GET", f"{PATHS['HorizontalPodAutoscaler'].format(NAMESPACE)}/iris")
    assert scaled["spec"]["scaleTargetRef"]["name"] == "iris"
    assert engine.outputs()["iris_url"] == "http://iris.locked.svc.cluster.local:8080"
    assert engine.outputs()["resnet_grpc"] == "resnet.locked.svc.cluster.local:8081"
    assert "unchanged" in engine.up("--expect-no-changes").stdout

    declare(engine, replicas=1)
    engine.up()
    assert control_plane.request("GET", f"{PATHS['Deployment'].format(NAMESPACE)}/resnet")["spec"]["replicas"] == 1

    engine.destroy()
    left = [name for path in PATHS.values() for name in names(control_plane, path)]
    assert left == ["default"]


def names(control_plane: ControlPlane, path: str) -> list[str]:
    found = control_plane.request("GET", path.format(NAMESPACE))["items"]
    return [each["metadata"]["name"] for each in found]


def test_no_more_is_in_the_engine_than_the_objects_and_their_component(engine: Engine) -> None:
    declare(engine)
    engine.set_secret("id", "hunter2-secret")
    previewed = engine.preview().stdout
    objects = [line for line in previewed.splitlines() if " resnet " in line]
    assert len(objects) == 6, previewed


def pod_of(name: str, *, without: str = "") -> dict[str, Any]:
    """The first pod that the operator makes of a golden deployment."""
    locked = DEPLOYMENTS[name].deployment.model_copy(update={"pod_defaults": "restricted", "namespace": NAMESPACE})
    made = next(each for each in expanded(seldon_deployment(locked)) if each["kind"] == "Deployment")
    spec = dict(made["spec"]["template"]["spec"])
    spec["containers"] = [each for each in spec["containers"] if each["name"] != without]
    spec.pop("serviceAccountName", None)  # no such account is here
    return {"metadata": {"name": made["metadata"]["name"][:60].lower(), "namespace": NAMESPACE}, "spec": spec}


@pytest.mark.parametrize("name", [name for name in DEPLOYMENTS if name not in ("separate-orchestrator", "secure")])
def test_what_the_library_says_of_pods_is_admitted(control_plane: ControlPlane, name: str) -> None:
    pod = pod_of(name, without="seldon-container-engine")
    control_plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?{STRICT}", pod)


def test_the_operator_s_executor_is_not_admitted_for_its_capabilities_alone(control_plane: ControlPlane) -> None:
    with pytest.raises(Refused) as refused:
        control_plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?{STRICT}", pod_of("hpa-and-pdb"))
    assert refused.value.message.partition("violates PodSecurity")[2].count("seldon-container-engine") == 1
    assert "unrestricted capabilities" in refused.value.message
    assert "seccomp" not in refused.value.message
