"""Payloads as CloudEvents over HTTP, in the binary form that Seldon's executor sends."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from seldon_infra.runtime.payloads.payload import Origin, Payload, attributes
from seldon_infra.runtime.payloads.words import Seldom

MOST_WAITING = 2_000
"""Payloads that wait for one address."""
MOST_WAITING_BYTES = 64 * 1024 * 1024
"""What may wait for it together, however few payloads that is."""
WORKERS = 4
"""Connections to one address."""
ANSWER_SECONDS = 5.0
"""How long an address may take to answer."""
FLUSH_SECONDS = 5.0


def headers_of(payload: Payload) -> Mapping[str, str]:
    """CloudEvents' attributes of a payload, as headers."""
    told = {f"Ce-{name.capitalize()}": value for name, value in attributes(payload).items()}
    return {"Content-Type": payload.content_type, **told}


class Address:
    """One address that payloads are sent to, each once; a slow one keeps nobody but itself waiting."""

    def __init__(self, url: str, count: Callable[[Origin, str], None]) -> None:
        self._url, self._count = url, count
        self._waiting: queue.Queue[Payload] = queue.Queue(MOST_WAITING)
        self._said = Seldom()
        self._bytes, self._counting = 0, threading.Lock()
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def put(self, payload: Payload) -> None:
        """Take a payload if there is room."""
        try:
            if self._bytes >= MOST_WAITING_BYTES:
                raise queue.Full
            self._waiting.put_nowait(payload)
            self._weigh(payload.weight)
        except queue.Full:
            self._count(payload.origin, "dropped: queue full")

    def unsent(self) -> int:
        """How many wait or are on their way."""
        return self._waiting.unfinished_tasks

    def _work(self) -> None:
        connection = _Connection(self._url)
        while True:
            payload = self._waiting.get()
            try:
                failure = connection.post(payload)
                self._count(payload.origin, "dropped: not taken" if failure else "sent")
                if failure:
                    self._said.say(f"{urlsplit(self._url).hostname}: {failure}; a payload is lost")
            finally:
                self._weigh(-payload.weight)
                self._waiting.task_done()

    def _weigh(self, weight: int) -> None:
        with self._counting:
            self._bytes += weight


class _Connection:
    """One kept-open connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def post(self, payload: Payload) -> str | None:
        """Send a payload once; give the reason where it was not taken."""
        try:
            self._http.request("POST", self._path, payload.body, dict(headers_of(payload)))
            answer = self._http.getresponse()
            answer.read()
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: what no header can hold
            self._http.close()
            return str(error) or type(error).__name__
        return None if 200 <= answer.status < 300 else f"answered {answer.status}"


def flushed(addresses: Mapping[str, Address], seconds: float = FLUSH_SECONDS) -> int:
    """Wait until all is sent, for a while; give how many payloads are not."""
    end = time.monotonic() + seconds
    while (left := sum(address.unsent() for address in addresses.values())) and time.monotonic() < end:
        time.sleep(0.02)
    return left
