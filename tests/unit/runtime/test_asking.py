from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from seldon_infra.runtime.asking import Away, GateFailed, ask


@contextmanager
def saying(text: bytes) -> Iterator[str]:
    """Read one question, say these bytes, and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            taken, _ = listening.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(text)

        answering = threading.Thread(target=answer)
        answering.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        answering.join()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "d does not answer /ready: Remote end closed connection without response"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            r"d does not answer /ready: IncompleteRead\(4 bytes read",
        ),
        (b"HTTP/1.1 503 Gone\r\n\r\nnode 'm' does not answer", "d: /ready answered 503: node 'm' does not answer"),
    ],
)
def test_who_breaks_off_or_misses_a_node_is_away(text: bytes, said: str) -> None:
    with saying(text) as at, pytest.raises(Away, match=said):
        ask("d", at, "GET", "/ready?key=secret")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"HTTP/1.1 500 No\r\n\r\nbroken", "d: /ready answered 500: broken"),
        (b"nonsense\r\n\r\n", "d does not answer /ready: nonsense"),
    ],
)
def test_who_answers_wrongly_is_there(text: bytes, said: str) -> None:
    with saying(text) as at, pytest.raises(GateFailed, match=said) as failed:
        ask("d", at, "GET", "/ready?key=secret")
    assert not isinstance(failed.value, Away)
