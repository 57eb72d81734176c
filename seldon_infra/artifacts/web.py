"""Gets files from web servers; each address is looked at once it is connected and before anything is asked of it."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

from seldon_infra.artifacts.addresses import Rule, rule_of, shown, why_not
from seldon_infra.artifacts.listing import StoreNotReached
from seldon_infra.artifacts.source import Settings
from seldon_infra.core.errors import ModelNotFound, NotPermitted

SECONDS = 30.0
"""How long a server may be silent."""
_MOST_HOPS = 5
_CHUNK = 2**20
_MOVED = (301, 302, 303, 307, 308)


class NotLoggedIn(NotPermitted):
    """A server asks who reads; ``challenge`` is how it wants to be told."""

    def __init__(self, said: str, challenge: str) -> None:
        super().__init__(said)
        self.challenge = challenge


def login(settings: Settings) -> dict[str, str]:
    """Give the header by which a storage says who reads: a token, or a name and a password; none for anybody."""
    if settings.get("token"):
        return {"Authorization": f"Bearer {settings['token']}"}
    if settings.get("username"):
        own = base64.b64encode(f"{settings['username']}:{settings.get('password') or ''}".encode()).decode()
        return {"Authorization": f"Basic {own}"}
    return {}


@contextmanager
def answer(url: str, headers: Mapping[str, str], named: tuple[str, ...], method: str = "GET") -> Iterator[HTTPResponse]:
    """Ask for a URL, and give the answer of the server that has it.

    Args:
        url: what is asked for.
        headers: of the request; another host is not told them.
        named: URLs of storages, whose own hosts may be of a private network.
        method: ``GET`` or ``HEAD``.

    Raises:
        NotPermitted: the address may not be asked, or the server wants other credentials.
        ModelNotFound: nothing is there.
        StoreNotReached: there is no answer, or one that says something else.
    """
    place, shown_url = url, shown(url)
    for _ in range(_MOST_HOPS):
        own = headers if urlsplit(place)[:2] == urlsplit(url)[:2] else {}
        connection = _connection(place, named)
        try:
            found = _asked(connection, place, own, method, shown_url)
            if found.status not in _MOVED:
                _require_right(found, shown_url)
                yield found
                return
            place = urljoin(place, found.headers.get("Location", ""))
        finally:
            connection.close()
    raise StoreNotReached(f"'{shown_url}' is moved on more than {_MOST_HOPS} times")


def save(url: str, headers: Mapping[str, str], named: tuple[str, ...], to: BinaryIO) -> None:
    """Write what a URL holds, all of it; raises what `answer` raises."""
    with answer(url, headers, named) as said:
        whole, written = said.headers.get("Content-Length"), 0
        try:
            while piece := said.read(_CHUNK):
                written += to.write(piece)
        except (HTTPException, TimeoutError, ConnectionError) as error:
            raise StoreNotReached(f"'{shown(url)}' broke off: {error}; run again") from None
    if whole is not None and whole != str(written):
        raise StoreNotReached(f"'{shown(url)}' broke off; run again")


def _asked(connection: HTTPConnection, place: str, own: Mapping[str, str], method: str, url: str) -> HTTPResponse:
    parts = urlsplit(place)
    try:
        connection.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=dict(own))
        return connection.getresponse()
    except NotPermitted:
        raise
    except (OSError, HTTPException) as error:
        raise StoreNotReached(f"'{url}': {error}") from None
    except ValueError:
        # Python's own words would repeat the header.
        raise NotPermitted(f"'{url}': a header of its storage holds a line break, or letters that none may") from None


def _require_right(found: HTTPResponse, url: str) -> None:
    status = found.status
    if status in (401, 403):
        said = f"'{url}': its server wants other credentials (answer {status})"
        raise NotLoggedIn(said, found.headers.get("WWW-Authenticate", "")) if status == 401 else NotPermitted(said)
    if status in (404, 410):
        raise ModelNotFound(f"'{url}' holds nothing")
    if status != 200:
        raise StoreNotReached(f"'{url}': its server answered {status}")


def _connection(url: str, named: tuple[str, ...]) -> HTTPConnection:
    refused = why_not(url, named)
    if refused:
        raise NotPermitted(f"'{shown(url)}' {refused}")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StoreNotReached(f"'{url}' is no address of a web server")
    kind = _Https if parts.scheme == "https" else _Http
    return kind(parts.hostname, parts.port, rule_of(parts.hostname, named))


class _Http(HTTPConnection):
    def __init__(self, host: str, port: int | None, rule: Rule) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._rule = rule

    def connect(self) -> None:
        super().connect()
        _require_fit(self, self._rule)


class _Https(_Http, HTTPSConnection):
    """The same over TLS, which is there before anybody is looked at."""


def _require_fit(connection: HTTPConnection, rule: Rule) -> None:
    """Look at who has answered, since a name may resolve to anything."""
    address = ipaddress.ip_address(str(connection.sock.getpeername()[0]).partition("%")[0])
    refused = rule(address)
    if refused:
        connection.close()
        raise NotPermitted(f"host '{connection.host}' {refused} ({address})")
