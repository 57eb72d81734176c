"""An Envoy with one route and no filter but its router: what any gateway costs, whatever it does besides."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.orchestrator import free_port
from bench.projects import ENVIRONMENT
from seldon_infra.runtime.health import is_ready
from tests.engine.waiting import wait_until

TYPE = "type.googleapis.com/envoy.extensions.filters"
STOP_SECONDS = 10


@contextmanager
def plain_envoy(upstream: int, ready_path: str) -> Iterator[int]:
    """Start one with as many workers as the project's gateway has, before a server's port; give its own port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "envoy.json"
        settings.write_text(json.dumps(_settings(port, upstream)), encoding="utf-8")
        command = [str(ENVIRONMENT / "bin" / "envoy"), "-c", str(settings), "--concurrency", "2", "-l", "error"]
        with subprocess.Popen([*command, "--use-dynamic-base-id"]) as process:
            try:
                wait_until(lambda: is_ready("http", port, ready_path))
                yield port
            finally:
                process.terminate()
                process.wait(STOP_SECONDS)


def _settings(port: int, upstream: int) -> dict[str, object]:
    router = {"name": "router", "typed_config": {"@type": f"{TYPE}.http.router.v3.Router"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "server"}}
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "plain",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [router],
    }
    filters = [{"name": "http", "typed_config": manager}]
    cluster = {
        "name": "server",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "server",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
    }
    listener = {"address": _address(port), "filter_chains": [{"filters": filters}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
