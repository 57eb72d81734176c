"""Pods of a predictor that answer: one server on this machine stands for all, and knows by their names who is asked."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane

Shares = dict[str, tuple[str, int]]
SERIES = "seldon_api_executor_server_requests_seconds"


def of(found: Mapping[str, Any]) -> Shares:
    """Model and share of an object's predictors, by name."""
    predictors = found["spec"]["predictors"]
    return {it["name"]: (it["graph"]["modelUri"].rpartition("/")[2], it.get("traffic", 100)) for it in predictors}


@dataclass
class Versions:
    """What the pods of each predictor say of every row, and what they have counted."""

    control_plane: ControlPlane
    namespace: str
    port: int = 0
    says: dict[str, float] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    def add(self, service: str, says: float) -> None:
        """Make a ready pod of a predictor's Service."""
        self.says[service] = says
        engine = {"name": "seldon-container-engine", "image": "executor"}
        ports = [{"name": "http", "containerPort": self.port}]
        pod = {
            "metadata": {"name": f"{service}-0", "labels": {"seldon-app": service}},
            "spec": {"containers": [{**engine, "ports": ports}], "schedulerName": "nobody"},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        self.control_plane.request("POST", path, pod)
        status = {"phase": "Running", "podIP": own_address(), "podIPs": [{"ip": own_address()}],
                  "conditions": [{"type": "Ready", "status": "True"}]}  # fmt: skip
        merge = "application/merge-patch+json"
        self.control_plane.request("PATCH", f"{path}/{service}-0/status", {"status": status}, content_type=merge)

    def answer(self, service: str, path: str, rows: list[Any]) -> tuple[int, str]:
        """Answer as the executor of that predictor."""
        self.asked.append((service, path))
        if path == "/prometheus":
            self.counted[service] = self.counted.get(service, 0) + 10
            code = 500 if service in self.failing else 200
            return 200, f'# TYPE {SERIES} histogram\n{SERIES}_count{{code="{code}"}} {self.counted[service]}\n'
        if service in self.failing:
            return 500, "broken"
        return 200, json.dumps({"data": {"ndarray": [[self.says[service]] for _ in rows]}})


@contextmanager
def versions(control_plane: ControlPlane, namespace: str) -> Iterator[Versions]:
    """Answer for the pods of a namespace inside the block."""
    made = Versions(control_plane, namespace)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # The API server names the path by which it was asked. Source: proxy/transport.go of apimachinery.
            (service,) = re.findall(r"/pods/([a-z0-9-]+)-0:", self.headers["X-Forwarded-Uri"])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, text = made.answer(service, self.path, json.loads(body or b"{}").get("data", {}).get("ndarray", []))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *parts: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer((own_address(), 0), Answer)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def own_address() -> str:
    """An address of this machine that is no loopback one: to those no API server goes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback, to which no API server goes")
        return str(asked.getsockname()[0])
