"""What the gateway is told, as values: allow-lists, weights, names, and stability."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.ingress.render import envoy, envoy_start
from seldon_infra.ingress.routes import Backend, Limits, Route

MAIN = Backend("main", 90, False, "127.0.0.1:20001", "127.0.0.1:20002")
CANARY = Backend("canary", 10, False, "127.0.0.1:20003", "127.0.0.1:20004")
SHADOW = Backend("shadow", 20, True, "127.0.0.1:20005", "127.0.0.1:20006")
ROUTE = Route("ns", "d", "v2", (MAIN, CANARY), ("m", "d"), orchestrated=False)
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)


def entries(*routes: Route) -> list[dict[str, Any]]:
    rendered: Any = envoy.route_configuration(routes)
    return list(rendered["resources"][0]["virtual_hosts"][0]["routes"])


def forwarding(*routes: Route) -> list[dict[str, Any]]:
    """Entries that lead to a server; the first of all leads to what Envoy counts."""
    return [entry for entry in entries(*routes)[1:] if "route" in entry]


def test_one_exact_path_leads_to_what_envoy_counts() -> None:
    found = entries(ROUTE)[0]
    assert found["match"]["path"] == "/stats/prometheus"
    assert found["match"]["headers"] == [{"name": ":method", "string_match": {"exact": "GET"}}]
    start: Any = envoy_start.bootstrap(Path("/s"), 8003, Limits())
    (cluster,) = start["static_resources"]["clusters"]
    assert cluster["name"] == found["route"]["cluster"]
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert endpoint["endpoint"]["address"]["pipe"] == start["admin"]["address"]["pipe"]


@given(NAMES, NAMES)
def test_no_part_of_a_clusters_name_ends_the_name_that_it_is_counted_under(namespace: str, name: str) -> None:
    (main, *_) = envoy.clusters_of(replace(ROUTE, namespace=namespace, name=name))
    rendered: Any = envoy.clusters([replace(ROUTE, namespace=namespace, name=name)])
    counted = {each["name"]: each["alt_stat_name"] for each in rendered["resources"]}[main.name]
    assert re.fullmatch(r"([^/.:]+/){4}[^/.:]+", counted)
    assert counted.startswith(f"{namespace}/{name}/main/rest/")


def test_a_route_is_rendered_as_envoy_takes_it() -> None:
    (found,) = (
        entry for entry in forwarding(ROUTE) if "infer" in entry["match"].get("safe_regex", {}).get("regex", "")
    )
    assert found == {
        "match": {
            "safe_regex": {"regex": "/seldon/ns/d/v2/models/((?:m|d)/)?infer"},
            "headers": [{"name": ":method", "string_match": {"exact": "POST"}}],
        },
        "route": {
            "weighted_clusters": {
                "clusters": [
                    {
                        "name": f"ns/d/{name}/rest/127.0.0.1:{port}",
                        "weight": weight,
                        "response_headers_to_add": [
                            {
                                "header": {"key": "x-seldon-predictor", "value": name},
                                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                            }
                        ],
                    }
                    for name, port, weight in (("main", 20001, 90), ("canary", 20003, 10))
                ]
            },
            "timeout": "60s",
            "idle_timeout": "120s",
            "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
            "regex_rewrite": {
                "pattern": {"regex": "/seldon/ns/d/v2/models/((?:m|d)/)?infer"},
                "substitution": "/v2/models/m/infer",
            },
        },
    }


def test_an_orchestrator_gets_the_name_that_the_client_used() -> None:
    rewrites = {
        entry["route"]["regex_rewrite"]["substitution"]
        for entry in forwarding(replace(ROUTE, orchestrated=True))
        if "regex_rewrite" in entry["route"]
    }
    assert rewrites == {r"/v2/models/\1infer", r"/v2/models/\1\2", r"/v2/health/\1"}


@pytest.mark.parametrize("protocol", ["seldon", "v2", "tensorflow"])
def test_only_listed_paths_and_methods_are_forwarded(protocol: Any) -> None:
    """Row 48: an allow-list; what is not on it ends at the gateway."""
    for entry in forwarding(replace(ROUTE, protocol=protocol)):
        match = entry["match"]
        if "grpc" in match:
            assert match["path"].removeprefix("/") in envoy.GRPC_METHODS[protocol]
        else:
            assert set(match) == {"safe_regex", "headers"}
            assert match["headers"][0]["string_match"]["exact"] in ("GET", "POST")
    assert "direct_response" in entries(ROUTE)[-1]
    assert entries(ROUTE)[-1]["match"] == {"prefix": "/"}


def test_a_stream_lasts_as_long_as_it_likes_and_nobody_gets_a_copy_of_it() -> None:
    def streams(route: Route) -> list[dict[str, Any]]:
        return [each for each in forwarding(route) if each["match"].get("path") == f"/{envoy.STREAM_METHOD}"]

    shadowed = replace(ROUTE, backends=(MAIN, CANARY, SHADOW))
    assert streams(shadowed) == []
    (found,) = streams(replace(shadowed, streams=True))
    assert found["route"]["timeout"] == "0s"
    assert "request_mirror_policies" not in found["route"]
    assert "max_stream_duration" not in found["route"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/models/m:predict", "/v1/models/m:predict"),
        ("/v1/models/d:predict", "/v1/models/m:predict"),
        ("/v1/models/m/:predict", "/v1/models/m:predict"),
        ("/v1/models/d", "/v1/models/m"),
        ("/v1/models/m/metadata", "/v1/models/m/metadata"),
        ("/v1/models/x:predict", None),
        ("/v1/models/m:classify", None),
        ("/v1/models/m/versions/1:predict", None),
        ("/monitoring/prometheus/metrics", None),
    ],
)
def test_on_protocol_tensorflow_a_server_is_asked_for_its_own_model(path: str, asked: str | None) -> None:
    rewrites = [
        entry["route"]["regex_rewrite"]
        for entry in forwarding(replace(ROUTE, protocol="tensorflow"))
        if "regex_rewrite" in entry["route"]
    ]
    found = [
        re.sub(it["pattern"]["regex"], it["substitution"], f"/seldon/ns/d{path}")
        for it in rewrites
        if re.fullmatch(it["pattern"]["regex"], f"/seldon/ns/d{path}")
    ]
    assert found == ([asked] if asked else [])


@pytest.mark.parametrize(
    "path",
    [
        "/seldon/ns/d/v2/repository/index",
        "/seldon/ns/d/v2/models/m/unload",
        "/seldon/ns/d/v2/models/other/infer",
        "/seldon/ns/d/v2/models/m/infer/x",
        "/seldon/ns/d/v2/models/mx/infer",
        "/seldon/nsxd/v2/models/m/infer",
        "/seldon/ns/d2/v2/models/m/infer",
    ],
)
def test_no_pattern_fits_another_path(path: str) -> None:
    patterns = [entry["match"]["safe_regex"]["regex"] for entry in forwarding(ROUTE) if "safe_regex" in entry["match"]]
    assert not any(re.fullmatch(pattern, path) for pattern in patterns)


@given(NAMES, NAMES, st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_names_are_no_patterns(namespace: str, name: str, models: list[str]) -> None:
    models[0] = models[0] + ".v1"
    route = replace(ROUTE, namespace=namespace, name=name, models=tuple(models))
    for entry in forwarding(route):
        if "safe_regex" in entry["match"]:
            pattern = entry["match"]["safe_regex"]["regex"]
            assert not re.fullmatch(
                pattern, f"/seldon/{namespace}/{name}/v2/models/{models[0].replace('.', 'x')}/infer"
            )
    infer = next(e for e in forwarding(route) if "infer" in e["match"].get("safe_regex", {}).get("regex", ""))
    assert infer["route"]["regex_rewrite"]["substitution"] == f"/v2/models/{models[0]}/infer"


def test_a_shadow_is_mirrored_to_and_has_no_weight() -> None:
    for entry in forwarding(replace(ROUTE, backends=(MAIN, SHADOW))):
        assert [it["weight"] for it in entry["route"]["weighted_clusters"]["clusters"]] == [90]
        (mirror,) = entry["route"]["request_mirror_policies"]
        assert "/shadow/" in mirror["cluster"]
        assert mirror["runtime_fraction"] == {"default_value": {"numerator": 20, "denominator": "HUNDRED"}}


def test_stickiness_is_a_hash_over_the_same_order_for_both_transports() -> None:
    found = forwarding(replace(ROUTE, sticky_header="x-user"))
    assert all(entry["route"]["hash_policy"] == [{"header": {"header_name": "x-user"}}] for entry in found)
    orders = {tuple(c["name"].split("/")[2] for c in e["route"]["weighted_clusters"]["clusters"]) for e in found}
    assert orders == {("main", "canary")}


@given(st.permutations([ROUTE, replace(ROUTE, name="e"), replace(ROUTE, namespace="a")]))
def test_files_and_versions_do_not_depend_on_the_order_of_deployments(routes: list[Route]) -> None:
    first = [ROUTE, replace(ROUTE, name="e"), replace(ROUTE, namespace="a")]
    assert envoy.route_configuration(routes) == envoy.route_configuration(first)
    assert envoy.clusters(routes) == envoy.clusters(first)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_version_changes_exactly_with_the_content(one: int, two: int) -> None:
    def version(weight: int) -> object:
        return envoy.route_configuration([replace(ROUTE, backends=(replace(MAIN, weight=weight),))])["version_info"]

    assert (version(one) == version(two)) == (one == two)


def test_every_cluster_of_a_route_is_declared_and_no_other() -> None:
    rendered: Any = envoy.clusters([replace(ROUTE, backends=(MAIN, CANARY, SHADOW))])
    declared = {cluster["name"] for cluster in rendered["resources"]}
    used = set()
    for entry in forwarding(replace(ROUTE, backends=(MAIN, CANARY, SHADOW))):
        used |= {it["name"] for it in entry["route"]["weighted_clusters"]["clusters"]}
        used |= {it["cluster"] for it in entry["route"]["request_mirror_policies"]}
    assert used == declared


def test_a_server_that_moved_is_another_cluster() -> None:
    moved = replace(ROUTE, backends=(replace(MAIN, rest="127.0.0.1:20099"), CANARY))
    assert {it[:3] for it in set(envoy.clusters_of(moved)) ^ set(envoy.clusters_of(ROUTE))} == {
        ("ns/d/main/rest/127.0.0.1:20001", "127.0.0.1:20001", False),
        ("ns/d/main/rest/127.0.0.1:20099", "127.0.0.1:20099", False),
    }


def test_a_server_asked_directly_has_the_bound_that_was_declared_and_an_orchestrator_its_own() -> None:
    for orchestrated, most in ((False, 7), (True, 14)):
        rendered: Any = envoy.clusters([replace(ROUTE, orchestrated=orchestrated, max_in_flight=7)])
        for cluster in rendered["resources"]:
            (bounds,) = cluster["circuit_breakers"]["thresholds"]
            assert bounds["max_requests"] == bounds["max_pending_requests"] == most


def test_the_gateway_is_hardened_and_on_loopback() -> None:
    rendered: Any = envoy_start.bootstrap(Path("/stack/gateway"), 8003, Limits(max_body_bytes=5, headers_seconds=0.5))
    assert rendered["admin"]["address"] == {"pipe": {"path": "/stack/gateway/admin.sock", "mode": 0o600}}
    listener = rendered["static_resources"]["listeners"][0]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 8003}
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["use_remote_address"]
    assert manager["normalize_path"]
    assert manager["merge_slashes"]
    assert manager["path_with_escaped_slashes_action"] == "REJECT_REQUEST"
    assert manager["common_http_protocol_options"]["headers_with_underscores_action"] == "REJECT_REQUEST"
    assert manager["http2_protocol_options"] == {
        "max_concurrent_streams": 100,
        "initial_stream_window_size": 64 * 1024,
        "initial_connection_window_size": 1024 * 1024,
    }
    assert listener["enable_reuse_port"] is False
    assert listener["per_connection_buffer_limit_bytes"] == 32 * 1024
    assert manager["request_headers_timeout"] == "0.5s"
    assert manager["http_filters"][0]["typed_config"]["max_request_bytes"] == 5
    assert "0.0.0.0" not in json.dumps(rendered)


def test_memory_and_connections_of_the_gateway_are_bounded() -> None:
    rendered: Any = envoy_start.bootstrap(Path("/s"), 8003, Limits(max_heap_bytes=1 << 30, max_connections=7))
    manager = rendered["overload_manager"]
    heap, connections = (monitor["typed_config"] for monitor in manager["resource_monitors"])
    assert heap["max_heap_size_bytes"] == 1 << 30
    assert connections["max_active_downstream_connections"] == 7
    actions = {action["name"].rpartition(".")[2]: action["triggers"] for action in manager["actions"]}
    assert set(actions) == {"shrink_heap", "stop_accepting_requests"}
    assert all(trigger["name"] == "envoy.resource_monitors.fixed_heap" for (trigger,) in actions.values())


@given(st.floats(0.001, 100_000_000))
def test_seconds_are_written_as_envoy_reads_them(seconds: float) -> None:
    assert re.fullmatch(r"\d+(\.\d{1,9})?s", envoy.duration(seconds))
    assert abs(float(envoy.duration(seconds)[:-1]) - seconds) <= 0.0001
