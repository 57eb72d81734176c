"""The steps of a rollout on a real API server: in which order, when it goes back, and where it stands when it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from seldon_infra.clusters.stepped import note_of
from seldon_infra.core.errors import NotPermitted, NotReady
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.provider.cluster import pods as asked_in_pods
from seldon_infra.provider.cluster.rollout import Rollout
from seldon_infra.provider.cluster.written import MANAGER
from seldon_infra.provider.framework import Cancelled, Context, Failed, Instance, Refused
from tests.cluster.control_plane import NOBODY, ControlPlane
from tests.cluster.effective import until_allowed
from tests.cluster.live_requests import ROW, PayloadLog
from tests.cluster.operator import deployments, operator, report
from tests.cluster.stepping import (
    ARRIVED,
    ENGINE,
    NAMESPACE,
    Deployed,
    deployed,
    log,
    made,
    pods,
    predictor,
    rows,
    spec,
    when_at,
)
from tests.cluster.version_pods import OVER_GRPC, of
from tests.engine.waiting import wait_until

__all__ = ["deployed", "log", "made", "pods", "rows"]  # the fixtures
pytestmark = pytest.mark.cluster
MANY = {"kind": "errors", "at_most": 0.1, "min_requests": 10_000}


def test_a_changed_model_arrives_beside_the_old_one_and_gets_its_name_at_the_end(deployed: Deployed, rows: str) -> None:
    gates = [{"kind": "smoke", "data": rows, "rows": 2}, {"kind": "difference", "data": rows, "at_most": 0.0}]
    assert deployed.go(spec(2), *gates) == ARRIVED
    asked = {service for service, path in deployed.pods.asked if "predictions" in path}
    assert asked >= {f"{deployed.name}-main", f"{deployed.name}-main-next"}
    assert deployed.pods.asked_over_grpc.count("seldon") == 2  # by the smoke gate of each step


def test_a_version_that_answers_nothing_over_grpc_is_taken_back(
    deployed: Deployed, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed.pods, "says_over_grpc", None)
    with pytest.raises(Failed, match=r"stopped at 10 %: 2 rows over grpc got 0 answers; all requests go where they"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 2})
    assert of(deployed.found()) == ARRIVED[0]


def test_a_version_whose_grpc_port_is_closed_is_taken_back(deployed: Deployed, rows: str) -> None:
    name = f"{deployed.name}-main-next"
    pod = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}-0"
    deployed.control_plane.request("DELETE", pod, {"gracePeriodSeconds": 0})
    # What plays the nodes deletes what goes by its name, and may be late: a new pod of that name would go, too.
    deployed.pods.add(name, 1, grpc_port=5009, number=1)
    with pytest.raises(Failed, match=r"stopped at 10 %: no connection to port 5009: error forwarding port 5009 to pod"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 2})
    assert of(deployed.found()) == ARRIVED[0]


def test_what_is_served_over_grpc_alone_is_asked_over_grpc_alone(deployed: Deployed, rows: str) -> None:
    served = {"protocol": "v2", "transport": "grpc"}
    deployed.apply(ENGINE, spec=spec(1, **served))
    deployed.pods.asked.clear()
    gates = [{"kind": "smoke", "data": rows, "rows": 2}, {"kind": "accuracy", "data": rows, "at_least": 1.0}]
    assert deployed.go(spec(2, **served), *gates) == ARRIVED
    assert deployed.pods.asked_over_grpc[-4:] == ["v2"] * 4
    assert {path for _, path in deployed.pods.asked} == {"/ready"}


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
        deployed.go(spec(2), {"kind": "errors", "at_most": 0.1, "min_requests": 5})
    assert of(deployed.found()) == ARRIVED[0]


def test_gates_wait_for_a_version_that_has_no_ready_pod_for_a_moment(
    deployed: Deployed, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed.pods, "counts", 1)  # too few for the gate, until the pod has come and gone
    service = f"{deployed.name}-main-next"
    waits = f"the gates wait: SeldonDeployment '{deployed.name}' → predictor 'main-next' has no ready pod"
    deployed.pods.set_ready(service, "False")

    def come_and_go() -> None:
        wait_until(lambda: waits in deployed.told)
        deployed.pods.set_ready(service, "True")
        wait_until(lambda: service in deployed.pods.counted)
        deployed.pods.set_ready(service, "False")
        before = deployed.told.count(waits)
        wait_until(lambda: deployed.told.count(waits) > before)
        deployed.pods.counts = 10_000
        deployed.pods.set_ready(service, "True")

    coming = threading.Thread(target=come_and_go, daemon=True)
    coming.start()
    assert deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 2}, MANY) == ARRIVED
    coming.join()


def test_gates_ask_again_where_a_pod_that_failed_is_not_ready_any_more(deployed: Deployed, rows: str) -> None:
    service = f"{deployed.name}-main-next"
    hanging = ExitStack()
    hanging.enter_context(deployed.pods.hanging(service))

    def leave_and_come() -> None:
        wait_until(lambda: (service, "/api/v1.0/predictions") in deployed.pods.asked)
        deployed.pods.failing.add(service)
        deployed.pods.set_ready(service, "False")
        hanging.close()
        wait_until(lambda: f"the gates wait: pod '{service}-0' is not ready any more" in deployed.told)
        deployed.pods.failing.remove(service)
        deployed.pods.set_ready(service, "True")

    leaving = threading.Thread(target=leave_and_come, daemon=True)
    leaving.start()
    deployed.steps(spec(2), {"kind": "smoke", "data": rows, "rows": 2}, patience_seconds=240).go()
    leaving.join()
    assert of(deployed.found()) == ARRIVED[-1]


@pytest.mark.parametrize("gate", [{"kind": "errors", "at_most": 0.1, "min_requests": 5}, None])
def test_gates_that_wait_in_vain_for_a_ready_pod_bring_the_old_version_back(
    deployed: Deployed, rows: str, gate: Mapping[str, Any] | None
) -> None:
    deployed.pods.set_ready(f"{deployed.name}-main-next", "False")
    whom = f"SeldonDeployment '{deployed.name}' → predictor 'main-next' has no ready pod; all requests"
    with pytest.raises(Failed, match=rf"stopped at 10 %: gates waited 0\.2 s in vain: {whom}"):
        deployed.go(spec(2), gate or {"kind": "smoke", "data": rows, "rows": 2}, patience_seconds=0.2)
    assert of(deployed.found()) == ARRIVED[0]


@pytest.mark.parametrize(("kind", "path"), [("smoke", r"/api/v1\.0/predictions"), ("errors", "/prometheus")])
def test_a_version_that_hangs_is_taken_back(
    deployed: Deployed, rows: str, monkeypatch: pytest.MonkeyPatch, kind: str, path: str
) -> None:
    monkeypatch.setattr(asked_in_pods, "ASK_SECONDS", 1.0)
    gates = {"smoke": {"kind": "smoke", "data": rows, "rows": 2}, "errors": MANY}
    said = rf"predictor 'main-next' does not answer {path} within 1 s; all requests go where they went"
    with (
        deployed.pods.hanging(f"{deployed.name}-main-next"),
        pytest.raises(Failed, match=rf"stopped at 10 %: SeldonDeployment '{deployed.name}' → {said}"),
    ):
        deployed.go(spec(2), gates[kind])
    assert of(deployed.found()) == ARRIVED[0]


def restart_under_gates(deployed: Deployed, control_plane: ControlPlane) -> None:
    """Kill the API server, and start it again once a rollout's gates wait for it."""
    control_plane.kill_process("kube-apiserver")
    try:
        wait_until(lambda: any(it.startswith("the gates wait: cluster") for it in deployed.told))
    finally:
        control_plane.start_process("kube-apiserver")


def test_gates_wait_for_an_api_server_that_is_restarted(
    deployed: Deployed, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed.pods, "counts", 1)  # too few for the gate, until the API server is back

    def restart() -> None:
        wait_until(lambda: f"{deployed.name}-main-next" in deployed.pods.counted)
        restart_under_gates(deployed, control_plane)
        deployed.pods.counts = 10_000

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    deployed.steps(spec(2), MANY, patience_seconds=240).go()
    restarting.join()
    assert of(deployed.found()) == ARRIVED[-1]


def test_gates_ask_again_where_an_api_server_goes_in_the_midst_of_an_answer_over_grpc(
    deployed: Deployed, rows: str, control_plane: ControlPlane
) -> None:
    before = len(deployed.pods.asked_over_grpc)
    hanging = ExitStack()
    hanging.enter_context(deployed.pods.hanging(OVER_GRPC))

    def restart() -> None:
        with hanging:
            wait_until(lambda: len(deployed.pods.asked_over_grpc) > before)
            restart_under_gates(deployed, control_plane)

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    deployed.steps(spec(2), {"kind": "smoke", "data": rows, "rows": 2}, patience_seconds=240).go()
    restarting.join()
    assert of(deployed.found()) == ARRIVED[-1]


def test_where_an_api_server_stays_away_the_run_ends_and_the_next_one_goes_on(
    deployed: Deployed, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed.pods, "counts", 1)

    def stop() -> None:
        wait_until(lambda: f"{deployed.name}-main-next" in deployed.pods.counted)
        control_plane.kill_process("kube-apiserver")

    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    said = (
        r"stopped at 10 %: gates waited \S+ s in vain: cluster .*; it could not be taken back: cluster .*; `pulumi up`"
    )
    try:
        with pytest.raises(Failed, match=said):
            deployed.steps(spec(2), MANY, patience_seconds=5).go()
    finally:
        stopping.join()
        control_plane.start_process("kube-apiserver")
    assert of(deployed.found()) == ARRIVED[1]
    deployed.steps(spec(2)).go()
    assert of(deployed.found()) == ARRIVED[-1]


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
    ending = threading.Thread(target=lambda: when_at(deployed, 30, deployed.cancelled.set), daemon=True)
    ending.start()
    with pytest.raises(Cancelled, match="interrupted at 30 % and stays there; `pulumi up` goes on with this step"):
        deployed.go(spec(2), steps=[30, 100], hold_seconds=60)
    assert of(deployed.found()) == {"main": ("1", 70), "main-next": ("2", 30)}
    deployed.cancelled.clear()
    assert deployed.go(spec(2), steps=[30, 100]) == [{"main": ("1", 70), "main-next": ("2", 30)}, *ARRIVED[2:]]


def test_another_change_in_the_middle_goes_back_first(deployed: Deployed) -> None:
    threading.Thread(target=lambda: when_at(deployed, 50, deployed.cancelled.set), daemon=True).start()
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
    until_allowed(plane, NOBODY, "get", group=GROUP, resource=PLURAL, namespace=NAMESPACE)
    deployed.kubeconfig = plane.kubeconfig_of(NOBODY)
    with pytest.raises(NotPermitted, match=r"cannot get resource \"pods/proxy\".*ask for a Role with pods/proxy"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 1})
    assert deployed.seen == [ARRIVED[0]]
    rules.append({"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get", "create"]})
    plane.request("PUT", f"{rights}/roles/writer", {"metadata": {"name": "writer"}, "rules": rules})
    until_allowed(plane, NOBODY, "get", resource="pods", subresource="proxy", namespace=NAMESPACE)
    with pytest.raises(NotPermitted, match=r"resource \"pods/portforward\".*ask for a Role with pods/portforward"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 1})
    assert deployed.seen == [ARRIVED[0]]


def test_pods_out_of_the_api_servers_reach_are_told_before_anything_is_moved(deployed: Deployed, rows: str) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{deployed.name}-main-0/status"
    status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}  # where no API server goes
    deployed.control_plane.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")
    with pytest.raises(Failed, match=r"gates cannot ask 'main', so nothing was changed: the API server does not reach"):
        deployed.go(spec(2), {"kind": "smoke", "data": rows, "rows": 1})
    assert deployed.seen == [ARRIVED[0]]


MIRROR = {"kind": "mirror", "at_most": 0.2, "min_requests": 5}


def test_a_version_that_answers_copies_of_live_requests_otherwise_is_taken_back(
    deployed: Deployed, log: PayloadLog
) -> None:
    deployed.pods.says[f"{deployed.name}-main-next"] = 7
    said = r"stopped at 10 %: of \d+ live requests 100 % get another answer, at most 20 % may"
    with log.clients_of(NAMESPACE, deployed.name, "m"), pytest.raises(Failed, match=said):
        deployed.go(spec(2), MIRROR)
    assert of(deployed.found()) == ARRIVED[0]
    both = {f"{deployed.name}-main", f"{deployed.name}-main-next"}
    copies = [(service, row) for service, (row,) in deployed.pods.copied if service in both]
    assert {service for service, _ in copies} == both
    assert all(row == ROW for _, row in copies)


def test_a_version_that_answers_copies_of_live_requests_alike_arrives(deployed: Deployed, log: PayloadLog) -> None:
    with log.clients_of(NAMESPACE, deployed.name, "m"):
        assert deployed.go(spec(2), MIRROR) == ARRIVED


def test_a_mirror_gate_without_a_request_that_the_old_version_answers_says_nothing(
    deployed: Deployed, log: PayloadLog
) -> None:
    deployed.pods.failing.add(f"{deployed.name}-main")
    said = r"stopped at 10 %: mirror gate has had 0 of 5 requests within 1\.3 s, so it can say nothing"
    with log.clients_of(NAMESPACE, deployed.name, "m"), pytest.raises(Failed, match=said):
        deployed.go(spec(2), MIRROR, patience_seconds=1.2)
    assert of(deployed.found()) == ARRIVED[0]


def test_a_mirror_gate_goes_on_at_its_step_and_counts_anew(deployed: Deployed, log: PayloadLog) -> None:
    threading.Thread(target=lambda: when_at(deployed, 30, deployed.cancelled.set), daemon=True).start()
    with pytest.raises(Cancelled, match="interrupted at 30 %"):
        deployed.go(spec(2), MIRROR, steps=[30, 100])  # nobody asks anything
    deployed.cancelled.clear()
    with log.clients_of(NAMESPACE, deployed.name, "m"):
        seen = deployed.go(spec(2), MIRROR, steps=[30, 100])
    assert seen == [{"main": ("1", 70), "main-next": ("2", 30)}, *ARRIVED[2:]]


def test_a_payload_log_that_gives_no_requests_is_told_before_anything_is_moved(deployed: Deployed) -> None:
    deployed.requests = {"namespace": "elsewhere", "pods": "app=log", "port": 1}
    said = "nothing was changed: the payload log in namespace 'elsewhere' has no ready pod"
    with pytest.raises(Failed, match=said):
        deployed.go(spec(2), MIRROR)
    deployed.requests = {"namespace": NAMESPACE, "pods": "app=log", "port": 1}
    with pytest.raises(Failed, match="nothing was changed: no connection to port 1: error forwarding port 1"):
        deployed.go(spec(2), MIRROR)
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
