"""The router of an experiment as a container of its own: what Seldon's executor asks on a cluster.

It answers ``/route`` on Seldon's protocol, ``/v2/models/NODE/route`` on v2 and ``Router/Route`` over gRPC with the
child's number, found as everywhere by :mod:`seldon_infra.experiments.assignment`. The executor hands on the headers of
the request, and the metadata of a call. Source: ``addHeaders`` and ``Route`` in executor/api/rest/client.go,
``AddMetadataToOutgoingGrpcContext`` in executor/api/grpc of SeldonIO/seldon-core; the names of the ports' variables are
those that Seldon's operator sets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import grpc.aio
from google.protobuf import json_format
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from seldon_infra.experiments.assignment import A
from seldon_infra.experiments.terms import PARAMETER, Terms, key_of, read_terms
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.orchestrator.failures import NOT_FOUND, Failure
from seldon_infra.runtime.orchestrator.http_server import Answer, Request, Server
from seldon_infra.runtime.orchestrator.metrics import NO_ARM, exposures_counter

DRAIN_SECONDS = 10.0
_HEALTH = ("/health/ping", "/health/status", "/v2/health/live", "/v2/health/ready", "/live", "/ready")
_METRICS = ("/prometheus", "/metrics")


class ExperimentRouter:
    """Chooses a child for each request, and counts by arm."""

    def __init__(self, terms: Terms, deployment: str, predictor: str) -> None:
        self._terms, self._of = terms, (deployment, predictor, terms.name, terms.round)
        self._registry = CollectorRegistry()
        self._exposures = exposures_counter(self._registry)

    def choose(self, header: Callable[[str], str | None], body: Callable[[], Any]) -> int:
        """Give the child's number; arm a, and no part of the experiment, for a request without a key."""
        key = key_of(self._terms, header, body)
        arm = A if key is None else self._terms.arm_of(key)
        self._exposures.labels(*self._of, NO_ARM if key is None else self._terms.arms[arm]).inc()
        return arm

    async def __call__(self, request: Request) -> Answer:
        """Answer one request over HTTP."""
        path = request.path.partition("?")[0]
        if path == "/route" or (path.startswith("/v2/models/") and path.endswith("/route")):
            arm = self.choose(lambda name: _text(request.headers.get(name.encode())), lambda: _tree(request.body))
            return _json({"data": {"ndarray": [[arm]]}})
        if path in _METRICS:
            return Answer(200, generate_latest(self._registry), CONTENT_TYPE_LATEST.encode())
        if path in _HEALTH or path.startswith("/v2/models/"):
            return _json({"name": self._terms.name, "ready": True})
        return refusal(NOT_FOUND, f"no such path: {path[:100]}")

    def route(self, wire: bytes, context: Any) -> bytes:
        """Answer one call over gRPC."""
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        arm = self.choose(metadata.get, lambda: _message(wire))
        answer = json_format.ParseDict({"data": {"ndarray": [[arm]]}}, message("seldon.protos.SeldonMessage")())
        return bytes(answer.SerializeToString())


class _Calls(grpc.GenericRpcHandler):
    def __init__(self, router: ExperimentRouter) -> None:
        self._router = router

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method != "/seldon.protos.Router/Route":
            return None

        async def answer(wire: bytes, context: Any) -> bytes:
            return self._router.route(wire, context)

        return grpc.unary_unary_rpc_method_handler(answer)


def refusal(status: int, text: str) -> Answer:
    """Say what was wrong with a request."""
    failure = Failure(status, text)
    return Answer(failure.status, failure.body())


async def serve(router: ExperimentRouter, ports: Mapping[str, int], host: str) -> None:
    """Serve until TERM or INT."""
    servers = []
    for port in sorted({ports["http"], ports["metrics"]}):
        servers.append(Server(router, refusal))
        await servers[-1].listen(port, host)
    rpc = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    rpc.add_generic_rpc_handlers((_Calls(router),))
    rpc.add_insecure_port(f"{host}:{ports['grpc']}")
    await rpc.start()
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await asyncio.gather(*(each.drain(DRAIN_SECONDS) for each in servers), rpc.stop(DRAIN_SECONDS))


def main() -> int:
    """Serve the experiment that the operator's variables describe."""
    parser = argparse.ArgumentParser(prog="python -m seldon_infra.runtime.experiment_router", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="the address to listen on (default: all)")
    host = parser.parse_args().host
    told = {each["name"]: each["value"] for each in json.loads(os.environ.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))}
    if PARAMETER not in told:
        print(f"no parameter '{PARAMETER}' in PREDICTIVE_UNIT_PARAMETERS: declare an ABTest", file=sys.stderr)
        return 2
    router = ExperimentRouter(
        read_terms(told[PARAMETER]),
        os.environ.get("SELDON_DEPLOYMENT_ID", ""),
        os.environ.get("PREDICTOR_ID", ""),
    )
    ports = {name: _port(name, default) for name, default in (("http", 9000), ("grpc", 9500), ("metrics", 6000))}
    asyncio.run(serve(router, ports, host))
    return 0


def _port(name: str, default: int) -> int:
    return int(os.environ.get(f"PREDICTIVE_UNIT_{name.upper()}_SERVICE_PORT", default))


def _text(header: bytes | None) -> str | None:
    return header.decode("latin-1") if header else None


def _tree(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _message(wire: bytes) -> Any:
    try:
        return json_format.MessageToDict(message("seldon.protos.SeldonMessage").FromString(wire))
    except (ValueError, json_format.Error):
        return None


def _json(tree: Mapping[str, Any]) -> Answer:
    return Answer(200, json.dumps(tree).encode())


if __name__ == "__main__":
    sys.exit(main())
