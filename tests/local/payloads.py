"""A graph whose payloads are logged, the log, and an address that gets them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pyarrow import parquet

from seldon_infra.graph.spec import Logger, Model, Predictor, RequestLogQueue, Router, SeldonDeployment, SimpleModel
from seldon_infra.graph.spec import SimpleRouter as First
from seldon_infra.payload_log.spec import PayloadFiles, PayloadKafka
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import Liveness, ProcessSpec, Record
from seldon_infra.targets import local_payloads
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import Graph
from tests.local.scene import Scene, ask

PREDICT = "/api/v1.0/predictions"
LOCAL = Local(portable=False)


@dataclass
class Logged:
    """A graph whose payloads are logged."""

    graph: Graph
    log: Record
    name: str

    def predict(self, puid: str, **body: Any) -> None:
        answer = self.graph.post(PREDICT, body or {"data": {"ndarray": [[1, 2]]}}, {"Seldon-Puid": puid})
        assert answer.status == 200, answer.body

    def rows(self) -> list[dict[str, Any]]:
        return rows_below(self.graph.scene.stack.root / "payloads" / "ns" / self.name)

    def rows_of(self, puid: str, count: int) -> list[dict[str, Any]]:
        """The rows of one request, as soon as there are so many."""
        wait_until(lambda: len([row for row in self.rows() if row["request_id"] == puid]) >= count)
        return [row for row in self.rows() if row["request_id"] == puid]

    def sent(self) -> dict[str, float]:
        """Payloads of the orchestrator by what became of them."""
        return counts(self.graph.get("/prometheus").body, "seldon_infra_payloads_total")

    def kept(self, sink: str) -> dict[str, float]:
        """Payloads of the log by what became of them."""
        page = ask(self.log.ports["http"], "/prometheus", "GET", None).body
        return counts(page, "seldon_infra_payload_log_total", f'deployment_name="{self.name}"', f'sink="{sink}"')


def rows_below(folder: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(folder.glob("*.parquet")) for row in parquet.read_table(file).to_pylist()]


def counts(page: bytes, name: str, *labels: str) -> dict[str, float]:
    found: Counter[str] = Counter()
    for line in page.decode().splitlines():
        if line.startswith(f"{name}{{") and all(label in line for label in labels):
            found[line.split('outcome="')[1].split('"')[0]] += float(line.rpartition(" ")[2])
    return dict(found)


def deployment(name: str, protocol: str = "seldon", queue: int | None = None, **logger: Any) -> SeldonDeployment:
    log = Logger(**{"mode": "all", **logger})
    leaf = Model(name="leaf", server=SimpleModel(), logger=log)
    first = Model(name="first", server=SimpleModel(), logger=log, children=(leaf,))
    root = Router(name="root", server=First(), children=(first,), logger=log)
    return SeldonDeployment(
        name=name,
        namespace="ns",
        protocol=protocol,  # type: ignore[arg-type]
        predictors=(Predictor(name="main", graph=root),),
        request_log=RequestLogQueue(size=queue) if queue else None,
    )


def start_log(scene: Scene, kafka: PayloadKafka | None = None, **files: Any) -> Record:
    parts = local_payloads.process(PayloadFiles(**{"rotate_seconds": 0.3, **files}), str(scene.stack.root), kafka)
    del parts["ready"]
    parts["live"] = Liveness(**parts["live"])
    record = scene.start(ProcessSpec(name="payloads", **parts))
    wait_until(lambda: is_ready("http", record.ports["http"], "/live"))
    return record


@dataclass
class Receiver:
    """An address that payloads are sent to."""

    status: int = 200
    hold: threading.Event | None = None
    """Answers come when it is set."""
    events: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events?from=log"


@contextmanager
def receiver(**how: Any) -> Iterator[Receiver]:
    made = Receiver(**how)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.hold:
                made.hold.wait(600)
            made.events.append(({key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        if made.hold:
            made.hold.set()
        server.shutdown()
        server.server_close()
