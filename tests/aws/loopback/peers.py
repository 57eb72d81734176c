"""Which process is at the other end of a loopback connection: a test must know whom to kill."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_TRIES = 50
"""The kernel's tables are no snapshot: a line may be missing while others come and go."""


def process_at(port: int, server: int) -> int:
    """The id of the process whose end of a connection to a server on 127.0.0.1 has this port."""
    for _ in range(_TRIES):
        if (inode := _inode(port, server)) and (found := _holder(f"socket:[{inode}]")):
            return found
    raise LookupError(f"nobody holds the connection from port {port}")


def _inode(port: int, server: int) -> str:
    """The inode of the client's socket, from the kernel's table: one port may have connections to several servers."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[1:3] == [f"0100007F:{port:04X}", f"0100007F:{server:04X}"]:
            return columns[9]
    return ""


def _holder(socket: str) -> int:
    """The process that has this socket open; 0 where none was seen."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        if socket in _open_files(process):
            return int(process)
    return 0


def _open_files(process: str) -> Iterator[str]:
    """What a process has open, as far as it can be seen: files are closed and processes end meanwhile."""
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{process}/fd/{descriptor}")
