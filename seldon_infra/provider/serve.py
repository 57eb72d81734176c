"""The plugin's process: it starts fast, speaks the engine's protocol, and never outlives the engine."""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from seldon_infra.provider.server import Servicer
from seldon_infra.provider.wire import grpc, provider_pb2_grpc

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Load
    from seldon_infra.provider.settings import Setting

_MOST_BYTES = 400 * 1024 * 1024
_THREADS = 256
"""Each call about an object blocks one; more calls wait for a free one."""
_PARENT_CHECK_MILLISECONDS = 250
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
_NO_SETTINGS: Mapping[str, Setting] = MappingProxyType({})


class End(Enum):
    """Why the process ends; the value is how many seconds the calls at work get to finish what they write."""

    ORPHANED = 1.25
    INTERRUPTED = 4.0
    """The engine kills a plugin that is still there 5 s after its interrupt."""


def serve(
    package: str,
    version: Callable[[], str],
    modules: Mapping[str, Load],
    settings: Mapping[str, Setting] = _NO_SETTINGS,
) -> NoReturn:
    """Serve a package's resource types to the engine that started this process, until either ends.

    Functions are asked when the engine needs their answer: import what is slow to import inside them.

    Args:
        package: the first part of the types' tokens.
        version: gives the package's version.
        modules: what gives the types, by the middle part of their tokens.
        settings: what the plugin itself may be told, by name.
    """
    # What is loaded stays, and to look through it again and again takes a tenth of the time until the first answer.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    parent = os.getppid()
    signals = _hear_signals()
    # Nobody's extension of pydantic has a part in this, and to look for one is to read every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    servicer = Servicer(package, version, modules, settings)
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        servicer.log.connect(sys.argv[1])
    server = _listen(servicer)
    end = _wait_for_end(parent, signals)
    servicer.cancelled.set()
    server.stop(end.value)
    servicer.in_flight.wait_until_none(end.value)
    os._exit(0)  # Threads that still wait for the outside are not waited for.


def _listen(servicer: Servicer) -> grpc.Server:
    """Start the service on a free port and tell the engine which; what is printed later goes to standard error."""
    options = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_THREADS, "call"), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return server


def _hear_signals() -> socket.socket:
    """A socket that becomes readable when the engine interrupts this process."""
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    signal.set_wakeup_fd(pythons.detach())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return ours


def _wait_for_end(parent: int, signals: socket.socket) -> End:
    """Wait until the engine interrupts us or is gone: another parent, or nobody at the other end of its pipe to us.

    The pipe also tells of an engine that died before we could ask for our parent.
    """
    poll = select.poll()
    poll.register(signals, select.POLLIN)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        poll.register(sys.stdin, 0)
    while os.getppid() == parent:
        for descriptor, _ in poll.poll(_PARENT_CHECK_MILLISECONDS):
            return End.INTERRUPTED if descriptor == signals.fileno() else End.ORPHANED
    return End.ORPHANED
