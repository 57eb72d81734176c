"""What goes wrong while requests pass: kills, hangs, changes and restarts under load."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from seldon_infra.core.errors import LimitReached, SeldonInfraError
from seldon_infra.ingress.render.envoy import KEPT_SECONDS, clusters_of
from seldon_infra.ingress.routes import Backend, Limits
from seldon_infra.runtime.gateway import Gateway
from seldon_infra.runtime.health import is_ready
from tests.engine.waiting import wait_until
from tests.local.backend import HOLD, SLEEP
from tests.local.scene import (
    INFER,
    Answer,
    Scene,
    behind,
    grpc_load,
    held,
    kill,
    load,
    processes_below,
    raw,
    received,
    route,
)

pytestmark = pytest.mark.local


@pytest.fixture
def serving(scene: Scene) -> Scene:
    scene.start_gateway()
    return scene


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_port_that_was_asked_for_and_is_taken_is_an_error_that_names_it(scene: Scene) -> None:
    """Row 39: no half-started gateway."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LimitReached, match=f"port {port} of 127.0.0.1 is taken"):
            scene.start_gateway(port=port)
    assert not processes_below(scene.stack.root)


def test_nobody_else_can_listen_on_the_gateways_port(serving: Scene) -> None:
    """Not even a process of the same user that sets SO_REUSEPORT, who would get some of the connections."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", serving.port))


def test_two_stacks_that_ask_for_one_port(new_scene: Callable[[], Scene]) -> None:
    """Row 38: the second learns whose it is, also while the first is down."""
    one, two = new_scene(), new_scene()
    one.start_gateway()
    kill(one.supervisor_pid())
    with pytest.raises(LimitReached, match=str(one.stack.root)):
        two.start_gateway(port=one.port)
    two.close()
    one.close()


def test_the_next_free_port_is_taken_by_default(new_scene: Callable[[], Scene]) -> None:
    """Row 39."""
    one, two = new_scene(), new_scene()
    one.start_gateway()
    two.start_gateway()
    # Others of this machine take ports and give them back meanwhile, so that the second's may be the lower one.
    assert min(one.port, two.port) >= 8003
    assert one.port != two.port
    one.close()
    two.close()


def test_a_crashed_server_is_started_again_and_gets_its_traffic_back(serving: Scene) -> None:
    """Row 40."""
    record = serving.backend("a")
    serving.put(behind(record))
    kill(serving.pid(record))
    answers = {serving.ask().status for _ in range(5)}
    assert answers <= {200, 503}
    wait_until(lambda: serving.ask().status == 200)


def test_a_crash_of_one_predictor_does_not_touch_the_other(serving: Scene) -> None:
    """Row 40: kill -9 in a loop under load."""
    a, b = serving.backend("a"), serving.backend("b")
    serving.put(behind(a))
    serving.put(behind(b), name="second")
    with load(serving.port, INFER.replace("/d/", "/second/")) as load_on_b:
        for _ in range(3):
            kill(serving.pid(a))
            wait_until(lambda: serving.ask().status == 200)
        wait_until(lambda: load_on_b.sent > 100)
    assert load_on_b.failed == 0, load_on_b.answers


def test_a_hanging_server_is_504_and_then_good_again(serving: Scene) -> None:
    """Row 41."""
    record = serving.backend("a")
    serving.put(behind(record), rest_seconds=0.5)
    with held(serving.pid(record)):
        answer = serving.ask()
    assert answer.status == 504
    assert answer.json["status"]["code"] == 504
    wait_until(lambda: serving.ask().status == 200)


def test_an_answer_may_take_as_long_as_its_route_allows(scene: Scene) -> None:
    """Row 44: the limit on silent streams does not cut short what a deployment's own time-out lets go on."""
    scene.start_gateway(Limits(idle_seconds=0.5))
    scene.put(behind(scene.backend("a")), rest_seconds=15, grpc_seconds=15)
    assert answered(lambda: scene.ask(headers={SLEEP: "1.5"})).status == 200
    assert scene.call(x_sleep="1.5")[0].startswith("a ")


def answered(ask: Callable[[], Answer]) -> Answer:
    """Ask on a connection that is not silent for so long before it is asked that the gateway closes it."""
    found: list[Answer] = []

    def is_answered() -> bool:
        with suppress(ConnectionError):
            found.append(ask())
        return bool(found)

    wait_until(is_answered)
    return found[0]


def test_a_silent_connection_is_closed(scene: Scene) -> None:
    """Row 44: one that never asks anything, and one that has asked and is kept."""
    scene.start_gateway(Limits(idle_seconds=0.5))
    scene.put(behind(scene.backend("a")))
    assert raw(scene.port, b"") == b""
    question = f"POST {INFER} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n".encode()
    wait_until(lambda: b" 200 " in raw(scene.port, question))  # one that is asked too late is silent as well


def test_a_kept_connection_is_given_up_before_the_server_closes_it(serving: Scene) -> None:
    """MLServer closes after 5 s of silence: a request sent in that moment would get 503."""
    assert KEPT_SECONDS < 5
    with closing_server(after=60) as (port, closed_by):
        serving.put(Backend("main", 100, False, f"127.0.0.1:{port}", f"127.0.0.1:{port}"))
        assert serving.ask().status == 200
        wait_until(lambda: bool(closed_by))
    assert closed_by == ["gateway"]


@contextmanager
def closing_server(after: float) -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything with 200, and who closed each of its connections when it was silent."""
    closed_by: list[str] = []

    def answer(connection: socket.socket) -> None:
        connection.settimeout(after)
        try:
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            closed_by.append("gateway")
        except TimeoutError:
            closed_by.append("server")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = in_background(lambda: answer(server.accept()[0]))
        yield server.getsockname()[1], closed_by
        thread.join()


def test_a_hundred_changes_of_routes_fail_no_request(serving: Scene) -> None:
    """Row 49."""
    a, b = serving.backend("a"), serving.backend("b")
    serving.put(behind(a, "main", 50), behind(b, "canary", 50))
    with load(serving.port, per_second=200) as rest, grpc_load(serving.port) as called:
        for number in range(100):
            weight = number % 99 + 1
            serving.put(behind(a, "main", weight), behind(b, "canary", 100 - weight))
    assert rest.failed == 0, rest.answers
    assert called.failed == 0, called.answers


def test_replacing_a_server_under_load_fails_no_request(serving: Scene) -> None:
    """Row 51: start, ready, switch, drain, stop."""
    old = serving.backend("a")
    serving.put(behind(old))
    with load(serving.port, per_second=150) as rest, grpc_load(serving.port, per_second=50) as called:
        for number in range(20):
            new = serving.backend("a")
            serving.put(behind(new))
            serving.processes.remove(old.id)
            wait_until(lambda number=number: rest.sent > 50 * number)  # type: ignore[misc]
            old = new
    assert rest.failed == 0, rest.answers
    assert called.failed == 0, called.answers


def test_a_long_request_on_the_old_server_is_finished(serving: Scene, tmp_path: Path) -> None:
    """Rows 51, 52: the change waits for it, and then the server may go."""
    old, new = serving.backend("old"), serving.backend("new")
    serving.put(behind(old))
    answers: list[Answer] = []
    asking = in_background(lambda: answers.append(serving.ask(headers={HOLD: str(tmp_path / "go")})))
    wait_until(lambda: serving.gateway._open_requests([f"ns/d/main/rest/{behind(old).rest}"]) == 1)
    changing = in_background(lambda: serving.put(behind(new)))
    wait_until(lambda: serving.ask().json["name"] == "new")
    assert changing.is_alive()
    (tmp_path / "go").touch()
    changing.join()
    serving.processes.remove(old.id)
    asking.join()
    assert [(answer.status, answer.json["name"]) for answer in answers] == [(200, "old")]


def test_a_long_drain_does_not_hold_up_other_deployments(serving: Scene) -> None:
    """Each deployment's change waits for its own requests only, and spares those of the others."""
    old, new, other = serving.backend("old"), serving.backend("new"), serving.backend("other")
    serving.put(behind(old))
    asking = HTTPConnection("127.0.0.1", serving.port)
    asking.request("POST", INFER, b"{}", {SLEEP: "600"})
    wait_until(lambda: serving.gateway._open_requests([f"ns/d/main/rest/{behind(old).rest}"]) == 1)
    changing = in_background(lambda: serving.put(behind(new), drain_seconds=300))
    wait_until(lambda: serving.ask().json["name"] == "new")
    serving.put(behind(other), name="second")
    serving.gateway.remove("ns", "second", 5)
    assert changing.is_alive()
    asking.close()
    changing.join(120)
    assert not changing.is_alive()
    assert behind(old).rest not in (serving.stack.gateway / "cds.json").read_text()


def test_a_request_longer_than_the_drain_does_not_stop_the_change(serving: Scene) -> None:
    """Row 52: the time to drain is a bound."""
    old, new = serving.backend("old"), serving.backend("new")
    serving.put(behind(old))
    with held(serving.pid(old)):
        asking = in_background(lambda: serving.ask(timeout=60))
        wait_until(lambda: serving.gateway._open_requests([f"ns/d/main/rest/{behind(old).rest}"]) == 1)
        serving.put(behind(new), drain_seconds=0.5)
        assert asking.is_alive()
    asking.join()


def test_a_killed_gateway_comes_back_with_its_routes(serving: Scene) -> None:
    """Row 40 for Envoy itself."""
    record = serving.backend("a")
    serving.put(behind(record))
    gateway = serving.processes.record("gateway-token")
    assert gateway is not None
    first = serving.pid(gateway)
    kill(first)
    wait_until(lambda: serving.processes.state(gateway.id).pid not in (0, first))
    wait_until(serving.gateway.is_live)
    assert serving.ask().json["name"] == "a"


def test_a_change_while_the_gateway_comes_back_is_made(serving: Scene) -> None:
    a, b = serving.backend("a"), serving.backend("b")
    serving.put(behind(a))
    gateway = serving.processes.record("gateway-token")
    assert gateway is not None
    kill(serving.pid(gateway))
    serving.put(behind(b))
    assert serving.ask().json["name"] == "b"


def test_a_gateway_that_is_killed_in_the_midst_of_a_change_is_waited_for(
    serving: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has said that it lives, and is gone when it is asked what it follows."""
    a, b = serving.backend("a"), serving.backend("b")
    serving.put(behind(a))
    gateway, is_live = serving.processes.record("gateway-token"), Gateway.is_live
    assert gateway is not None
    killed: list[int] = []

    def dies_then(self: Gateway) -> bool:
        lives = is_live(self)
        if lives and not killed:
            killed.append(serving.pid(gateway))
            kill(killed[0])
            wait_until(lambda: not is_live(self))
        return lives

    monkeypatch.setattr(Gateway, "is_live", dies_then)
    serving.put(behind(b))
    assert killed
    assert serving.ask().json["name"] == "b"


def test_a_change_without_a_gateway_says_so(serving: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    a = serving.backend("a")
    monkeypatch.setattr("seldon_infra.runtime.gateway.LIVE_SECONDS", 0.2)
    serving.processes.remove("gateway-token")
    with pytest.raises(SeldonInfraError, match="gateway"):
        serving.put(behind(a))


def test_sticky_users_stay_where_they_are_when_the_gateway_restarts(serving: Scene) -> None:
    a, b = serving.backend("a"), serving.backend("b")
    serving.put(behind(a, "main", 50), behind(b, "canary", 50), sticky_header="x-user")

    def seen() -> list[str]:
        return [serving.ask(headers={"x-user": str(user)}).predictor for user in range(30)]

    first = seen()
    gateway = serving.processes.record("gateway-token")
    assert gateway is not None
    pid = serving.pid(gateway)
    kill(pid)
    wait_until(lambda: serving.processes.state(gateway.id).pid not in (0, pid) and serving.gateway.is_live())
    assert seen() == first


def test_a_killed_supervisor_stops_no_traffic_and_is_replaced(serving: Scene) -> None:
    """Row 40: what it leaves goes on serving; the repair ends with one gateway and one server."""
    record = serving.backend("a")
    serving.put(behind(record))
    kill(serving.supervisor_pid())
    wait_until(lambda: serving.processes.state(record.id).state == "ABSENT")
    assert serving.ask().json["name"] == "a"
    serving.processes.restart("gateway-token")
    wait_until(serving.gateway.is_live)
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))
    assert serving.ask().json["name"] == "a"
    assert len(processes_below(serving.stack.processes)) == 2


def test_a_new_gateway_follows_the_routes_of_the_old(serving: Scene) -> None:
    """Replaced for other limits: the routes' files stay, and are read again."""
    record = serving.backend("a")
    serving.put(behind(record))
    serving.processes.remove("gateway-token")
    serving.start_gateway(Limits(max_body_bytes=1000), token="another")
    assert serving.ask().json["name"] == "a"
    assert serving.ask(body=b"x" * 2000).status == 413


def test_routes_alone_keep_the_stacks_folder(serving: Scene) -> None:
    serving.put(behind(serving.backend("a")))
    for record in list(serving.processes.all()):
        serving.processes.remove(record.id)
    assert serving.gateway.routes()
    serving.gateway.remove("ns", "d", 1)
    assert not serving.stack.root.exists()


def test_two_stacks_side_by_side(new_scene: Callable[[], Scene]) -> None:
    one, two = new_scene(), new_scene()
    for scene, name in ((one, "one"), (two, "two")):
        scene.start_gateway()
        scene.put(behind(scene.backend(name)))
    assert (one.ask().json["name"], two.ask().json["name"]) == ("one", "two")
    one.gateway.remove("ns", "d", 1)
    one.close()
    assert not one.stack.root.exists()
    assert two.ask().json["name"] == "two"
    two.gateway.remove("ns", "d", 1)
    two.close()
    assert not two.stack.root.exists()
    # Its port may have got a new owner by now.
    assert not processes_below(two.stack.root)


def test_more_connections_than_allowed_are_turned_away(scene: Scene) -> None:
    """Row 47: a flood of connections is bounded; whose are turned away is a race between the gateway's threads."""
    scene.start_gateway(Limits(max_connections=20))
    scene.put(behind(scene.backend("a")))
    flood = [socket.create_connection(("127.0.0.1", scene.port), timeout=60) for _ in range(30)]
    try:
        wait_until(lambda: sum(is_closed(each) for each in flood) == 10)
        with socket.create_connection(("127.0.0.1", scene.port), timeout=60) as one_more:
            assert received(one_more) == b""
        assert sum(is_closed(each) for each in flood) == 10
    finally:
        for each in flood:
            each.close()
    wait_until(lambda: is_served(scene))
    assert scene.ask().status == 200


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side closed a connection on which nothing was ever sent."""
    if not select.select([connection], [], [], 0)[0]:
        return False
    return received(connection) == b""


def is_served(scene: Scene) -> bool:
    """Whether a connection gets an answer: one that is turned away ends before, or while, it is written to."""
    try:
        return raw(scene.port, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n") != b""
    except ConnectionError:
        return False


def test_a_broken_route_file_spoils_no_other_deployment(serving: Scene) -> None:
    """Row 50: half a file of one deployment; the next change of that one writes it whole again."""
    a, b = serving.backend("a"), serving.backend("b")
    broken = serving.put(behind(a))
    file = serving.gateway.folder / "routes.d" / "ns.d.json"
    file.write_text(file.read_text()[:40])
    assert serving.gateway.route("ns", "d") is None
    serving.put(behind(b), name="second")
    serving.gateway.put(broken, 1)
    assert serving.ask().json["name"] == "a"
    serving.gateway.remove("ns", "second", 1)


CHANGE = """
import os, sys
from pathlib import Path
from seldon_infra.ingress.routes import Backend
from seldon_infra.runtime import gateway
from seldon_infra.runtime.stack_dir import StackDir
moment, old = sys.argv[2], gateway._write
def write(file, content):
    old(file, content)
    if file.name == moment:
        os.kill(os.getpid(), 9)
gateway._write = write
found = gateway.Gateway(StackDir(Path(sys.argv[1])))
route = found.route("ns", "d")
from dataclasses import replace
found.put(replace(route, backends=(Backend("main", 100, False, sys.argv[3], sys.argv[4]),)), 60)
"""


@pytest.mark.parametrize("moment", ["retiring.json", "cds.json", "rds.json", "ns.d.json"])
def test_a_change_that_was_killed_is_finished_by_the_next(serving: Scene, moment: str) -> None:
    """At whatever file it died: requests pass all the time, and the repeated change leaves nothing of the old."""
    import subprocess
    import sys

    old, new = serving.backend("old"), serving.backend("new")
    serving.put(behind(old))
    target = behind(new)
    command = [sys.executable, "-c", CHANGE, str(serving.stack.root), moment, target.rest, target.grpc]
    with load(serving.port, per_second=100) as seen:
        assert subprocess.run(command, timeout=120, check=False).returncode == -signal.SIGKILL
        serving.put(target)
        serving.gateway._drain(clusters_of(route(behind(old))), 60)
    assert seen.failed == 0, seen.answers
    assert serving.ask().json["name"] == "new"
    assert serving.gateway.in_force(route(target))


def test_nothing_is_left_open_in_this_process(serving: Scene) -> None:
    """Each question to Envoy or the supervisor closes its connection."""
    serving.put(behind(serving.backend("a")))
    before = len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))
    for _ in range(20):
        serving.gateway.is_live()
        serving.processes.state("gateway-token")
    assert len(list(Path(f"/proc/{os.getpid()}/fd").iterdir())) <= before + 1
