"""Several calls at once, none of which is waited for longer than was said, whatever it hangs on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")

AT_ONCE = 16
"""Most calls that run at the same time."""


def in_time(calls: Mapping[K, Callable[[], T]], seconds: float) -> dict[K, T | Exception]:
    """Run calls at once and give what each returned or raised; TimeoutError for one that took too long.

    Their threads are daemons: one that hangs in the resolver or in a command for logging in does not hold the
    interpreter's end either.
    """
    waiting: queue.SimpleQueue[K] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[K, T | Exception]] = queue.SimpleQueue()
    for key in calls:
        waiting.put(key)
    for _ in range(min(AT_ONCE, len(calls))):
        threading.Thread(target=_work, args=(calls, waiting, done), daemon=True).start()
    end, come = time.monotonic() + seconds, dict[K, T | Exception]()
    while len(come) < len(calls) and (left := end - time.monotonic()) > 0:
        try:
            key, result = done.get(timeout=left)
        except queue.Empty:
            break
        come[key] = result
    return {key: come.get(key, TimeoutError()) for key in calls}


def _work(
    calls: Mapping[K, Callable[[], T]],
    waiting: queue.SimpleQueue[K],
    done: queue.SimpleQueue[tuple[K, T | Exception]],
) -> None:
    while True:
        try:
            key = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((key, calls[key]()))
        except Exception as error:
            done.put((key, error))
