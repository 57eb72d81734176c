"""A lock on a file that ends with the process that holds it, however it ends; the standard library only."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seldon_infra.core.errors import LimitReached

TICK_SECONDS = 5.0
POLL_SECONDS = 0.1


@contextmanager
def held(file: Path, name: str, seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock; while another process has it, say every few seconds that the thing of that name is waited for.

    Raises:
        LimitReached: another process has had it for too long.
    """
    with file.open("w", encoding="utf-8") as stream:
        _take(stream.fileno(), file, name, seconds, say)
        yield


def _take(descriptor: int, file: Path, name: str, seconds: float, say: Callable[[str], None]) -> None:
    start = time.monotonic()
    told = -TICK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - start
        if waited > seconds:
            raise LimitReached(
                f"another run has been getting {name} for {seconds:g} s; end the one that hangs, which holds {file}, "
                "and run this again"
            )
        if waited - told >= TICK_SECONDS:
            say(f"waiting for another run that is getting {name}: {waited:.0f} s")
            told = waited
        time.sleep(POLL_SECONDS)
