"""Seldon's own wrapper as the catalogue starts it, asked without an orchestrator."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from seldon_infra.graph.spec import Model, Parameter, Predictor, SeldonDeployment
from seldon_infra.runtime.messages import message
from seldon_infra.servers.spec import PythonServer
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import start
from tests.local.scene import Answer, Scene, ask, tcp_sockets

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("seldon_nodes.py")


def words(word: str) -> dict[str, Any]:
    return {"data": {"ndarray": [[word]]}}


def test_a_request_whose_client_has_left_is_not_run(new_scene: Callable[[], Scene], tmp_path: Path) -> None:
    parameters = (Parameter(name="folder", value=str(tmp_path)),)
    model = Model(name="marked", server=PythonServer(source=str(SOURCE), class_name="Marked"), parameters=parameters)
    deployment = SeldonDeployment(name="marked", namespace="ns", predictors=(Predictor(name="main", graph=model),))
    ports = start(new_scene(), deployment, SOURCE).servers["marked"].ports
    with ThreadPoolExecutor() as threads:
        first = threads.submit(predict, ports["http"], "wait")
        wait_until((tmp_path / "wait").exists)
        leave_over_rest(ports["http"])
        leave_over_grpc(ports["grpc"])
        wait_until(lambda: not is_connected(ports["grpc"]))  # until the server has read to the end that it left
        last = threads.submit(predict, ports["http"], "last")
        (tmp_path / "go").touch()
    assert [first.result().status, last.result().status] == [200, 200]
    assert {file.name for file in tmp_path.iterdir()} == {"wait", "go", "last"}


def predict(port: int, word: str) -> Answer:
    return ask(port, "/predict", "POST", json.dumps(words(word)).encode(), {"Content-Type": "application/json"})


def leave_over_rest(port: int) -> None:
    body = json.dumps(words("left")).encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)


def leave_over_grpc(port: int) -> None:
    sent = json_format.ParseDict(words("left-grpc"), message("seldon.protos.SeldonMessage")())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/seldon.protos.Model/Predict")(sent.SerializeToString(), timeout=1)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def is_connected(port: int) -> bool:
    """Whether the server of a port has a connection that it has not closed."""
    established, to_be_closed = "01", "08"
    return any(
        words[1].endswith(f":{port:04X}") and words[3] in (established, to_be_closed) for _, words in tcp_sockets()
    )
