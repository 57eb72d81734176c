"""Pods of a predictor that answer: one server on this machine stands for all, and knows by their names who is asked.

Another one answers gRPC for all of them; the API server leads there by way of kwok, which plays kubelets.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy
import pytest
from google.protobuf import json_format

from seldon_infra.runtime.messages import message
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubelet import forwarding
from tests.cluster.nodes import CPU_NODES
from tests.engine.waiting import wait_until

Shares = dict[str, tuple[str, int]]
SERIES = "seldon_api_executor_server_requests_seconds"
GRPC = 5001
OVER_GRPC = "over gRPC"
"""Stands for all predictors' pods, which one server answers for over gRPC."""
MERGE = "application/merge-patch+json"


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
    says_over_grpc: float | None = 1
    """What all say over gRPC of every row; None gives no row."""
    failing: set[str] = field(default_factory=set)
    _hanging: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    asked_over_grpc: list[str] = field(default_factory=list)
    copied: list[tuple[str, list[Any]]] = field(default_factory=list)
    """Who was asked what, of which no log takes notice."""
    counts: int = 10
    """How many more requests each look at a pod's numbers finds counted."""
    counted: dict[str, int] = field(default_factory=dict)

    def add(self, service: str, says: float, grpc_port: int = GRPC, number: int = 0) -> None:
        """Make a ready pod of a predictor's Service; one that follows another has a number that none had before."""
        self.says[service] = says
        ports = [{"name": "http", "containerPort": self.port}, {"name": "grpc", "containerPort": grpc_port}]
        engine = {"name": "seldon-container-engine", "image": "executor", "ports": ports}
        add_pod(self.control_plane, self.namespace, f"{service}-{number}", {"seldon-app": service}, engine)

    def set_ready(self, service: str, status: str) -> None:
        """Say whether a predictor's pod is ready, as its kubelet does: ``True`` or ``False``."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{service}-0/status"
        body = {"status": {"conditions": [{"type": "Ready", "status": status}]}}
        self.control_plane.request("PATCH", path, body, content_type=MERGE)

    @contextmanager
    def hanging(self, service: str) -> Iterator[None]:
        """Take questions to a predictor's pod, or all those over gRPC, and answer none of them inside the block."""
        self._hanging[service] = threading.Event()
        try:
            yield
        finally:
            self._hanging.pop(service).set()

    def hang(self, service: str) -> None:
        """Wait until a predictor's pod answers again, where it hangs."""
        if over := self._hanging.get(service):
            over.wait()

    def answer(self, service: str, path: str, rows: list[Any]) -> tuple[int, str]:
        """Answer as the executor of that predictor."""
        self.asked.append((service, path))
        self.hang(service)
        if path == "/prometheus":
            self.counted[service] = self.counted.get(service, 0) + self.counts
            code = 500 if service in self.failing else 200
            return 200, f'# TYPE {SERIES} histogram\n{SERIES}_count{{code="{code}"}} {self.counted[service]}\n'
        if service in self.failing:
            return 500, "broken"
        if path.startswith("/v2/"):
            output = {"name": "y", "datatype": "FP64", "shape": [2], "data": [self.says[service]] * 2}
            return 200, json.dumps({"outputs": [output]})
        return 200, json.dumps({"data": {"ndarray": [[self.says[service]] for _ in rows]}})


@contextmanager
def versions(control_plane: ControlPlane, namespace: str, more: Mapping[int, int] | None = None) -> Iterator[Versions]:
    """Answer for the pods of a namespace inside the block.

    Args:
        control_plane: where the pods are.
        namespace: whose pods they are.
        more: further ports of pods, and the ports of this machine to which the API server leads.
    """
    made = Versions(control_plane, namespace)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # The API server names the path by which it was asked. Source: proxy/transport.go of apimachinery.
            (service,) = re.findall(r"/pods/([a-z0-9-]+)-\d:", self.headers["X-Forwarded-Uri"])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            rows = json.loads(body or b"{}").get("data", {}).get("ndarray", [])
            if self.headers.get("Seldon-Skip-Logging") == "true":
                made.copied.append((service, rows))
            status, text = made.answer(service, self.path, rows)
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
    over_grpc, grpc_port = _over_grpc(made)
    with tempfile.TemporaryDirectory(prefix="kubelet-") as folder:
        try:
            with forwarding(control_plane, {GRPC: grpc_port, **(more or {})}, Path(folder)):
                yield made
        finally:
            over_grpc.stop(None)
            server.shutdown()
            server.server_close()


def _over_grpc(made: Versions) -> tuple[Any, int]:
    """Start what answers Seldon's protocol and v2 over gRPC."""

    def said(width: int) -> list[float]:
        return [] if made.says_over_grpc is None else [made.says_over_grpc] * width

    def predict(wire: bytes, context: Any) -> bytes:
        made.asked_over_grpc.append("seldon")
        made.hang(OVER_GRPC)
        rows = json_format.MessageToDict(message("seldon.protos.SeldonMessage").FromString(wire))["data"]["ndarray"]
        answer = {"data": {"ndarray": [[each] for each in said(len(rows))]}}
        return json_format.ParseDict(answer, message("seldon.protos.SeldonMessage")()).SerializeToString()

    def infer(wire: bytes, context: Any) -> bytes:
        made.asked_over_grpc.append("v2")
        made.hang(OVER_GRPC)
        asked: Any = message("inference.ModelInferRequest").FromString(wire)
        values = numpy.array(said(asked.inputs[0].shape[0]), dtype="<f8")
        answer: Any = message("inference.ModelInferResponse")(raw_output_contents=[values.tobytes()])
        answer.outputs.add(name="y", datatype="FP64", shape=[len(values)])
        return bytes(answer.SerializeToString())

    server = grpc.server(ThreadPoolExecutor(2))
    for service, method, answer in (
        ("seldon.protos.Seldon", "Predict", predict),
        ("inference.GRPCInferenceService", "ModelInfer", infer),
    ):
        handlers = {method: grpc.unary_unary_rpc_method_handler(answer)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def add_pod(
    control_plane: ControlPlane, namespace: str, name: str, labels: Mapping[str, str], container: Mapping[str, Any]
) -> None:
    """Make a ready pod that the API server finds at this machine."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    spec = {"containers": [container], "nodeName": CPU_NODES[0]}
    control_plane.request("POST", path, {"metadata": {"name": name, "labels": labels}, "spec": spec})
    # The node's simulation gives it an address first.
    wait_until(lambda: control_plane.request("GET", f"{path}/{name}")["status"].get("phase") == "Running")
    status = {"podIP": own_address(), "podIPs": [{"ip": own_address()}]}
    control_plane.request("PATCH", f"{path}/{name}/status", {"status": status}, content_type=MERGE)


def own_address() -> str:
    """An address of this machine that is no loopback one: to those no API server goes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback, to which no API server goes")
        return str(asked.getsockname()[0])
