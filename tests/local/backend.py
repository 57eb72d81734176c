"""A tiny real model server: answers over REST and gRPC with its name, or as slowly as a request asks for.

Run as a program: `backend.py NAME REST_PORT GRPC_PORT`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

import grpc
from aiohttp import web

SLEEP = "x-sleep"
"""Header or metadata key: seconds before the answer."""
HOLD = "x-hold"
"""Header: a file; the answer comes once it is there."""
BUSY = "x-busy"
"""Header: seconds of computing before the answer, in which the server does nothing else."""
LARGEST_MESSAGE_BYTES = 2 << 20
"""Over gRPC; more is RESOURCE_EXHAUSTED, as with the real servers at 64 MiB."""


def application(name: str) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        size = len(await request.read())
        await asyncio.sleep(float(request.headers.get(SLEEP, "0")))
        while HOLD in request.headers and not os.path.exists(request.headers[HOLD]):
            await asyncio.sleep(0.02)
        until = time.monotonic() + float(request.headers.get(BUSY, "0"))
        while time.monotonic() < until:
            pass
        headers = {key: value for key, value in request.headers.items() if key.lower().startswith("x-")}
        return web.json_response({"name": name, "path": request.path, "size": size, "headers": headers})

    seen = {"requests": 0}

    async def counted(request: web.Request) -> web.Response:
        seen["requests"] += 1
        return await answer(request)

    async def count(_: web.Request) -> web.Response:
        return web.json_response({"requests": seen["requests"], "pid": os.getpid()})

    server = web.Application(client_max_size=1 << 30)
    server.router.add_get("/count", count)
    server.router.add_get("/healthy", count)
    server.router.add_route("*", "/{path:.*}", counted)
    return server


class AnyMethod(grpc.GenericRpcHandler):
    """Answers every method with the server's name and the method."""

    def __init__(self, name: str) -> None:
        self.name = name

    def service(self, details: Any) -> Any:
        async def answer(_: bytes, context: Any) -> bytes:
            metadata = dict(context.invocation_metadata())
            await asyncio.sleep(float(metadata.get(SLEEP, "0")))
            return f"{self.name} {details.method}".encode()

        return grpc.unary_unary_rpc_method_handler(answer)


async def serve(name: str, rest_port: int, grpc_port: int) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES)])
    server.add_generic_rpc_handlers([AnyMethod(name)])
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    await server.start()
    runner = web.AppRunner(application(name), handle_signals=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", rest_port).start()
    print(f"{name} serves", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
