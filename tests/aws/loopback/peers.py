"""Which process is at the other end of a loopback connection: a test must know whom to kill."""

from __future__ import annotations

import os
from pathlib import Path


def process_at(port: int) -> int:
    """The id of the process whose end of a connection on 127.0.0.1 has this port."""
    inode = _inode(port)
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(descriptor) == f"socket:[{inode}]":
                return int(descriptor.parts[2])
        except OSError:
            continue  # It ended, or it is another user's.
    return 0


def _inode(port: int) -> str:
    """The inode of the client's socket, from the kernel's table of connections."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[1] == f"0100007F:{port:04X}":
            return columns[9]
    return "none"


def runs(pid: int) -> bool:
    """Whether a process is at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
