"""What Envoy is started with: one listener for HTTP/1.1, HTTP/2 and gRPC, and the bounds that keep it up.

Source of the hardening: Envoy's guide for edge proxies.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from seldon_infra.ingress.render.envoy import ADMIN, BUFFER, ROUTES, TYPE, JsonDict, JsonValue, duration
from seldon_infra.ingress.routes import Collector, Limits

TRACES = "traces"
"""Name of the cluster that takes spans."""
_HCM = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def bootstrap(folder: Path, port: int, limits: Limits, collector: Collector | None = None) -> JsonDict:
    """What Envoy is started with; clusters and routes follow as files in ``folder``."""
    socket: JsonDict = {"path": str(folder / "admin.sock"), "mode": 0o600}
    clusters = [_admin(socket), *([_traces(collector)] if collector is not None else [])]
    return {
        "node": {"id": "gateway", "cluster": "seldon-infra"},
        "admin": {"address": {"pipe": socket}},
        "dynamic_resources": {"cds_config": _file_source(folder, "cds.json")},
        "static_resources": {"listeners": [_listener(folder, port, limits, collector)], "clusters": clusters},
        "overload_manager": _overload_manager(limits),
        "layered_runtime": {
            "layers": [{"name": "static", "static_layer": {"re2.max_program_size.error_level": 10000}}]
        },
    }


def _admin(socket: JsonDict) -> JsonDict:
    """Envoy itself, for the page of what it counts."""
    endpoint: JsonDict = {"address": {"pipe": socket}}
    load_assignment: JsonDict = {"cluster_name": ADMIN, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}
    return {"name": ADMIN, "type": "STATIC", "connect_timeout": "1s", "load_assignment": load_assignment}


def _file_source(folder: Path, name: str) -> JsonDict:
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": str(folder / name), "watched_directory": {"path": str(folder)}},
    }


def _listener(folder: Path, port: int, limits: Limits, collector: Collector | None) -> JsonDict:
    return {
        "name": "gateway",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        # Else another process of the same user could share the port, and get some of the connections.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": 32768,
        "filter_chains": [
            {"filters": [{"name": "http", "typed_config": _connection_manager(folder, limits, collector)}]},
        ],
    }


def _connection_manager(folder: Path, limits: Limits, collector: Collector | None) -> JsonDict:
    traced: JsonDict = {"tracing": _tracing(collector)} if collector else {}
    return {
        **traced,
        "@type": _HCM,
        "stat_prefix": "gateway",
        "codec_type": "AUTO",
        "rds": {"route_config_name": ROUTES, "config_source": _file_source(folder, "rds.json")},
        "http_filters": [
            {
                "name": BUFFER,
                "typed_config": {
                    "@type": TYPE + "envoy.extensions.filters.http.buffer.v3.Buffer",
                    "max_request_bytes": limits.max_body_bytes,
                },
            },
            {"name": "router", "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.router.v3.Router"}},
        ],
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {
            "idle_timeout": duration(limits.idle_seconds),
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": 100,
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65536,
            "initial_connection_window_size": 1048576,
        },
        "max_request_headers_kb": 32,
        "request_headers_timeout": duration(limits.headers_seconds),
        "request_timeout": duration(limits.request_seconds),
        "stream_idle_timeout": duration(limits.idle_seconds),
        "local_reply_config": {"mappers": _protocol_errors()},
    }


def _tracing(collector: Collector) -> JsonDict:
    """A trace that a client has begun goes on, kept or not as the client says; of others a share is kept."""
    headers: list[JsonValue] = [{"key": name, "value": value} for name, value in collector.headers.items()]
    service: JsonDict = {"envoy_grpc": {"cluster_name": TRACES}, "timeout": "1s"}
    provider: JsonDict = {
        "@type": TYPE + "envoy.config.trace.v3.OpenTelemetryConfig",
        "grpc_service": {**service, **({"initial_metadata": headers} if headers else {})},
        "service_name": "gateway",
    }
    return {
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": provider},
        "random_sampling": {"value": 100 * collector.sample},
    }


def _traces(collector: Collector) -> JsonDict:
    address = urlsplit(collector.endpoint)
    place: JsonDict = {"socket_address": {"address": address.hostname, "port_value": address.port}}
    options = TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http2: JsonDict = {"@type": options, "explicit_http_config": {"http2_protocol_options": {}}}
    cluster: JsonDict = {
        "name": TRACES,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": TRACES,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": place}}]}],
        },
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
    }
    return {**cluster, "transport_socket": _tls(str(address.hostname))} if address.scheme == "https" else cluster


def _tls(host: str) -> JsonDict:
    """Trust whom this machine trusts, and only for the collector's own name."""
    name: JsonDict = {"san_type": "DNS", "matcher": {"exact": host}}
    trust: JsonDict = {
        "trusted_ca": {"filename": ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"},
        "match_typed_subject_alt_names": [name],
    }
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": TYPE + "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": host,
            "common_tls_context": {"validation_context": trust, "alpn_protocols": ["h2"]},
        },
    }


def _protocol_errors() -> list[JsonValue]:
    """What the gateway itself refuses is said in the shape of both protocols: v2's ``error``, Seldon's ``status``.

    Over gRPC it is a status with a plain message, as any gRPC client expects. Where Envoy has no words, these are ours.
    """
    return [
        _protocol_error("EQ", 400, "the request is malformed: %RESPONSE_CODE_DETAILS%"),
        _protocol_error("EQ", 431, "the request's headers are too many or too long"),
        _too_many(),
        _protocol_error("GE", 400, "%LOCAL_REPLY_BODY%"),
    ]


def _protocol_error(op: str, status: int, text: str) -> JsonDict:
    compared: JsonDict = {"op": op, "value": {"default_value": status, "runtime_key": f"gateway.error_{op}_{status}"}}
    return _in_the_protocols_shape({"status_code_filter": {"comparison": compared}}, text)


def _too_many() -> JsonDict:
    """What the bound on a server's requests in flight refuses is the client's to repeat; Envoy's own status is 503."""
    text = "the model server has as many requests in flight as it may have; ask again later"
    return {**_in_the_protocols_shape({"response_flag_filter": {"flags": ["UO"]}}, text), "status_code": 429}


def _in_the_protocols_shape(which: JsonDict, text: str) -> JsonDict:
    is_grpc: JsonDict = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    said: JsonDict = {
        "code": "%RESPONSE_CODE%",
        "info": text,
        "reason": "%RESPONSE_CODE_DETAILS%",
        "status": "FAILURE",
    }
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    which,
                    {
                        "header_filter": {
                            "header": {**is_grpc, "invert_match": True, "treat_missing_header_as_empty": True}
                        }
                    },
                ]
            }
        },
        "body_format_override": {"json_format": {"error": text, "status": said}},
    }


def _overload_manager(limits: Limits) -> JsonDict:
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.fixed_heap",
                "typed_config": {
                    "@type": TYPE + "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": limits.max_heap_bytes,
                },
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": TYPE
                    + "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": limits.max_connections,
                },
            },
        ],
        "actions": [
            _overload_action("envoy.overload_actions.shrink_heap", 0.9),
            _overload_action("envoy.overload_actions.stop_accepting_requests", 0.95),
        ],
    }


def _overload_action(name: str, share: float) -> JsonDict:
    return {
        "name": name,
        "triggers": [{"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": share}}],
    }
