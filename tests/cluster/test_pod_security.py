"""The restricted Pod Security Standard, enforced by the API server, for pods that Seldon's operator makes.

Pods are those that the operator is known to make; they are admitted and scheduled, but no container runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.seldon_core.executor_policy import EXECUTOR, executor_policy
from tests.cluster.control_plane import ControlPlane, Refused
from tests.cluster.test_stack import there
from tests.engine.waiting import wait_until
from tests.unit.graph.cases import CASES

pytestmark = pytest.mark.cluster

NAMESPACE = "closed"
ENFORCED = {"pod-security.kubernetes.io/enforce": "restricted"}
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?fieldValidation=Strict"
POLICIES = {
    "MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
}
CLOSED = ("hpa-and-pdb", "separate-orchestrator", "canary")


@pytest.fixture(scope="module", autouse=True)
def closed(control_plane: ControlPlane) -> Iterator[None]:
    """A namespace that takes restricted pods alone, with the policy, once the API server goes by it."""
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE, "labels": ENFORCED}})
    for manifest in executor_policy("closed", [NAMESPACE]):
        control_plane.request("POST", f"{POLICIES[manifest['kind']]}?fieldValidation=Strict", manifest)
    wait_until(lambda: is_admitted(control_plane, pods("hpa-and-pdb")[0]), 60)
    yield
    for path in POLICIES.values():
        control_plane.request("DELETE", f"{path}/closed")
    control_plane.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    wait_until(lambda: there(control_plane, f"/api/v1/namespaces/{NAMESPACE}") is None, 60)


def pods(name: str) -> list[dict[str, Any]]:
    """The pods that the operator makes of a golden deployment."""
    locked = CASES[name].deployment.model_copy(update={"pod_defaults": "restricted", "namespace": NAMESPACE})
    made = [each for each in expanded(seldon_deployment(locked)) if each["kind"] == "Deployment"]
    found = []
    for each in made:
        spec = {key: value for key, value in each["spec"]["template"]["spec"].items() if key != "serviceAccountName"}
        found.append({"metadata": {"name": each["metadata"]["name"], "namespace": NAMESPACE}, "spec": spec})
    return found


def is_admitted(control_plane: ControlPlane, pod: dict[str, Any]) -> bool:
    try:
        control_plane.request("POST", f"{PODS}&dryRun=All", pod)
    except Refused as refused:
        assert refused.status == 403, refused.message
        return False
    return True


@pytest.mark.parametrize("name", CLOSED)
def test_pods_with_an_executor_are_admitted_where_the_policy_closes_it(
    control_plane: ControlPlane, name: str
) -> None:
    for pod in pods(name):
        taken = control_plane.request("POST", f"{PODS}&dryRun=All", pod)
        for before, after in zip(pod["spec"]["containers"], taken["spec"]["containers"], strict=True):
            if before["name"] == EXECUTOR:
                assert after["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                assert after["securityContext"]["runAsUser"] == before["securityContext"]["runAsUser"]
            else:
                assert after["securityContext"] == before["securityContext"]


def test_an_executor_without_a_user_of_its_own_is_closed_too(control_plane: ControlPlane) -> None:
    (pod, *_) = pods("hpa-and-pdb")
    (executor,) = [each for each in pod["spec"]["containers"] if each["name"] == EXECUTOR]
    del executor["securityContext"]
    assert is_admitted(control_plane, pod)


def test_other_containers_that_are_open_stay_refused(control_plane: ControlPlane) -> None:
    (pod, *_) = pods("hpa-and-pdb")
    for container in pod["spec"]["containers"]:
        if container["name"] != EXECUTOR:
            del container["securityContext"]
    assert not is_admitted(control_plane, pod)
