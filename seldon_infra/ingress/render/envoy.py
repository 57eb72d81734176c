"""Envoy's clusters and routes: what is moved into place while it runs.

Everything that is not on a route's list of paths and methods ends at the gateway.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from seldon_infra.ingress.routes import Backend, Route

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | dict[str, JsonValue] | None"
JsonDict: TypeAlias = dict[str, JsonValue]

PREDICTOR_HEADER = "x-seldon-predictor"
"""Response header that names the predictor that answered."""
LARGEST_PAGE_BYTES = 1 << 20
LARGEST_MESSAGE_BYTES = 64 << 20
"""Of gRPC messages, which the servers themselves refuse above it, up to here a copy is kept for retries and shadows."""
KEPT_SECONDS = 4.0
"""How long a silent connection to a server is kept: less than any server keeps its own, MLServer's uvicorn 5 s."""
SILENT_SECONDS = 60.0
"""How much longer than an answer may take its stream may be silent: as long as a request may take to come in."""
ROUTES = "routes"
"""Name of the only route configuration."""
BUFFER = "buffer"
"""Name of the filter that gathers a request's body, up to its limit."""
STATISTICS_PATH = "/stats/prometheus"
"""Where Prometheus reads what Envoy counts, on the gateway's own port. Source: Envoy's administration interface."""
ADMIN = "admin"
"""Name of the cluster that leads to Envoy's own socket."""
TYPE = "type.googleapis.com/"
"""What the name of each of Envoy's types begins with."""

GRPC_METHODS = {
    "seldon": ("seldon.protos.Seldon/Predict", "seldon.protos.Seldon/SendFeedback"),
    "v2": tuple(
        f"inference.GRPCInferenceService/{method}"
        for method in ("ModelInfer", "ModelReady", "ModelMetadata", "ServerReady", "ServerLive")
    ),
    "tensorflow": (
        "tensorflow.serving.PredictionService/Predict",
        "tensorflow.serving.PredictionService/GetModelMetadata",
        "tensorflow.serving.ModelService/GetModelStatus",
    ),
}
"""Methods that a client may call. Model repository, shared memory, trace and logging are not among them."""
STREAM_METHOD = "inference.GRPCInferenceService/ModelStreamInfer"
"""What a client may call as well where servers are asked without an orchestrator, which knows no streams."""


class Cluster(NamedTuple):
    """Where one predictor answers over one transport."""

    name: str
    """It holds the address: a moved server is another cluster."""
    address: str
    http2: bool
    max_in_flight: int


def clusters(routes: Iterable[Route], retiring: Iterable[Cluster] = ()) -> JsonDict:
    """The file ``cds.json``: one cluster per predictor and transport, and those that still finish their requests."""
    wanted = {cluster.name: cluster for cluster in retiring}
    wanted.update({cluster.name: cluster for route in routes for cluster in clusters_of(route)})
    return _versioned([_cluster(wanted[name]) for name in sorted(wanted)])


def route_configuration(routes: Iterable[Route]) -> JsonDict:
    """The file ``rds.json``: all deployments' routes, then what answers everything else."""
    ordered = sorted(routes, key=lambda route: route.prefix)
    hosts: JsonDict = {
        "name": "all",
        "domains": ["*"],
        "routes": [
            _statistics(),
            *(entry for route in ordered for entry in _routes(route)),
            _not_found("/", "no such deployment"),
        ],
    }
    configuration: JsonDict = {
        "@type": TYPE + "envoy.config.route.v3.RouteConfiguration",
        "name": ROUTES,
        "virtual_hosts": [hosts],
        "max_direct_response_body_size_bytes": LARGEST_PAGE_BYTES,
    }
    return _versioned([configuration])


def clusters_of(route: Route) -> list[Cluster]:
    """A route's clusters, one per predictor and transport."""
    # An orchestrator refuses by itself what is too much, in the words of its protocol; this is far enough from that.
    most = 2 * route.max_in_flight if route.orchestrated else route.max_in_flight
    return [
        Cluster(_cluster_name(route, backend, transport), getattr(backend, transport), transport == "grpc", most)
        for backend in route.backends
        for transport in route.transports
    ]


def _cluster_name(route: Route, backend: Backend, transport: str) -> str:
    return f"{route.namespace}/{route.name}/{backend.name}/{transport}/{getattr(backend, transport)}"


def statistics_name(cluster: str) -> str:
    """What Envoy counts a cluster's requests under: its own name, but dots and colons would end a name there."""
    return cluster.replace(".", "_").replace(":", "_")


def _versioned(resources: list[JsonValue]) -> JsonDict:
    version = hashlib.sha256(json.dumps(resources, sort_keys=True).encode()).hexdigest()[:16]
    return {"version_info": version, "resources": resources}


def _cluster(cluster: Cluster) -> JsonDict:
    name, address, http2, max_in_flight = cluster
    host, _, port = address.rpartition(":")
    endpoint: JsonDict = {"address": {"socket_address": {"address": host, "port_value": int(port)}}}
    # What closes silent connections is HTTP/1.1 alone: a request sent in that moment would be lost.
    protocol: JsonDict = (
        {"explicit_http_config": {"http2_protocol_options": {}}}
        if http2
        else {
            "explicit_http_config": {"http_protocol_options": {}},
            "common_http_protocol_options": {"idle_timeout": duration(KEPT_SECONDS)},
        }
    )
    return {
        "@type": TYPE + "envoy.config.cluster.v3.Cluster",
        "name": name,
        "alt_stat_name": statistics_name(name),
        "track_cluster_stats": {"request_response_sizes": True},
        "type": "STATIC",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": 32768,
        "circuit_breakers": {"thresholds": [_bounds(max_in_flight)]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                **protocol,
            }
        },
    }


def _bounds(max_in_flight: int) -> JsonDict:
    """Requests at once; those that wait for a connection are as many at most, and connections are no bound."""
    return {
        "max_requests": max_in_flight,
        "max_pending_requests": max_in_flight,
        "max_connections": 2 * max_in_flight,
        # A request is sent again only where no server got it, so that all of them may be.
        "max_retries": max_in_flight,
    }


def _statistics() -> JsonDict:
    """The one page of Envoy's own socket that the gateway's port leads to."""
    get: JsonDict = {"name": ":method", "string_match": {"exact": "GET"}}
    return {"match": {"path": STATISTICS_PATH, "headers": [get]}, "route": {"cluster": ADMIN, "timeout": "5s"}}


def _routes(route: Route) -> list[JsonValue]:
    refused: JsonDict = {
        "match": {
            "prefix": route.prefix + "/",
            "headers": [
                {"name": "content-encoding", "string_match": {"exact": "identity"}, "invert_match": True},
                {"name": "content-encoding", "present_match": True},
            ],
        },
        "direct_response": _answer(415, "a request body must not be encoded; send it without Content-Encoding"),
    }
    rest = [refused, *_pages(route), *_rest(route)] if "rest" in route.transports else []
    grpc = _grpc(route) if "grpc" in route.transports else []
    return [*grpc, *rest, _not_found(route.prefix + "/", _unknown_path(route))]


def _unknown_path(route: Route) -> str:
    if route.protocol != "seldon":
        return f"deployment '{route.name}' has no such path or model; its models: {', '.join(route.models)}"
    return f"deployment '{route.name}' has no such path; POST to {route.prefix}/api/v1.0/predictions"


def _rest(route: Route) -> list[JsonValue]:
    """The REST paths of a deployment, as Seldon's executor serves them; all else is not found."""
    if route.protocol == "seldon":
        posts = [_path(route, "POST", f"/api/v1.0/{what}") for what in ("predictions", "feedback")]
        return [
            *posts,
            _path(route, "GET", "/api/v1.0/metadata", "(/[^/]+)?"),
            _path(route, "GET", "/api/v1.0/health/status"),
        ]
    names = "|".join(re.escape(name) for name in route.models)
    if route.protocol == "tensorflow":
        # A server knows its model's own name alone.
        return [
            _rewritten(route, "POST", f"/v1/models/(?:{names})/?:predict", f"/v1/models/{route.models[0]}:predict"),
            _rewritten(route, "GET", f"/v1/models/(?:{names})(/metadata)?", rf"/v1/models/{route.models[0]}\1"),
        ]
    # An orchestrator knows all names; a server that is asked directly knows its own alone.
    model = r"\1" if route.orchestrated else route.models[0]
    infer = r"/v2/models/\1infer" if route.orchestrated else f"/v2/models/{model}/infer"
    return [
        _rewritten(route, "POST", f"/v2/models/((?:{names})/)?infer", infer),
        _rewritten(route, "GET", f"/v2/models/({names})(/ready)?", rf"/v2/models/{model}\2"),
        _rewritten(route, "GET", "/v2/health/(ready|live)", r"/v2/health/\1"),
    ]


def _path(route: Route, method: str, path: str, rest: str = "") -> JsonDict:
    return _rewritten(route, method, re.escape(path) + ("(" + rest.strip("()?") + ")?" if rest else "()"), path + r"\1")


def _rewritten(route: Route, method: str, pattern: str, substitution: str) -> JsonDict:
    regex = f"{re.escape(route.prefix)}{pattern}"
    return {
        "match": {
            "safe_regex": {"regex": regex},
            "headers": [{"name": ":method", "string_match": {"exact": method}}],
        },
        "route": {
            **_forward(route, "rest", route.rest_seconds),
            "regex_rewrite": {"pattern": {"regex": regex}, "substitution": substitution},
        },
    }


def _grpc(route: Route) -> list[JsonValue]:
    matching: list[JsonValue] = [
        {"name": "seldon", "string_match": {"exact": route.name}},
        {"name": "namespace", "string_match": {"exact": route.namespace}},
    ]
    # A client's own, shorter deadline counts.
    longest: JsonDict = {"max_stream_duration": {"grpc_timeout_header_max": duration(route.grpc_seconds)}}
    forward: JsonDict = {**_forward(route, "grpc", route.grpc_seconds), **longest}
    calls: list[JsonValue] = [_call(method, matching, forward) for method in GRPC_METHODS[route.protocol]]
    if route.streams:
        calls.append(_call(STREAM_METHOD, matching, _stream(route)))
    refused = f"deployment '{route.name}' has no such method"
    compressed: JsonDict = {
        "match": {
            "prefix": "/",
            "grpc": {},
            "headers": [
                *matching,
                {"name": "grpc-encoding", "present_match": True},
                {"name": "grpc-encoding", "string_match": {"exact": "identity"}, "invert_match": True},
            ],
        },
        # gRPC clients see 404 as UNIMPLEMENTED, which is what the protocol wants here.
        "direct_response": _answer(404, "a message must not be compressed; call without compression"),
    }
    return [
        compressed,
        *calls,
        {"match": {"prefix": "/", "grpc": {}, "headers": matching}, "direct_response": _answer(404, refused)},
    ]


def _call(method: str, matching: list[JsonValue], forward: JsonDict) -> JsonDict:
    return {
        "match": {"path": f"/{method}", "grpc": {}, "headers": matching},
        "route": forward,
        # A server refuses a message that is too large in gRPC's own words: RESOURCE_EXHAUSTED.
        "typed_per_filter_config": {
            BUFFER: {"@type": TYPE + "envoy.extensions.filters.http.buffer.v3.BufferPerRoute", "disabled": True}
        },
        "request_body_buffer_limit": LARGEST_MESSAGE_BYTES,
    }


def _stream(route: Route) -> JsonDict:
    """Where streams go: they last as long as something moves on them, and no copies of them are made."""
    forward = _forward(route, "grpc", route.grpc_seconds)
    return {name: value for name, value in forward.items() if name != "request_mirror_policies"} | {"timeout": "0s"}


def _forward(route: Route, transport: str, seconds: float) -> JsonDict:
    """Where the requests go: weights, copies to shadows, stickiness, time-outs and retries."""
    live = [backend for backend in route.backends if not backend.shadow]
    weighted: JsonDict = {
        "clusters": [
            {
                "name": _cluster_name(route, backend, transport),
                "weight": backend.weight,
                "response_headers_to_add": [_set_header(PREDICTOR_HEADER, backend.name)],
            }
            for backend in live
        ]
    }
    action: JsonDict = {
        "weighted_clusters": weighted,
        "timeout": duration(seconds),
        "idle_timeout": duration(seconds + SILENT_SECONDS),
        # Only what certainly never reached a server is sent again.
        "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
    }
    if route.sticky_header:
        weighted["use_hash_policy"] = True
        action["hash_policy"] = [{"header": {"header_name": route.sticky_header}}]
    mirrors: list[JsonValue] = [
        {
            "cluster": _cluster_name(route, backend, transport),
            "runtime_fraction": {"default_value": {"numerator": backend.weight, "denominator": "HUNDRED"}},
        }
        for backend in route.backends
        if backend.shadow
    ]
    return {**action, "request_mirror_policies": mirrors} if mirrors else action


def _pages(route: Route) -> list[JsonValue]:
    pages = (
        ("/api/v1.0/doc/", "text/html; charset=utf-8", route.page),
        ("/api/v1.0/doc/openapi.json", "application/json", route.openapi),
    )
    return [
        {
            "match": {"path": route.prefix + path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
            "direct_response": _answer(200, text),
            "response_headers_to_add": [_set_header("content-type", kind)],
        }
        for path, kind, text in pages
        if text
    ]


def _not_found(prefix: str, text: str) -> JsonDict:
    return {"match": {"prefix": prefix}, "direct_response": _answer(404, text)}


def _answer(status: int, text: str) -> JsonDict:
    return {"status": status, "body": {"inline_string": text}}


def _set_header(name: str, value: str) -> JsonDict:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def duration(seconds: float) -> str:
    """Write a number of seconds as Envoy reads it."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
