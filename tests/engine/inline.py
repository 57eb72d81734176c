"""Programs that run in the test's own process, as Pulumi's Automation API runs them: a second quicker than by a host.

For tests of what the engine and the plugin do with resources. A program has this process' folder and its project's
environment, and its own modules are read anew each time.
"""

# ruff: noqa: N802  (the method is named by the protocol)

from __future__ import annotations

import functools
import importlib
import os
import runpy
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.automation._server import LanguageServer
from pulumi.runtime import _grpc_settings
from pulumi.runtime.proto import language_pb2_grpc

from tests.engine.waiting import wait_until

_running: list[str] = []
"""Programs that run now, by their engines."""
_one = threading.Lock()
"""Held by the one command that has this process' environment."""


@contextmanager
def environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Give this process the environment of a project as long as the block runs, and the programs that began in it.

    Raises:
        RuntimeError: another project's block runs.
    """
    if not _one.acquire(blocking=False):
        raise RuntimeError("one command at a time has its program in this process; give the others a host")
    before = set(_running)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in wanted.items():
                if os.environ.get(name) != value:
                    patch.setenv(name, value)
            yield
            wait_until(lambda: before.issuperset(_running))
    finally:
        _one.release()


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
    # The SDK tells an engine of a failed registration before it gives up what waits for it. One that has ended by then
    # raises there, and the program waits for ever: a host is killed with its engine, and this process is not.
    pulumi.log.debug = _say_nothing
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Programs(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _say_nothing(*_: object, **__: object) -> None:
    """Stands for the SDK's debug messages."""


class _Programs(LanguageServer):
    """Runs the program of the project that the engine names."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Run(self, request: Any, context: Any) -> Any:
        folder = Path(request.info.program_directory)
        forget_modules(folder.name)
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)  # it tells files of the same second by size alone
        program = str(folder / "__main__.py")
        _running.append(request.monitor_address)
        try:
            return LanguageServer(lambda: runpy.run_path(program)).Run(request, context)
        finally:
            _running.remove(request.monitor_address)


def forget_modules(package: str) -> None:
    """Forget what was imported of a program's own modules, which may have changed, or may be another program's."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    importlib.invalidate_caches()
