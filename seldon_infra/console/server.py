"""Serves the page to this machine's browser alone, and only to who has the key that the command printed.

Another page that the same browser has open can send requests here, under a name that it has made lead to this machine
(DNS rebinding). So a request must name the console's own address as its host and come from no other origin; nothing
is ever changed by one; and what the page itself may load is said by a strict policy. Other users of the machine reach
the port as well, and logs are none of their business: that is what the key is for.
"""

from __future__ import annotations

import hmac
import http.cookies
import json
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from seldon_infra.core.errors import SeldonInfraError

PAGE = Path(__file__).with_name("page")
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/console.css": ("console.css", "text/css; charset=utf-8"),
    "/console.js": ("console.js", "text/javascript; charset=utf-8"),
    "/graph.js": ("graph.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
JSON = "application/json"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
IDLE_SECONDS = 30.0
"""How long a connection may be silent."""


class Source(Protocol):
    """What the page is told of a stack; each answer is plain data."""

    def overview(self) -> Mapping[str, Any]:
        """The stack and a row for each of its deployments."""

    def deployment(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One deployment with its picture and numbers; None where there is none of that name."""

    def log(self, process: str) -> list[str] | None:
        """The last lines of a process; None where there is none of that name."""


class Console(ThreadingHTTPServer):
    """The server of one console; port 0 takes any that is free."""

    daemon_threads = True

    def __init__(self, source: Source, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.source, self.asking = source, threading.Lock()
        self.key = secrets.token_urlsafe(24)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """What to open."""
        return f"http://127.0.0.1:{self.port}/?key={self.key}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Console
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer one request."""
        asked = urlsplit(self.path)
        if not self._is_ours():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "this console answers under its own address alone")
        elif self._has_key(parse_qs(asked.query).get("key", [""])[0]):
            self._send(HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": "/", "Set-Cookie": self._cookie()})
        elif not self._has_key(self._given()):
            self._refuse(HTTPStatus.FORBIDDEN, "open the address that `seldon-infra console` has printed")
        elif asked.path in FILES:
            name, kind = FILES[asked.path]
            self._send(HTTPStatus.OK, (PAGE / name).read_bytes(), kind)
        else:
            self._tell(asked.path)

    def do_HEAD(self) -> None:
        """Answer without the body."""
        self.do_GET()

    def _tell(self, path: str) -> None:
        words = [unquote(word) for word in path.split("/")[1:]]
        try:
            # Sources remember what they have seen, so they are asked one after the other.
            with self.server.asking:
                found = _found(self.server.source, words)
        except SeldonInfraError as error:
            self._refuse(HTTPStatus.BAD_GATEWAY, str(error))
            return
        except Exception as error:
            # A mistake of ours must not look like a console that is gone.
            traceback.print_exc()
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"the console failed: {type(error).__name__}")
            return
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such thing")
        else:
            self._send(HTTPStatus.OK, json.dumps(found).encode(), JSON)

    def _is_ours(self) -> bool:
        own = {f"127.0.0.1:{self.server.port}", f"localhost:{self.server.port}"}
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        from_us = origin is None or origin in {f"http://{host}" for host in own}
        # Whoever follows a link to the page comes from another site, and sees a page that only shows.
        is_visit = self.headers.get("Sec-Fetch-Mode") == "navigate"
        return self.headers.get("Host") in own and from_us and (site in {"same-origin", "none"} or is_visit)

    def _has_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.server.key.encode())

    def _given(self) -> str:
        try:
            cookies = http.cookies.SimpleCookie(self.headers.get("Cookie", ""))
        except http.cookies.CookieError:
            return ""
        found = cookies.get(self._cookie_name())
        return found.value if found else ""

    def _cookie_name(self) -> str:
        # Browsers keep cookies by host, whatever the port, and several consoles may be open.
        return f"console-{self.server.port}"

    def _cookie(self) -> str:
        return f"{self._cookie_name()}={self.server.key}; Path=/; HttpOnly; SameSite=Strict"

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self._send(status, json.dumps({"error": text}).encode(), JSON)

    def _send(self, status: HTTPStatus, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **(more or {}), "Content-Type": kind, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """Say no more of the server than its name."""
        return "seldon-infra"

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: addresses hold the key."""


def _found(source: Source, words: list[str]) -> Any:
    match words:
        case ["api", "stack"]:
            return {"at": time.time(), **source.overview()}
        case ["api", "deployment", namespace, name]:
            found = source.deployment(namespace, name)
            return None if found is None else {"at": time.time(), **found}
        case ["api", "log", process]:
            lines = source.log(process)
            return None if lines is None else {"lines": lines}
    return None
