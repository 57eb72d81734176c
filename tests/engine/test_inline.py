"""Programs that run in the test's process know nothing of one another's engines."""

# ruff: noqa: N802  (the method is named by the protocol)

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.settings import Settings, configure

from tests.engine import inline

pytestmark = pytest.mark.engine


class _Engine(engine_pb2_grpc.EngineServicer):
    def Log(self, request: Any, context: Any) -> Empty:
        return Empty()


def test_an_engine_may_have_the_port_of_one_that_ended() -> None:
    inline.address()
    first, port = _started()
    earlier = Settings("project", "stack", engine=f"127.0.0.1:{port}").engine
    first.stop(None).wait()
    with pytest.raises(grpc.RpcError):
        earlier.Log(engine_pb2.LogRequest())

    second, _ = _started(port)
    later = Settings("project", "stack", engine=f"127.0.0.1:{port}").engine
    assert later.Log(engine_pb2.LogRequest()) == Empty()
    second.stop(None).wait()


def test_a_debug_message_to_an_engine_that_has_ended_is_no_error() -> None:
    inline.address()
    ended, port = _started()
    ended.stop(None).wait()

    def say() -> None:
        configure(Settings("project", "stack", engine=f"127.0.0.1:{port}"))
        pulumi.log.debug("a registration failed")

    contextvars.copy_context().run(say)


def _started(port: int = 0) -> tuple[grpc.Server, int]:
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port
