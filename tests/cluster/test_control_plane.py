"""The control plane that the other tests rely on: it schedules, refuses and survives as a real one does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.control_plane import NOBODY, ControlPlane, Refused
from tests.cluster.nodes import GPU_TAINT
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster


def deployment(name: str, *, replicas: int, gpus: int = 0, tolerates: bool = False) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "example/main", "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}
    tolerations = [{"key": GPU_TAINT["key"], "operator": "Exists"}] if tolerates else []
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "tolerations": tolerations},
            },
        },
    }


def ready_replicas(control_plane: ControlPlane, name: str) -> int:
    status = control_plane.request("GET", f"/apis/apps/v1/namespaces/default/deployments/{name}")["status"]
    return int(status.get("readyReplicas", 0))


def pods(control_plane: ControlPlane, name: str) -> list[dict[str, Any]]:
    path = f"/api/v1/namespaces/default/pods?labelSelector=app%3D{name}"
    return list(control_plane.request("GET", path)["items"])


def test_pods_run_on_gpus_until_there_are_none_left(control_plane: ControlPlane) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    control_plane.request("POST", path, deployment("gpus", replicas=3, gpus=3, tolerates=True))
    wait_until(lambda: ready_replicas(control_plane, "gpus") == 2 and len(pods(control_plane, "gpus")) == 3)
    waiting = [pod for pod in pods(control_plane, "gpus") if pod["status"]["phase"] == "Pending"]
    assert [pod["spec"].get("nodeName") for pod in waiting] == [None]
    control_plane.request("DELETE", f"{path}/gpus")
    wait_until(lambda: not pods(control_plane, "gpus"))  # other tests count what GPUs are left


def test_a_pod_that_does_not_tolerate_the_taint_waits(control_plane: ControlPlane) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    control_plane.request("POST", path, deployment("intolerant", replicas=1, gpus=1))

    def is_unschedulable() -> bool:
        found = pods(control_plane, "intolerant")
        reasons = [it.get("reason") for pod in found for it in pod["status"].get("conditions", [])]
        return "Unschedulable" in reasons

    wait_until(is_unschedulable)
    control_plane.request("DELETE", f"{path}/intolerant")


def test_who_has_no_rights_is_told_which(control_plane: ControlPlane) -> None:
    with pytest.raises(Refused) as refused:
        control_plane.request("GET", "/api/v1/namespaces/default/secrets", user=NOBODY)
    assert refused.value.status == 403
    assert 'cannot list resource "secrets"' in refused.value.message


def test_an_unknown_field_is_refused_where_validation_is_strict(control_plane: ControlPlane) -> None:
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wrong"}, "dada": {}}
    with pytest.raises(Refused) as refused:
        control_plane.request("POST", "/api/v1/namespaces/default/configmaps?fieldValidation=Strict", wrong)
    assert 'unknown field "dada"' in refused.value.message


def test_the_api_server_comes_back_with_what_it_had(control_plane: ControlPlane) -> None:
    kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"a": "1"}}
    control_plane.request("POST", "/api/v1/namespaces/default/configmaps", kept)
    control_plane.kill_process("kube-apiserver")
    control_plane.start_process("kube-apiserver")
    found = control_plane.request("GET", "/api/v1/namespaces/default/configmaps/kept")
    assert found["data"] == {"a": "1"}
    control_plane.request("DELETE", "/api/v1/namespaces/default/configmaps/kept")
