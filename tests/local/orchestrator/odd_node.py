"""A node that answers as a test says, byte by byte: what no model server does on purpose and some do by mistake."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MESSAGE = b'{"data":{"ndarray":[[1.0]]},"meta":{}}'


def answer(status: int = 200, body: bytes = MESSAGE) -> bytes:
    return b"HTTP/1.1 %d Odd\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@dataclass
class OddNode:
    """What it has been sent, and what it does about it."""

    port: int
    reply: Callable[[bytes], bytes | None]
    """The answer to a request's body; None resets the connection, no bytes wait until the other side leaves."""
    bodies: list[bytes] = field(default_factory=list)
    grpc_port: int = 1
    """Nothing listens there, until a test makes it so."""
    left: threading.Event = field(default_factory=threading.Event)
    """A connection has been closed by the other side while its request was open."""

    @property
    def ports(self) -> dict[str, int]:
        return {"http": self.port, "grpc": self.grpc_port}


@contextmanager
def odd_node(reply: Callable[[bytes], bytes | None] = lambda _: answer()) -> Iterator[OddNode]:
    """Listen on a loopback port for as long as the block runs."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while body := _request(self.rfile):
                node.bodies.append(body)
                said = node.reply(body)
                if said is None:
                    # No lingering: the other side gets a reset, not an end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if not said and self.connection.recv(1) == b"":
                    node.left.set()
                    return
                self.wfile.write(said)

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Threads(("127.0.0.1", 0), Handler) as server:
        node = OddNode(server.server_address[1], reply)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield node
        server.shutdown()


def _request(file: object) -> bytes:
    length = 0
    while (line := file.readline()) not in (b"\r\n", b""):  # type: ignore[attr-defined]
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return file.read(length) if line else b""  # type: ignore[attr-defined,no-any-return]
