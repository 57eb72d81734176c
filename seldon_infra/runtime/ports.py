"""Ports of this machine, given out so that no two stacks of one user ever get the same.

They lie below the range from which the kernel takes ports for outgoing connections: a server that restarts must find
its port free. A register that all of the user's stacks share holds who has which; an entry whose owner's folder is gone
counts no more.
"""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seldon_infra.core import atomic
from seldon_infra.core.errors import LimitReached
from seldon_infra.core.paths import cache_dir
from seldon_infra.runtime.stack_dir import take_lock

FIRST_PORT = 20000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_DEFAULT_EPHEMERAL = 32768


def allocate(owner: Path, names: Sequence[str], first: int | None = None, last: int | None = None) -> dict[str, int]:
    """Give ``owner`` one port for each name; asked again, the same ports.

    Args:
        owner: the folder of the process that will listen; its entries end with it.
        names: what the ports are for: ``http``, ``grpc``.
        first: take the first free ports from here upwards; None takes any.
        last: and none above this one.

    Raises:
        LimitReached: no port is free.
    """
    with _register() as entries:
        mine = {name: port for port, (folder, name) in entries.items() if folder == str(owner)}
        candidates = _candidates(first, last)
        for name in names:
            if name not in mine:
                mine[name] = next((p for p in candidates if p not in entries and is_free(p)), 0)
                if not mine[name]:
                    raise LimitReached(_none_free(owner, first, last, entries))
                entries[mine[name]] = (str(owner), name)
    return {name: mine[name] for name in names}


def release(owner: Path) -> None:
    """Give back all ports of ``owner``."""
    with _register() as entries:
        for port in [port for port, (folder, _) in entries.items() if folder == str(owner)]:
            del entries[port]


def holder(port: int) -> Path | None:
    """Tell which process's folder has a port, None if nobody's: it may be down, and wants it when it is up again."""
    with _register() as entries:
        return Path(entries[port][0]) if port in entries else None


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are closing down can be had.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _none_free(owner: Path, first: int | None, last: int | None, entries: dict[int, tuple[str, str]]) -> str:
    if first is None or first != last:
        return f"no free port on 127.0.0.1 for {owner.name}; stop a stack that you do not need"
    holder = f" by {entries[first][0]}" if first in entries else ""
    return f"port {first} of 127.0.0.1 is taken{holder}; free it or set another gateway_port"


def _candidates(first: int | None, last: int | None) -> Iterator[int]:
    if first is not None:
        return iter(range(first, min(last or first + 999, 65535) + 1))
    text = _EPHEMERAL.read_text(encoding="ascii").split() if _EPHEMERAL.exists() else []
    last = max(int(text[0]) if text else _DEFAULT_EPHEMERAL, FIRST_PORT + 1000)
    ports = list(range(FIRST_PORT, last))
    random.shuffle(ports)
    return iter(ports)


@contextmanager
def _register() -> Iterator[dict[int, tuple[str, str]]]:
    """The register, held alone inside the block and written back after it."""
    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "ports.lock", "w", encoding="ascii") as lock:
        take_lock(lock.fileno(), folder / "ports.lock")
        entries = {port: owner for port, owner in _read(folder / "ports.json") if Path(owner[0]).is_dir()}
        yield entries
        atomic.write(folder / "ports.json", json.dumps({str(port): owner for port, owner in entries.items()}))


def _read(file: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """The register's entries; what is no entry, a broken register holds, and it is begun anew."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return
    for port, owner in found.items() if isinstance(found, dict) else ():
        if port.isdecimal() and isinstance(owner, list) and [type(part) for part in owner] == [str, str]:
            yield int(port), (owner[0], owner[1])
