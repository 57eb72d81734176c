"""What keeps pods from coming up: the statuses are those that kubelet, scheduler and controllers write."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.clusters.pod_trouble import Made, trouble_in
from seldon_infra.clusters.rollout import Trouble

DECLARED = {"metadata": {"name": "iris"}, "spec": {"predictors": [{"name": "main"}, {"name": "main-2"}]}}
PULL = 'Back-off pulling image "acme/scaler:9": not found'


def pod(name: str = "iris-main-0-classify-7f-x1", owner: str | None = None, **status: Any) -> dict[str, Any]:
    owners = [{"uid": owner, "controller": True, "kind": "ReplicaSet"}] if owner else []
    metadata = {"name": name, "labels": {"seldon-deployment-id": "iris"}, "ownerReferences": owners}
    fetch = {"name": "classify-model-initializer", "args": ["s3://models/iris", "/mnt/models"]}
    return {"metadata": metadata, "spec": {"initContainers": [fetch]}, "status": status}


def waiting(name: str, reason: str, message: str = "", restarts: int = 0, code: int = 1) -> dict[str, Any]:
    ended = {"terminated": {"exitCode": code, "reason": "OOMKilled" if code == 137 else "Error"}}
    return {
        "name": name,
        "image": "acme/scaler:9",
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": ended if restarts else {},
    }


def in_pods(*pods: dict[str, Any]) -> Trouble | None:
    return trouble_in(DECLARED, Made((), (), pods))


def said(*pods: dict[str, Any]) -> str:
    trouble = in_pods(*pods)
    assert trouble is not None
    return trouble.said


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
def test_an_image_that_cannot_be_pulled(reason: str) -> None:
    assert said(pod(containerStatuses=[waiting("classify", reason, PULL)])) == (
        f"predictor 'main' → node 'classify': image 'acme/scaler:9' cannot be pulled: {PULL}; "
        "correct it, or let the cluster pull it"
    )


def test_a_container_that_lacks_what_it_names() -> None:
    status = waiting("classify", "CreateContainerConfigError", 'secret "token" not found')
    assert said(pod(containerStatuses=[status])) == (
        "predictor 'main' → node 'classify': its container cannot be made: secret \"token\" not found; "
        "make what it names, or correct the name"
    )


def test_a_model_that_cannot_be_fetched() -> None:
    trouble = in_pods(pod(initContainerStatuses=[waiting("classify-model-initializer", "CrashLoopBackOff", "", 1)]))
    assert trouble is not None
    assert trouble.said == (
        "predictor 'main' → node 'classify': its model 's3://models/iris' cannot be fetched (exit status 1, Error); "
        "correct model_uri or the credentials in storage"
    )
    assert trouble.container == "classify-model-initializer"


def test_a_container_that_ends_again_and_again() -> None:
    status = waiting("classify", "CrashLoopBackOff", "back-off 20s", 3, 137)
    assert said(pod(containerStatuses=[status])) == (
        "predictor 'main' → node 'classify': its container ends again and again (exit status 137, OOMKilled); "
        "its last lines say why"
    )


def test_the_orchestrator_is_no_node() -> None:
    status = waiting("seldon-container-engine", "CrashLoopBackOff", "", 5)
    assert said(pod(containerStatuses=[status])).startswith("predictor 'main' → orchestrator: its container ends")


def test_an_explainer_is_no_node() -> None:
    status = waiting("explainer", "ErrImagePull", "no")
    assert said(pod("iris-main-explainer-7f-x1", containerStatuses=[status])).startswith(
        "predictor 'main' → explainer: image"
    )


def test_a_pod_without_a_node_is_told_in_the_schedulers_words() -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
    }
    trouble = in_pods(pod(conditions=[condition]))
    assert trouble is not None
    assert trouble.needs_node
    assert trouble.said == (
        "predictor 'main': no node can hold pod iris-main-0-classify-7f-x1: 0/3 nodes are available: 3 Insufficient "
        "nvidia.com/gpu.; ask for less, or add such nodes"
    )


@pytest.mark.parametrize(
    "status",
    [
        {"containerStatuses": [waiting("classify", "ContainerCreating")]},
        {"containerStatuses": [waiting("classify", "PodInitializing")]},
        {"containerStatuses": [waiting("classify", "CrashLoopBackOff", "", 1)]},
        {"containerStatuses": [{"name": "classify", "restartCount": 4, "state": {"running": {}}}]},
        {"initContainerStatuses": [{"name": "a-model-initializer", "state": {"terminated": {"exitCode": 0}}}]},
        {"conditions": [{"type": "PodScheduled", "status": "True"}]},
        {},
    ],
)
def test_what_still_comes_up_is_no_trouble(status: dict[str, Any]) -> None:
    assert in_pods(pod(**status)) is None


def test_trouble_that_no_waiting_mends_comes_first() -> None:
    unplaced = {"type": "PodScheduled", "reason": "Unschedulable", "message": "no"}
    pulls = pod("iris-main-2-0-a-b", containerStatuses=[waiting("a", "ErrImagePull", "no")])
    assert said(pod(conditions=[unplaced]), pulls).startswith("predictor 'main-2' → node 'a': image")


def test_pods_of_the_version_before_do_not_count() -> None:
    deployment = made("d", generation=2, observed=2, revision="2")
    sets = [replica_set("old", "d", "1"), replica_set("new", "d", "2")]
    broken = pod(owner="old", containerStatuses=[waiting("classify", "ErrImagePull", "no")])
    assert trouble_in(DECLARED, Made([deployment], sets, [broken])) is None
    broken["metadata"]["ownerReferences"][0]["uid"] = "new"
    assert trouble_in(DECLARED, Made([deployment], sets, [broken])) is not None
    unseen = made("d", generation=3, observed=2, revision="2")
    assert trouble_in(DECLARED, Made([unseen], sets, [broken])) is None


def test_pods_on_their_way_out_do_not_count() -> None:
    leaving = pod(containerStatuses=[waiting("classify", "ErrImagePull", "no")])
    leaving["metadata"]["deletionTimestamp"] = "2026-11-25T00:00:00Z"
    assert in_pods(leaving) is None


def test_pods_that_the_api_server_refuses() -> None:
    refused = made("d", generation=1, observed=1, revision="1")
    message = 'pods "x" is forbidden: exceeded quota: team'
    refused["status"]["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": message}]
    trouble = trouble_in(DECLARED, Made([refused], (), ()))
    assert trouble is not None
    assert trouble.said == (
        f"its pods are refused: {message}; ask for less, or for a larger quota, or relax its settings"
    )


def test_what_belongs_to_another_deployment_is_left_out() -> None:
    other = pod(containerStatuses=[waiting("classify", "ErrImagePull", "no")])
    other["metadata"]["labels"] = {"seldon-deployment-id": "wine"}
    assert Made((), (), [other, pod()]).of("iris").pods == [pod()]


def made(uid: str, *, generation: int, observed: int, revision: str) -> dict[str, Any]:
    annotations = {"deployment.kubernetes.io/revision": revision}
    metadata = {"uid": uid, "generation": generation, "annotations": annotations}
    return {"metadata": metadata, "status": {"observedGeneration": observed}}


def replica_set(uid: str, owner: str, revision: str) -> dict[str, Any]:
    annotations = {"deployment.kubernetes.io/revision": revision}
    owners = [{"uid": owner, "controller": True}]
    return {"metadata": {"uid": uid, "annotations": annotations, "ownerReferences": owners}}
