"""The wait for deployments, on a real API server: what ends it well, what ends it early, and in which words.

Nobody runs containers here. Where a pod is in trouble, its status is written as a kubelet would; what scheduler and
controllers say is their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters.live import Cluster, cluster
from seldon_infra.clusters.rollout import MARK
from seldon_infra.clusters.rollouts import Patience, Rollouts
from seldon_infra.core.errors import ClusterNotReached, LimitReached, NotPermitted, NotReady
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import SklearnServer
from tests.cluster.control_plane import NOBODY, ControlPlane, User
from tests.cluster.effective import make_namespace, until_allowed, until_refused
from tests.cluster.kubelet import kubelet_of
from tests.cluster.nodes import GPU_TAINT
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

MERGE = "application/merge-patch+json"
PATIENCE = Patience(ready=240, node=0.2, trouble=0.2, outage=240, between_looks=0.1)


@dataclass
class Space:
    """A namespace of its own, for one test."""

    control_plane: ControlPlane
    name: str
    told: list[str] = field(default_factory=list)

    def put(self, name: str = "iris", traffic: int = 100) -> None:
        """Make a deployment, or change it."""
        graph = Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
        predictors = [Predictor(name="main", graph=graph, traffic=traffic)]
        manifest = seldon_deployment(SeldonDeployment(name=name, namespace=self.name, predictors=predictors))
        query = "fieldManager=test&force=true"
        self.control_plane.request(
            "PATCH", f"{self.path(name)}?{query}", manifest, content_type="application/apply-patch+yaml"
        )

    def path(self, name: str = "iris") -> str:
        return f"/apis/{GROUP}/v1/namespaces/{self.name}/{PLURAL}/{name}"

    def say(self, state: str, description: str = "", name: str = "iris") -> None:
        """Write what Seldon's operator writes, and no more: it never says which generation it is about."""
        status = {"state": state, "description": description}
        self.control_plane.request("PATCH", f"{self.path(name)}/status", {"status": status}, content_type=MERGE)

    def status(self, name: str = "iris") -> dict[str, Any]:
        return dict(self.control_plane.request("GET", self.path(name)).get("status") or {})

    def make(self, path: str, body: dict[str, Any]) -> None:
        self.control_plane.request("POST", path.format(self.name), body)

    def rollouts(self, patience: Patience = PATIENCE, user: User | None = None) -> Rollouts:
        file = self.control_plane.kubeconfig_of(user) if user else self.control_plane.kubeconfig
        return Rollouts(lambda: cluster(None, str(file)), patience)

    def wait(self, patience: Patience = PATIENCE, user: User | None = None) -> None:
        """Wait for the deployment."""
        asyncio.run(self.rollouts(patience, user).available(self.name, "iris", self.told.append))


@pytest.fixture
def space(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Space]:
    name = f"rollout-{abs(hash(request.node.name)) % 10**8}"
    make_namespace(control_plane, name)
    yield Space(control_plane, name)
    control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


async def meanwhile(space: Space, *steps: Any, rollouts: Rollouts | None = None) -> None:
    """Wait for the deployment; each step happens when its condition holds, and the wait is not over before."""
    waiting = asyncio.ensure_future((rollouts or space.rollouts()).available(space.name, "iris", space.told.append))
    for holds, act in steps:
        while not await asyncio.to_thread(holds):
            assert not waiting.done(), waiting.exception() or "the wait is over too soon"
            await asyncio.sleep(0.05)
        await asyncio.to_thread(act)
    await waiting


def pod(name: str, **spec: Any) -> dict[str, Any]:
    labels = {"seldon-deployment-id": "iris"}
    containers = [{"name": "classify", "image": "acme/classify:9"}]
    fetch = [{"name": "classify-model-initializer", "image": "rclone", "args": ["s3://models/iris", "/mnt/models"]}]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": containers, "initContainers": fetch, **spec},
    }


def broken_pod(space: Space, status: dict[str, Any], **spec: Any) -> None:
    """A pod with a status that a kubelet would write."""
    name = "iris-main-0-classify-5d-x2"
    space.make("/api/v1/namespaces/{}/pods", pod(name, **spec))
    path = f"/api/v1/namespaces/{space.name}/pods/{name}"
    if "nodeName" in spec:  # the node's simulation says first that all is well
        wait_until(lambda: space.control_plane.request("GET", path)["status"].get("phase") == "Running")
    space.control_plane.request("PATCH", f"{path}/status", {"status": status}, content_type=MERGE)


def crashing(name: str) -> dict[str, Any]:
    ended = {"exitCode": 1, "reason": "Error"}
    return {
        "name": name,
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }


def workload(containers: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    labels = {"seldon-deployment-id": "iris"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers, **spec}}
    metadata = {"name": "iris-main-0-classify", "labels": labels}
    return {"metadata": metadata, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def test_a_wait_ends_when_the_operator_says_available(space: Space) -> None:
    space.put()
    steps = [
        (lambda: any("has not seen it yet" in text for text in space.told), lambda: space.say("Creating")),
        (lambda: any("pods are coming up" in text for text in space.told), lambda: space.say("Available")),
    ]
    asyncio.run(meanwhile(space, *steps))


def test_an_available_of_the_version_before_does_not_count(space: Space) -> None:
    space.put()
    space.say("Available")
    space.wait()
    space.put(traffic=0)
    steps = [(lambda: space.status()["description"] == MARK, lambda: space.say("Available"))]
    asyncio.run(meanwhile(space, *steps))
    assert space.status()["observedGeneration"] == 2
    space.told.clear()
    space.wait()  # once more, with nothing changed: one look is enough
    assert space.told == []


def test_a_failure_is_told_with_the_operators_description(space: Space) -> None:
    space.put()
    space.say("Failed", "Deployment is no longer progressing and not available.")
    with pytest.raises(NotReady) as raised:
        space.wait()
    assert str(raised.value) == (
        "SeldonDeployment 'iris': Seldon's operator reports Failed: Deployment is no longer progressing and not "
        "available."
    )


def test_a_failure_that_passes_is_none(space: Space) -> None:
    space.put()
    space.say("Failed", "the webhook did not answer")
    patience = Patience(ready=60, node=60, trouble=60, between_looks=0.1)
    steps = [(lambda: "did not answer" in str(space.told), lambda: space.say("Available"))]
    asyncio.run(meanwhile(space, *steps, rollouts=space.rollouts(patience)))


def test_an_image_that_cannot_be_pulled_ends_the_wait(space: Space) -> None:
    space.put()
    space.say("Creating")
    waits = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "acme/classify:9"'}
    container = {"name": "classify", "image": "acme/classify:9", "imageID": "", "ready": False, "restartCount": 0}
    status = {"containerStatuses": [{**container, "state": {"waiting": waits}}]}
    broken_pod(space, status, schedulerName="nobody")
    with pytest.raises(NotReady, match="predictor 'main' → node 'classify': image 'acme/classify:9' cannot be pulled"):
        space.wait()


def test_a_model_that_cannot_be_fetched_is_told_with_the_last_lines(space: Space, tmp_path: Path) -> None:
    space.put()
    space.say("Creating", "")
    broken_pod(space, {"initContainerStatuses": [crashing("classify-model-initializer")]}, nodeName="cpu-1")
    log = "".join(f"line {number}\n" for number in range(30)) + "directory not found\n"
    with kubelet_of(space.control_plane, "cpu-1", log, tmp_path), pytest.raises(NotReady) as raised:
        space.wait()
    first, place, *lines = str(raised.value).splitlines()
    assert "its model 's3://models/iris' cannot be fetched (exit status 1, Error); correct model_uri" in first
    assert place == "  pod iris-main-0-classify-5d-x2, container classify-model-initializer, last lines:"
    assert lines[-1] == "    directory not found"
    assert len(lines) == 10


def test_a_log_that_cannot_be_read_is_said(space: Space) -> None:
    space.put()
    space.say("Creating")
    broken_pod(space, {"containerStatuses": [crashing("classify")]}, nodeName="cpu-1")  # where no kubelet answers
    with pytest.raises(NotReady, match="its container ends again and again") as raised:
        space.wait()
    assert "container classify: its last lines cannot be read: " in str(raised.value)


def test_a_gpu_that_no_node_has_is_told_in_the_schedulers_words(space: Space) -> None:
    space.put()
    space.say("Creating")
    many = {"limits": {"nvidia.com/gpu": "9"}}
    gpus = workload(
        [{"name": "classify", "image": "x", "resources": many}],
        tolerations=[{"key": GPU_TAINT["key"], "operator": "Exists"}],
    )
    space.make("/apis/apps/v1/namespaces/{}/deployments", gpus)
    with pytest.raises(NotReady, match=r"no node can hold pod iris-main-0-.*Insufficient nvidia.com/gpu"):
        space.wait()


def test_pods_over_quota_are_told_in_the_api_servers_words(space: Space) -> None:
    space.put()
    space.say("Creating")
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"pods": "0"}}}
    space.make("/api/v1/namespaces/{}/resourcequotas", quota)
    until_refused(space.control_plane, f"/api/v1/namespaces/{space.name}/pods", pod("late"), "exceeded quota: team")
    space.make("/apis/apps/v1/namespaces/{}/deployments", workload([{"name": "classify", "image": "x"}]))
    with pytest.raises(NotReady, match=r"its pods are refused: .*exceeded quota: team"):
        space.wait()


def test_a_deployment_that_is_deleted_meanwhile_is_gone(space: Space) -> None:
    space.put()
    delete = lambda: space.control_plane.request("DELETE", space.path())  # noqa: E731
    with pytest.raises(NotReady, match="'iris' is gone: somebody deleted it; run: pulumi up --refresh"):
        asyncio.run(meanwhile(space, (lambda: space.told, delete)))


def test_a_wait_that_takes_too_long_says_how_far_it_was(space: Space) -> None:
    space.put()
    with pytest.raises(LimitReached, match=r"not Available after 0\.2 s, Seldon's operator has not seen it yet"):
        space.wait(Patience(ready=0.2, node=1, between_looks=0.1))


def test_who_may_not_read_is_told_which_right_is_missing(space: Space) -> None:
    space.put()
    with pytest.raises(NotPermitted, match='cannot get resource "seldondeployments"'):
        space.wait(user=NOBODY)


def test_a_token_that_expires_meanwhile_is_told(space: Space) -> None:
    space.put()
    good = cluster(None, str(space.control_plane.kubeconfig))
    expired = cluster(None, str(space.control_plane.kubeconfig_of(User("late", "expired"))))

    class Expiring(Cluster):
        def get(self, path: str, what: str) -> Any:
            return expired.get(path, what) if space.told else super().get(path, what)

    with pytest.raises(NotPermitted, match="cluster 'test' does not know who asks: Unauthorized; log in again"):
        asyncio.run(meanwhile(space, rollouts=Rollouts(lambda: Expiring(good.client, good.name), PATIENCE)))


def test_an_api_server_that_restarts_meanwhile_is_waited_for(space: Space) -> None:
    space.put()
    plane = space.control_plane
    steps = [
        (lambda: space.told, lambda: plane.kill_process("kube-apiserver")),
        (lambda: "cannot be reached" in space.told[-1], lambda: plane.start_process("kube-apiserver")),
        (lambda: "has not seen it yet" in space.told[-1], lambda: space.say("Available")),
    ]
    asyncio.run(meanwhile(space, *steps))


def test_an_api_server_that_stays_away_ends_the_wait(space: Space, tmp_path: Path) -> None:
    space.put()
    away = tmp_path / "kubeconfig"
    away.write_text(space.control_plane.kubeconfig.read_text().replace(space.control_plane.url, "https://127.0.0.1:9"))
    patience = Patience(ready=60, node=60, outage=0.2, between_looks=0.1)
    with pytest.raises(ClusterNotReached, match="cannot be reached"):
        asyncio.run(meanwhile(space, rollouts=Rollouts(lambda: cluster(None, str(away)), patience)))


def test_without_the_right_to_more_the_operators_word_counts_at_a_second_look(space: Space) -> None:
    grant(space, NOBODY, ["seldondeployments"], ["get", "list"])
    space.put()
    space.put(traffic=0)
    space.say("Creating")
    steps = [(lambda: "its pods cannot be looked at" in str(space.told), lambda: space.say("Available"))]
    asyncio.run(meanwhile(space, *steps, rollouts=space.rollouts(user=NOBODY)))
    assert 'cannot patch resource "seldondeployments/status"' in space.told[0]


def test_many_deployments_are_waited_for_with_few_requests(space: Space) -> None:
    names = [f"d{number}" for number in range(60)]
    for name in names:
        space.put(name)
        space.say("Available", name=name)
    asked: list[str] = []

    class Counted(Cluster):
        def get(self, path: str, what: str) -> Any:
            asked.append(path)
            return super().get(path, what)

    plain = cluster(None, str(space.control_plane.kubeconfig))
    rollouts = Rollouts(lambda: Counted(plain.client, plain.name), PATIENCE)

    async def all_of_them() -> None:
        await asyncio.gather(*(rollouts.available(space.name, name, space.told.append) for name in names))

    asyncio.run(all_of_them())
    assert len(asked) == 1


def grant(space: Space, user: User, resources: list[str], verbs: list[str]) -> None:
    """Let somebody do something in the namespace."""
    rights = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/"
    rules = [{"apiGroups": [GROUP], "resources": resources, "verbs": verbs}]
    space.make(f"{rights}roles", {"metadata": {"name": "reader"}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user.name}
    space.make(f"{rights}rolebindings", {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [subject]})
    until_allowed(space.control_plane, user, verbs[0], group=GROUP, resource=resources[0], namespace=space.name)
