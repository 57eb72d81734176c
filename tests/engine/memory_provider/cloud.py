"""The outside world of the `seldon:memory:*` types: a small HTTP service inside the test, with gates and faults.

The plugin reaches it over loopback, so the service sees exactly the calls that leave the plugin, and a test can stop
any of them just before or just after it takes effect and kill whom it likes meanwhile.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from seldon_infra.runtime.leftovers import is_alive

Moment = Literal["before", "after"]
WAIT_SECONDS = 60


@dataclass
class Gate:
    """Holds one call; `plugin` is the process that made it, known once `reached`."""

    method: str
    moment: Moment
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    plugin: int = 0

    def wait(self) -> int:
        """Wait until a call is held; return the process id of its plugin."""
        assert self.reached.wait(WAIT_SECONDS), f"no {self.method} came"
        return self.plugin

    def hold(self, plugin: int) -> None:
        self.plugin = plugin
        self.reached.set()
        assert self.released.wait(WAIT_SECONDS), f"{self.method} was never released"


@dataclass
class Fault:
    """Lets the next calls of a method fail; with `moment` after, they take effect all the same."""

    method: str
    moment: Moment
    message: str
    times: int = 1


class Cloud:
    """Objects by id, and a log of the calls that changed them.

    A POST makes an object under an id of the cloud's own, however often it is sent: a double create shows.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.marks: list[str] = []
        """The ids of the calls that only note something on an object."""
        self._numbers = itertools.count(1)
        self.ready = True
        self._gates: list[Gate] = []
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        for gate in self._gates:
            gate.released.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def gate(self, method: str, moment: Moment) -> Iterator[Gate]:
        """Hold the next call of a method; one that is held before and whose client died takes no effect."""
        gate = Gate(method, moment)
        self._gates.append(gate)
        yield gate
        gate.released.set()

    def fail(self, method: str, moment: Moment, message: str, times: int = 1) -> None:
        """Let the next calls of a method answer 500."""
        self._faults.append(Fault(method, moment, message, times))

    def names(self) -> list[str]:
        """The names of all objects, sorted: an orphan or a double shows here."""
        with self._lock:
            return sorted(thing["name"] for thing in self.objects.values())

    def only(self) -> dict[str, Any]:
        """The one object that there is."""
        with self._lock:
            (thing,) = self.objects.values()
            return thing

    def _take_gate(self, method: str, moment: Moment) -> Gate | None:
        with self._lock:
            for gate in self._gates:
                if (gate.method, gate.moment) == (method, moment) and not gate.reached.is_set():
                    self._gates.remove(gate)
                    return gate
        return None

    def _fault(self, method: str, moment: Moment) -> str:
        with self._lock:
            for fault in self._faults:
                if (fault.method, fault.moment) == (method, moment) and fault.times > 0:
                    fault.times -= 1
                    return fault.message
        return ""

    def apply(self, method: str, id: str, body: dict[str, Any]) -> Any:
        """Let one call take effect."""
        with self._lock:
            if method == "POST":
                id = f"{body['name']}-{next(self._numbers)}"
                self.objects[id] = {"id": id, "revision": 1, **body}
            if method == "PATCH":
                self.marks.append(id)
                self.objects[id] |= body
            elif method != "GET":
                self.calls.append(f"{method} {id}")
            if method == "PUT":
                self.objects[id] |= {**body, "revision": self.objects[id]["revision"] + 1}
            elif method == "DELETE":
                return self.objects.pop(id, None)
            elif not id:
                return list(self.objects.values())
            return self.objects.get(id)


def _handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            id, method = self.path.strip("/"), self.command
            plugin = int(self.headers["Plugin"])
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            if id == "ready":
                return self._send(200, cloud.ready)
            if gate := cloud._take_gate(method, "before"):
                gate.hold(plugin)
                if not is_alive(plugin):
                    return None
            if fault := cloud._fault(method, "before"):
                return self._send(500, fault)
            answer = cloud.apply(method, id, body)
            if gate := cloud._take_gate(method, "after"):
                gate.hold(plugin)
            if fault := cloud._fault(method, "after"):
                return self._send(500, fault)
            return self._send(200, answer)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def _send(self, status: int, answer: Any) -> None:
            content = json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # The plugin was killed meanwhile.

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
