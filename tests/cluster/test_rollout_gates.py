"""The steps of a rollout on a real API server: in which order, when it goes back, and where it stands when it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters.live import cluster
from seldon_infra.clusters.rollouts import Patience
from seldon_infra.clusters.stepped import NEXT, note_of
from seldon_infra.core.errors import NotPermitted, NotReady
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.provider.cluster.rollout import Rollout
from seldon_infra.provider.cluster.steps import Steps
from seldon_infra.provider.cluster.written import MANAGER, Written
from seldon_infra.provider.framework import Cancelled, Context, Failed, Instance, Refused
from seldon_infra.resources.cluster_rollout import ClusterRolloutInputs
from tests.cluster.control_plane import NOBODY, ControlPlane
from tests.cluster.operator import deployments, operator, report
from tests.cluster.version_pods import Shares, Versions, of, versions
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

NAMESPACE = "stepped"
SPACE = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{PLURAL}"
ENGINE = "pulumi-kubernetes-1234"
APPLY = "application/apply-patch+yaml"
PATIENCE = Patience(ready=60, node=0.2, trouble=0.2, outage=30, between_looks=0.05)


def spec(model: int = 1, *more: Mapping[str, Any], traffic: int | None = None, **fields: Any) -> dict[str, Any]:
    share = {} if traffic is None else {"traffic": traffic}
    return {"protocol": "seldon", **fields, "predictors": [predictor("main", model, **share), *more]}


def predictor(name: str, model: int, **fields: Any) -> dict[str, Any]:
    graph = {"name": "m", "implementation": "SKLEARN_SERVER", "modelUri": f"s3://models/{model}"}
    return {"name": name, "graph": graph, **fields}


@dataclass
class Deployed:
    """A deployment that its own provider has made, for one test, and what it went through."""

    control_plane: ControlPlane
    pods: Versions
    name: str
    seen: list[Shares] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    kubeconfig: Path | None = None

    @property
    def path(self) -> str:
        return f"{SPACE}/{self.name}"

    def apply(self, manager: str, **parts: Any) -> None:
        """Apply a manifest as somebody."""
        metadata = {"name": self.name, "namespace": NAMESPACE}
        manifest = {"apiVersion": f"{GROUP}/v1", "kind": "SeldonDeployment", "metadata": metadata, **parts}
        query = f"fieldManager={manager}&force=true"
        self.control_plane.request("PATCH", f"{self.path}?{query}", manifest, content_type=APPLY)

    def found(self) -> dict[str, Any]:
        return self.control_plane.request("GET", self.path)

    def inputs(self, wanted: Mapping[str, Any], *gates: Mapping[str, Any], **rollout: Any) -> ClusterRolloutInputs:
        settings = {"steps": [10, 100], "hold_seconds": 0.1, "patience_seconds": 0.2, "gates": gates, **rollout}
        return ClusterRolloutInputs.model_validate(
            {
                "namespace": NAMESPACE,
                "name": self.name,
                "spec": wanted,
                "rollout": settings,
                "kubeconfig": str(self.control_plane.kubeconfig),
            }
        )

    def go(self, wanted: Mapping[str, Any], *gates: Mapping[str, Any], **rollout: Any) -> list[Shares]:
        """Bring it to a spec, and give what it went through."""
        context = Context("", "", cancelled=self.cancelled, progress=self.told.append, warn=self.told.append)
        file = self.kubeconfig or self.control_plane.kubeconfig
        written = Written(cluster(None, str(file)), NAMESPACE, self.name)
        with self._watched():
            Steps(written, self.inputs(wanted, *gates, **rollout), context, PATIENCE).go()
        return self.seen

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self.seen, over = [of(self.found())], threading.Event()

        def look() -> None:
            if (now := of(self.found())) != self.seen[-1]:
                self.seen.append(now)

        def watch() -> None:
            while not over.wait(0.01):
                look()

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()
            look()


@pytest.fixture(scope="module")
def pods(control_plane: ControlPlane) -> Iterator[Versions]:
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    wait_until(lambda: bool(control_plane.request("GET", account)["items"]))
    with versions(control_plane, NAMESPACE) as answering:
        yield answering
    control_plane.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


@pytest.fixture
def made(control_plane: ControlPlane, pods: Versions, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """A deployment with one predictor that answers 1, and a ready pod of what follows it."""
    made = Deployed(control_plane, pods, f"d{abs(hash(request.node.name)) % 10**8}")
    made.apply(ENGINE, spec=spec(1, replicas=2))
    pods.add(f"{made.name}-main", 1)
    pods.add(f"{made.name}-main{NEXT}", 1)
    yield made
    control_plane.request("DELETE", made.path)


@pytest.fixture
def deployed(made: Deployed, control_plane: ControlPlane) -> Iterator[Deployed]:
    """The same, with an operator that reports it Available."""
    with operator(control_plane):
        yield made


@pytest.fixture
def rows(tmp_path: Path) -> str:
    file = tmp_path / "rows.json"
    data = {"input": "x", "datatype": "FP64", "rows": [[1.0], [2.0]], "labels": [1, 1]}
    file.write_text(json.dumps(data))
    return str(file)


ARRIVED = [
    {"main": ("1", 100)},
    {"main": ("1", 90), "main-next": ("2", 10)},
    {"main": ("1", 0), "main-next": ("2", 100)},
    {"main": ("2", 0), "main-next": ("2", 100)},
    {"main": ("2", 100), "main-next": ("2", 0)},
    {"main": ("2", 100)},
]


def test_a_changed_model_arrives_beside_the_old_one_and_gets_its_name_at_the_end(deployed: Deployed, rows: str) -> None:
    gates = [{"kind": "smoke", "data": rows, "rows": 2}, {"kind": "difference", "data": rows, "at_most": 0.0}]
    assert deployed.go(spec(2), *gates) == ARRIVED
    asked = {service for service, path in deployed.pods.asked if "predictions" in path}
    assert asked >= {f"{deployed.name}-main", f"{deployed.name}-main-next"}


def test_what_is_no_longer_declared_goes_though_another_manager_had_brought_it(deployed: Deployed) -> None:
    deployed.go(spec(1))
    assert "replicas" not in deployed.found()["spec"]
    owners = {it["manager"] for it in deployed.found()["metadata"]["managedFields"] if "f:spec" in it["fieldsV1"]}
    assert owners == {MANAGER}


def test_the_engine_takes_the_spec_back_and_nothing_is_left_of_a_rollout(deployed: Deployed) -> None:
    deployed.go(spec(1, annotations={"own": "x"}))
    Rollout().delete("", _last(deployed, spec(1)), Context("", ""))
    # Where a stack is destroyed, the object goes by itself.
    assert deployed.found()["spec"]["annotations"] == {"own": "x"}
    deployed.apply(ENGINE, spec=spec(3))
    Rollout().delete("", _last(deployed, spec(1)), Context("", ""))
    found = deployed.found()
    assert (of(found), note_of(found)) == ({"main": ("3", 100)}, None)
    assert "annotations" not in found["spec"]


def test_a_gate_that_fails_brings_the_old_version_back_with_its_reason(deployed: Deployed, rows: str) -> None:
    deployed.pods.says[f"{deployed.name}-main-next"] = 7
    with pytest.raises(Failed, match=r"the rollout to 'main-next' stopped at 10 %: accuracy 0\.000 on .*before"):
        deployed.go(spec(2), {"kind": "accuracy", "data": rows, "at_least": 0.5})
    assert deployed.seen == [*ARRIVED[:2], ARRIVED[0]]


def test_a_version_whose_requests_fail_is_taken_back(deployed: Deployed) -> None:
    deployed.pods.failing.add(f"{deployed.name}-main-next")
    with pytest.raises(Failed, match=r"stopped at 10 %: 100 % of \d+ requests failed, at most 10 % may"):
        deployed.go(spec(2), {"kind": "errors", "at_most": 0.1, "min_requests": 5}, patience_seconds=30)
    assert of(deployed.found()) == ARRIVED[0]


def test_a_version_that_does_not_come_up_is_taken_back(made: Deployed) -> None:
    over = threading.Event()

    def play() -> None:
        while not over.wait(0.05):
            for each in deployments(made.control_plane):
                failed = "main-next" in of(each)
                report(made.control_plane, each, *(("Failed", "no image") if failed else ("Available", "")))

    playing = threading.Thread(target=play, daemon=True)
    playing.start()
    with pytest.raises(
        Failed, match=r"stopped at 10 %: .*the operator reports Failed: no image|operator reports Failed"
    ):
        made.go(spec(2))
    over.set()
    playing.join()
    assert of(made.found()) == ARRIVED[0]


def test_what_does_not_answer_is_changed_at_once(made: Deployed) -> None:
    with operator(made.control_plane, "Failed", "broken image"), pytest.raises(NotReady, match="broken image"):
        made.go(spec(2))
    assert made.seen == [ARRIVED[0], ARRIVED[-1]]
    assert "arrives at once, for what is there is not Available" in str(made.told)


def test_an_interrupted_rollout_goes_on_at_its_step(deployed: Deployed) -> None:
    ending = threading.Thread(target=lambda: _when_at(deployed, 30, deployed.cancelled.set), daemon=True)
    ending.start()
    with pytest.raises(Cancelled, match="interrupted at 30 % and stays there; `pulumi up` goes on with this step"):
        deployed.go(spec(2), steps=[30, 100], hold_seconds=60)
    assert of(deployed.found()) == {"main": ("1", 70), "main-next": ("2", 30)}
    deployed.cancelled.clear()
    assert deployed.go(spec(2), steps=[30, 100]) == [{"main": ("1", 70), "main-next": ("2", 30)}, *ARRIVED[2:]]


def test_another_change_in_the_middle_goes_back_first(deployed: Deployed) -> None:
    threading.Thread(target=lambda: _when_at(deployed, 50, deployed.cancelled.set), daemon=True).start()
    with pytest.raises(Cancelled):
        deployed.go(spec(2), steps=[50, 100], hold_seconds=60)
    deployed.cancelled.clear()
    assert deployed.go(spec(3), steps=[100])[:3] == [
        {"main": ("1", 50), "main-next": ("2", 50)},
        {"main": ("1", 100)},
        {"main": ("1", 0), "main-next": ("3", 100)},
    ]


def test_other_shares_move_step_by_step_and_the_next_change_begins_where_they_are(deployed: Deployed) -> None:
    canary = [predictor("canary", 9, traffic=share) for share in (10, 60)]
    two = spec(1, canary[0], traffic=90), spec(1, canary[1], traffic=40)
    deployed.go(two[0], steps=[100])
    assert deployed.go(two[1], steps=[50, 100]) == [
        {"main": ("1", 90), "canary": ("9", 10)},
        {"main": ("1", 65), "canary": ("9", 35)},
        {"main": ("1", 40), "canary": ("9", 60)},
    ]


def test_who_may_not_ask_pods_is_told_before_anything_is_moved(deployed: Deployed, rows: str) -> None:
    plane = deployed.control_plane
    rights = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    rules = [
        {"apiGroups": [GROUP], "resources": [PLURAL, f"{PLURAL}/status"], "verbs": ["*"]},
        {"apiGroups": ["", "apps"], "resources": ["pods", "deployments", "replicasets"], "verbs": ["get", "list"]},
    ]
    plane.request("POST", f"{rights}/roles", {"metadata": {"name": "writer"}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "writer"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NOBODY.name}
    binding = {"metadata": {"name": "writer"}, "roleRef": role, "subjects": [subject]}
    plane.request("POST", f"{rights}/rolebindings", binding)
    deployed.kubeconfig = plane.kubeconfig_of(NOBODY)
    with pytest.raises(NotPermitted, match=r"cannot get resource \"pods/proxy\".*ask for a Role with pods/proxy"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 1})
    assert deployed.seen == [ARRIVED[0]]


def test_pods_out_of_the_api_servers_reach_are_told_before_anything_is_moved(deployed: Deployed, rows: str) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{deployed.name}-main-0/status"
    status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}  # where no API server goes
    deployed.control_plane.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")
    with pytest.raises(Failed, match=r"gates cannot ask 'main', so nothing was changed: the API server does not reach"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 1})
    assert deployed.seen == [ARRIVED[0]]


def test_what_clients_speak_does_not_change_in_steps(deployed: Deployed) -> None:
    before, after = deployed.inputs(spec(1)), deployed.inputs(spec(1, protocol="v2"))
    with pytest.raises(Refused, match="seldon → v2: both versions answer the same clients"):
        Rollout().check_change(before, after, Context("", ""))


def test_a_preview_says_in_which_steps_a_change_arrives(deployed: Deployed) -> None:
    told: list[str] = []
    Rollout().check_change(deployed.inputs(spec(1)), deployed.inputs(spec(2)), Context("", "", progress=told.append))
    assert told == ["in steps of 10, 100 % of the way: main 100 % → 0 %; main-next 0 % → 100 %"]


def _last(deployed: Deployed, wanted: Mapping[str, Any]) -> Any:
    inputs = deployed.inputs(wanted)
    return Instance("", inputs, inputs)


def _when_at(deployed: Deployed, share: int, act: Any) -> None:
    wait_until(lambda: of(deployed.found()).get("main-next", ("", 0))[1] == share, 60)
    act()
