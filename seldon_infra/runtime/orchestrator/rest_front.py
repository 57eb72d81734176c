"""What clients ask over REST: the paths of the deployment's protocol, and those of every orchestrator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seldon_infra.runtime.orchestrator import kept, seldon_rest
from seldon_infra.runtime.orchestrator.admission import begin, is_true
from seldon_infra.runtime.orchestrator.checks import check_meta, check_seldon, check_v2, parse_object, to_json
from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import (
    BAD_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNAVAILABLE,
    Failure,
    brief,
)
from seldon_infra.runtime.orchestrator.http_server import Answer, Request
from seldon_infra.runtime.orchestrator.kept import Kept
from seldon_infra.runtime.orchestrator.rest_nodes import RestNodes
from seldon_infra.runtime.orchestrator.seldon_rest import SeldonRest
from seldon_infra.runtime.orchestrator.shared import Shared
from seldon_infra.runtime.orchestrator.tracing import Carried, carried
from seldon_infra.runtime.orchestrator.v2_rest import V2Rest, asked_in_json
from seldon_infra.runtime.orchestrator.walk import Trip, predict, send_feedback

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.experiments import Visit

PUID, SKIP_LOGGING = b"seldon-puid", b"seldon-skip-logging"
TRACEPARENT = b"traceparent"
BINARY_TENSORS = b"inference-header-content-length"
"""Header of a v2 request whose tensors follow the JSON as bytes."""


class RestFront:
    """The HTTP handler of one orchestrator."""

    def __init__(self, shared: Shared, nodes: RestNodes, keeps: Kept) -> None:
        self._config, self._nodes, self._kept = shared.config, nodes, keeps
        self._admission, self._metrics = shared.admission, shared.metrics
        self._told, self._experiments = shared.told, shared.experiments
        self._seldon, self._v2 = SeldonRest(nodes, shared.log), V2Rest(nodes, shared.log)
        protocol = {"seldon": self._seldon_paths, "v2": self._v2_paths}[shared.config.protocol]
        self._paths = {**self._own_paths(), **protocol()}

    async def __call__(self, request: Request) -> Answer:
        """Answer one request; a failure is an answer too."""
        try:
            return await self._answer(request)
        except Failure as failure:
            return refusal(failure)

    async def _answer(self, request: Request) -> Answer:
        found = self._paths.get(request.path) or self._paths.get(request.path.rstrip("/"))
        if found is None:
            raise Failure(NOT_FOUND, f"no such path: {brief(request.path)}")
        method, handler = found
        if request.method != method:
            raise Failure(METHOD_NOT_ALLOWED, f"{brief(request.path)} takes {method}, not {request.method}")
        answer: Answer = await handler(request)
        return answer

    def _own_paths(self) -> dict[str, tuple[str, Any]]:
        return {
            "/live": ("GET", self._live),
            "/ready": ("GET", self._ready),
            "/prometheus": ("GET", self._prometheus),
            kept.PATH: ("POST", self._exchanges),
        }

    def _seldon_paths(self) -> dict[str, tuple[str, Any]]:
        api = "/api/v1.0"
        units = {f"{api}/metadata/{unit.name}": unit for unit in self._config.graph.served()}
        return {
            f"{api}/predictions": ("POST", self._predict_seldon),
            f"{api}/feedback": ("POST", self._feedback),
            f"{api}/health/status": ("GET", self._ready),
            f"{api}/metadata": ("GET", self._graph_metadata),
            **{path: ("GET", _with_unit(self._unit_metadata, unit)) for path, unit in units.items()},
        }

    def _v2_paths(self) -> dict[str, tuple[str, Any]]:
        units = {unit.name: unit for unit in self._config.graph.served()}
        paths: dict[str, tuple[str, Any]] = {
            "/v2/models/infer": ("POST", self._predict_v2),
            "/v2/health/live": ("GET", self._live),
            "/v2/health/ready": ("GET", self._ready),
            "/v2": ("GET", self._server_metadata),
        }
        for name in self._config.models:
            unit = units.get(name)
            metadata = _with_unit(self._unit_metadata, unit) if unit else self._graph_metadata
            paths[f"/v2/models/{name}/infer"] = ("POST", self._predict_v2)
            paths[f"/v2/models/{name}/ready"] = ("GET", self._ready)
            paths[f"/v2/models/{name}"] = ("GET", metadata)
        return paths

    async def _predict_seldon(self, request: Request) -> Answer:
        trace = _carried(request)
        with self._admission.admit("predictions", "post", trace):
            message = parse_object(request.body)
            check_seldon(message)
            meta = check_meta(message.pop("meta", None))
            trip = self._begin(request, meta.get("puid"), trace)
            trip.tags.update(meta.get("tags") or {})
            trip.visit = self._visit(request, lambda: {**message, "meta": meta})
            answer = await predict(self._config.graph, message, self._seldon, trip)
            return self._keeping(request, _json(seldon_rest.answer_of(answer, trip), trip.puid))

    async def _feedback(self, request: Request) -> Answer:
        trace = _carried(request)
        with self._admission.admit("feedback", "post", trace):
            feedback = parse_object(request.body)
            meta = check_meta(_object(feedback, "response").get("meta"))
            trip = self._begin(request, meta.get("puid"), trace)
            given = trip.puid if trip.puid in (_text(request.headers.get(PUID)), meta.get("puid")) else None
            once, routing = self._told.of(given, to_json(feedback)), _routing(meta)
            await send_feedback(self._config.graph, feedback, routing, self._seldon, trip, once)
            visit = self._visit(request, lambda: feedback.get("request"))
            if self._experiments is not None and visit is not None:
                self._experiments.reward(visit, routing, feedback.get("reward"))
            return _json({"meta": {"puid": trip.puid}}, trip.puid)

    async def _predict_v2(self, request: Request) -> Answer:
        trace = _carried(request)
        with self._admission.admit("predictions", "post", trace):
            if BINARY_TENSORS in request.headers:
                raise Failure(
                    BAD_REQUEST,
                    "over REST tensors must be JSON (tritonclient: binary_data=False); send binary ones over gRPC",
                )
            tree = parse_object(request.body)
            check_v2(tree)
            trip = self._begin(request, None, trace)
            message = asked_in_json(request.body, tree)
            trip.requested_outputs = tree.get("outputs")
            trip.visit = self._visit(request, lambda: tree)
            answer = await predict(self._config.graph, message, self._v2, trip)
            return self._keeping(request, Answer(200, answer.wire, headers=((b"Seldon-Puid", trip.puid.encode()),)))

    def _keeping(self, request: Request, answer: Answer) -> Answer:
        if kept.COPY not in request.headers:
            self._kept.keep(request.path, request.body, answer.body)
        return answer

    async def _exchanges(self, request: Request) -> Answer:
        if not self._kept.opens(request.headers.get(kept.KEY, b"")):
            raise Failure(NOT_FOUND, f"no such path: {brief(request.path)}")
        return Answer(200, self._kept.take())

    def _begin(self, request: Request, puid: str | None, trace: Carried) -> Trip:
        trip = begin(_text(request.headers.get(PUID)) or puid, self._config.rest_seconds, trace)
        trip.skip_logging = is_true(_text(request.headers.get(SKIP_LOGGING)))
        return trip

    def _visit(self, request: Request, message: Callable[[], Any]) -> Visit | None:
        if self._experiments is None:
            return None
        return self._experiments.visit(lambda name: _text(request.headers.get(name.encode())), message)

    async def _live(self, _: Request) -> Answer:
        return Answer(200, b'{"live":true}')

    async def _ready(self, _: Request) -> Answer:
        await asyncio.gather(*(self._require_ready(unit) for unit in self._config.graph.served()))
        return Answer(200, b'{"ready":true}')

    async def _require_ready(self, unit: Unit) -> None:
        path = "/health/status" if self._config.protocol == "seldon" else f"/v2/models/{unit.model}/ready"
        status, _ = await self._nodes.get(unit, path)
        if status != 200:
            raise Failure(UNAVAILABLE, f"is not ready: {path} answered {status}", unit.name)

    async def _prometheus(self, _: Request) -> Answer:
        text, content_type = self._metrics.page()
        return Answer(200, text, content_type)

    async def _server_metadata(self, _: Request) -> Answer:
        return _json({"name": self._config.deployment, "version": "", "extensions": []})

    async def _unit_metadata(self, _: Request, unit: Unit) -> Answer:
        return _json(await self._metadata(unit))

    async def _graph_metadata(self, _: Request) -> Answer:
        """The graph as one model: it takes what its first node takes, and gives what its last one gives."""
        graph = self._config.graph
        known = {unit.name: await self._metadata(unit) for unit in graph.served()}
        inputs = next(iter(known.values()), {}).get("inputs", [])
        outputs = known.get(graph.answering().name, {}).get("outputs", [])
        if self._config.protocol == "v2":
            graph_as_model = {"name": self._config.deployment, "versions": [], "platform": "seldon"}
            return _json({**graph_as_model, "inputs": inputs, "outputs": outputs})
        named = {"name": self._config.predictor, "models": known}
        return _json({**named, "graphinputs": inputs, "graphoutputs": outputs})

    async def _metadata(self, unit: Unit) -> dict[str, Any]:
        path = "/metadata" if self._config.protocol == "seldon" else f"/v2/models/{unit.model}"
        status, body = await self._nodes.get(unit, path)
        if status != 200:
            raise Failure(UNAVAILABLE, f"has no metadata: {path} answered {status}", unit.name)
        return parse_object(body)


def refusal(failure: Failure) -> Answer:
    """Make a failure an answer."""
    headers = ((b"Retry-After", b"1"),) if failure.status == 429 else ()
    return Answer(failure.status, failure.body(), headers=headers)


def _with_unit(handler: Any, unit: Unit) -> Any:
    async def handle(request: Request) -> Answer:
        found: Answer = await handler(request, unit)
        return found

    return handle


def _json(tree: Mapping[str, Any], puid: str | None = None) -> Answer:
    return Answer(200, to_json(tree), headers=((b"Seldon-Puid", puid.encode()),) if puid else ())


def _carried(request: Request) -> Carried:
    if TRACEPARENT not in request.headers:
        return ()
    return carried(lambda name: _text(request.headers.get(name.encode())))


def _text(header: bytes | None) -> str | None:
    return header.decode("latin-1") if header else None


def _object(tree: Mapping[str, Any], field: str) -> dict[str, Any]:
    found = tree.get(field) or {}
    if not isinstance(found, dict):
        raise Failure(BAD_REQUEST, f"'{field}' must be an object")
    return found


def _routing(meta: Mapping[str, Any]) -> dict[str, int]:
    routing = meta.get("routing") or {}
    if not isinstance(routing, dict) or not all(type(route) is int for route in routing.values()):
        raise Failure(BAD_REQUEST, "'response.meta.routing' must map names of nodes to indices of their children")
    return routing
