"""Who gets an answer of the console: this machine's browser, with the key, from the page itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from seldon_infra.console.server import FILES, PAGE, Console
from seldon_infra.core.errors import SeldonInfraError


class Said:
    """A source that says the same whoever asks, and fails for one name."""

    def overview(self) -> Mapping[str, Any]:
        return {"stack": "local"}

    def deployment(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        if name == "wrong":
            raise ZeroDivisionError
        if name == "broken":
            raise SeldonInfraError("the cluster does not answer")
        return {"name": name} if name == "a/b" else None

    def log(self, process: str) -> list[str] | None:
        return ["line"] if process == "p" else None


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with Console(Said()) as made:
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()


def ask(console: Console, path: str, method: str = "GET", key: str | None = "", **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", console.port, timeout=60)
    known = console.key if key == "" else key
    sent = {"Cookie": f"console-{console.port}={known}"} if known is not None else {}
    connection.request(method, path, headers=sent | {name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


@pytest.mark.parametrize("path", FILES)
def test_the_page_and_what_it_is_made_of_are_served_and_may_load_nothing_else(console: Console, path: str) -> None:
    answer = ask(console, path)
    assert answer.status == 200
    policy = str(answer.headers["Content-Security-Policy"])
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_file_of_the_page_is_served() -> None:
    assert {name for name, _ in FILES.values()} == {file.name for file in PAGE.iterdir()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Origin": "http://evil.example"}, 421),
        ({"Origin": "null"}, 421),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 421),
        ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, 421),
        ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),
    ],
)
def test_only_the_page_itself_may_ask(console: Console, headers: dict[str, str], status: int) -> None:
    assert ask(console, "/api/stack", **headers).status == status


def test_the_pages_own_origins_may_ask(console: Console) -> None:
    for host in ("127.0.0.1", "localhost"):
        own = f"{host}:{console.port}"
        assert ask(console, "/api/stack", Host=own, Origin=f"http://{own}").status == 200


@pytest.mark.parametrize("key", [None, "wrong", "schlüssel"])
def test_without_the_key_nothing_is_told(console: Console, key: str | None) -> None:
    for path in ("/", "/api/stack", "/api/log/p"):
        answer = ask(console, path, key=key and key.encode().decode("latin-1"))
        assert answer.status == 403
        assert b"local" not in answer.read()


def test_the_printed_address_gives_the_key_as_a_cookie_that_scripts_do_not_see(console: Console) -> None:
    answer = ask(console, f"/?key={console.key}", key=None)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert str(answer.headers["Set-Cookie"]).endswith("HttpOnly; SameSite=Strict")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(console: Console, method: str) -> None:
    assert ask(console, "/api/stack", method).status == 501


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/deployment/ns/a%2Fb", 200),
        ("/api/deployment/ns/none", 404),
        ("/api/deployment/ns/broken", 502),
        ("/api/deployment/ns/wrong", 500),
        ("/api/log/p", 200),
        ("/api/log/..%2F..%2Fetc%2Fpasswd", 404),
        ("/../server.py", 404),
        ("/index.html", 404),
        ("/api", 404),
    ],
)
def test_what_is_there_is_told_and_nothing_else(console: Console, path: str, status: int) -> None:
    assert ask(console, path).status == status


def test_it_listens_on_loopback_alone(console: Console) -> None:
    assert console.server_address[0] == "127.0.0.1"
