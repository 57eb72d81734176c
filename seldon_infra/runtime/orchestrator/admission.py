"""How a request gets in: at most so many at once, each with a deadline, an id and a place in the counts."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from seldon_infra.runtime.orchestrator.config import Config
from seldon_infra.runtime.orchestrator.failures import TOO_MANY, Failure
from seldon_infra.runtime.orchestrator.metrics import UNARY, Metrics, failed, succeeded
from seldon_infra.runtime.orchestrator.tracing import Carried, Untraced
from seldon_infra.runtime.orchestrator.walk import Trip

_PUID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


class Admission:
    """The door of one orchestrator, for REST and gRPC together."""

    def __init__(self, config: Config, metrics: Metrics, tracing: Untraced) -> None:
        self._most = config.max_in_flight
        self._open = 0
        self._metrics, self._tracing = metrics, tracing

    @contextmanager
    def admit(self, service: str, method: str, carried: Carried) -> Iterator[None]:
        """Let one request in, and count it under the status that it got; ``carried`` is what it brings of its trace.

        Raises:
            Failure: too many are open already, or the orchestrator is about to stop.
        """
        began, code = time.perf_counter(), succeeded(method)
        try:
            self._require_room()
            self._open += 1
            try:
                with self._tracing.request(service, carried):
                    yield
            finally:
                self._open -= 1
        except Failure as failure:
            code = failed(method, failure)
            raise
        except asyncio.CancelledError:
            code = "Canceled" if method == UNARY else "499"
            raise
        except BaseException:
            code = "Unknown" if method == UNARY else "500"
            raise
        finally:
            self._metrics.answered(service, method, code, time.perf_counter() - began)

    async def drained(self, seconds: float) -> None:
        """Wait until no request is open any more."""
        end = time.monotonic() + seconds
        while self._open and time.monotonic() < end:
            await asyncio.sleep(0.02)

    def _require_room(self) -> None:
        if self._open >= self._most:
            raise Failure(TOO_MANY, f"{self._most} requests are in flight, which is the limit; ask again later")


def begin(puid: str | None, seconds: float, carried: Carried = ()) -> Trip:
    """Begin a trip: with the client's request id if it is one, else with a new one."""
    given = puid if puid and _PUID.fullmatch(puid) else secrets.token_hex(13)
    return Trip(given, asyncio.get_running_loop().time() + seconds, carried=carried)


def is_true(text: str | None) -> bool:
    """Read a header that switches something, as Go reads booleans."""
    return text in ("1", "t", "T", "TRUE", "true", "True")
