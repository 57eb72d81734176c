"""A node that answers at once: ``python -m bench.stub_node PORT`` says the same to every request."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

BODY = json.dumps({"meta": {"tags": {}, "metrics": []}, "data": {"ndarray": [[0.1, 0.9]]}}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Node(asyncio.Protocol):
    """One connection; a request of the bench fits one read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Node, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
