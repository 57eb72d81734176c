"""Programs that run in the test's own process, as Pulumi's Automation API runs them: a second quicker than by a host.

For tests of what the engine and the plugin do with resources. A program has this process' environment and folder.
"""

# ruff: noqa: N802  (the method is named by the protocol)

from __future__ import annotations

import functools
import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime import _grpc_settings
from pulumi.runtime.proto import language_pb2_grpc


def address() -> str:
    """Where this process runs the programs of all its projects: host and port."""
    _, port = _served()
    return f"127.0.0.1:{port}"


@functools.cache
def _served() -> tuple[grpc.Server, int]:
    """The server, which would end if nobody kept it, and its port."""
    # Channels of one process share their connections by address. To an engine that was given the port of one that
    # ended a moment ago, the first call would fail: the shared connection still waits before it tries again.
    _grpc_settings._GRPC_CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Programs(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


class _Programs(LanguageServer):
    """Runs the program of the project that the engine names."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Run(self, request: Any, context: Any) -> Any:
        program = Path(request.info.program_directory) / "__main__.py"
        return LanguageServer(lambda: runpy.run_path(str(program))).Run(request, context)
