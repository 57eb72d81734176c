"""The dashboard of GPUs, asked of a real Prometheus that reads what an exporter would say: no GPU is needed here."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.core.yaml import dump
from seldon_infra.monitoring import rules
from seldon_infra.monitoring.dashboards.panels import GPUS
from seldon_infra.monitoring.install import program
from seldon_infra.runtime.ports import allocate, release
from seldon_infra.servers.spec import TritonServer
from tests.engine.waiting import wait_until
from tests.local.queries import unanswered
from tests.unit.graph.check.build import deployment, model, predictor

pytestmark = pytest.mark.local
SAID = Path(__file__).with_name("gpu_metrics.txt").read_text()
OF_MODEL = {"namespace": "shop", "deployment_name": "fraud", "predictor_name": "main", "model_name": "score"}


@pytest.fixture
def exporter() -> Iterator[int]:
    answers = count(1)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = SAID.replace("{n}", str(next(answers))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def prometheus(exporter: int, tmp_path: Path) -> Iterator[str]:
    watched = deployment(predictor(graph=model(server=TritonServer())), namespace="shop", protocol="v2")
    (tmp_path / "rules.json").write_text(json.dumps({"groups": rules.on_cluster(watched)}))
    job = {
        "job_name": "gpu",
        "honor_labels": True,
        "static_configs": [{"targets": [f"127.0.0.1:{exporter}"], "labels": OF_MODEL}],
    }
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (tmp_path / "prometheus.yml").write_text(
        dump({"global": every, "scrape_configs": [job], "rule_files": ["rules.json"]})
    )
    port = allocate(tmp_path, ("http",))["http"]
    command = [
        program("prometheus"),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, cwd=tmp_path)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(120)
    release(tmp_path)


def test_every_query_of_the_dashboard_of_gpus_has_data(prometheus: str) -> None:
    def value(query: str) -> float | None:
        try:
            with urllib.request.urlopen(
                f"{prometheus}/api/v1/query?query={urllib.parse.quote(query)}", timeout=60
            ) as it:
                found = json.loads(it.read())["data"]["result"]
        except OSError:
            return None
        return float(found[0]["value"][1]) if found else None

    wait_until(lambda: not unanswered(value, GPUS))
