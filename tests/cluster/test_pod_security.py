"""The restricted Pod Security Standard, enforced by the API server, for pods that Seldon's operator makes.

Pods are those that the operator is known to make; they are admitted and scheduled, but no container runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.seldon_core.executor_policy import OF_THE_OPERATOR, executor_policy
from tests.cluster.control_plane import ControlPlane, Refused
from tests.cluster.effective import make_namespace, remove_namespace
from tests.cluster.operator import operator
from tests.cluster.test_stack import engine, there
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until
from tests.unit.graph.cases import CASES

__all__ = ["engine"]  # the fixture

pytestmark = pytest.mark.cluster

NAMESPACE = "closed"
ENFORCED = {"pod-security.kubernetes.io/enforce": "restricted"}
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?fieldValidation=Strict"
POLICIES = {
    "MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
}
FORBIDDEN = 403
OPENED = "secure"
"""Its pods are opened on purpose."""


@pytest.fixture(scope="module", autouse=True)
def closed(control_plane: ControlPlane) -> Iterator[None]:
    """A namespace that takes restricted pods alone, with the policy, once the API server goes by it."""
    make_namespace(control_plane, NAMESPACE, ENFORCED)
    for manifest in executor_policy("closed", [NAMESPACE]):
        control_plane.request("POST", f"{POLICIES[manifest['kind']]}?fieldValidation=Strict", manifest)
    wait_until(lambda: is_admitted(control_plane, pods("hpa-and-pdb")[0]))
    yield
    for path in POLICIES.values():
        control_plane.request("DELETE", f"{path}/closed")
    remove_namespace(control_plane, NAMESPACE)


def pods(name: str) -> list[dict[str, Any]]:
    """The pods that the operator makes of a golden deployment."""
    locked = CASES[name].deployment.model_copy(update={"pod_defaults": "restricted", "namespace": NAMESPACE})
    made = [each for each in expanded(seldon_deployment(locked)) if each["kind"] == "Deployment"]
    found = []
    for each in made:
        template = each["spec"]["template"]
        spec = {key: value for key, value in template["spec"].items() if key != "serviceAccountName"}
        labels = template["metadata"]["labels"]
        found.append({"metadata": {"name": each["metadata"]["name"].lower(), "labels": labels}, "spec": spec})
    return found


def is_admitted(control_plane: ControlPlane, pod: dict[str, Any]) -> bool:
    try:
        control_plane.request("POST", f"{PODS}&dryRun=All", pod)
    except Refused as refused:
        if refused.status != FORBIDDEN:
            raise
        return False
    return True


@pytest.mark.parametrize("name", [name for name in CASES if name != OPENED])
def test_pods_with_an_executor_are_admitted_where_the_policy_closes_it(control_plane: ControlPlane, name: str) -> None:
    for pod in pods(name):
        taken = control_plane.request("POST", f"{PODS}&dryRun=All", pod)
        for before, after in zip(pod["spec"]["containers"], taken["spec"]["containers"], strict=True):
            if before["name"] in OF_THE_OPERATOR:
                assert after["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                user = before.get("securityContext", {}).get("runAsUser")
                assert after["securityContext"].get("runAsUser") == user
            else:
                assert after.get("securityContext") == before.get("securityContext")


def test_an_executor_without_a_user_of_its_own_is_closed_too(control_plane: ControlPlane) -> None:
    (pod, *_) = pods("hpa-and-pdb")
    (executor,) = [each for each in pod["spec"]["containers"] if each["name"] in OF_THE_OPERATOR]
    assert executor.pop("securityContext")
    assert is_admitted(control_plane, pod)


def test_other_containers_that_are_open_stay_refused(control_plane: ControlPlane) -> None:
    (pod, *_) = pods("hpa-and-pdb")
    for container in pod["spec"]["containers"]:
        if container["name"] not in OF_THE_OPERATOR:
            del container["securityContext"]
    assert not is_admitted(control_plane, pod)


STACK = """
from seldon_infra import Kubernetes, Model, Predictor, SeldonDeployment, SklearnServer, Stack

graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
main = Predictor(name="main", graph=graph)
iris = SeldonDeployment(name="iris", namespace="vision", protocol="v2", predictors=[main])
stack = Stack(target=Kubernetes(pod_security="restricted"), deployments=[iris])
"""


def test_a_stack_brings_level_and_policy_and_takes_them_along(engine: Engine, control_plane: ControlPlane) -> None:
    (engine.directory / "test.py").write_text(STACK)
    paths = [f"{path}/seldon-infra-scratch-test" for path in POLICIES.values()]
    with operator(control_plane):
        engine.up()
        namespace = there(control_plane, "/api/v1/namespaces/vision")
        assert namespace is not None
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        assert all(there(control_plane, path) for path in paths)
        assert "unchanged" in engine.up("--expect-no-changes").stdout
        engine.destroy()
    assert [path for path in paths if there(control_plane, path)] == []
