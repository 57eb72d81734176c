"""Dashboards as Grafana reads them; that their queries have data is for Prometheus to say (tests/local)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from seldon_infra import Kubernetes, Monitoring, PrometheusStack, Stack
from seldon_infra.cli.main import main
from seldon_infra.cli.render import cluster_manifests
from seldon_infra.monitoring import measured
from seldon_infra.monitoring.dashboards import config_maps, files
from seldon_infra.monitoring.dashboards.panels import ALL, Panel
from tests.unit.graph.check.build import deployment

PAGES: dict[str, Any] = {name: json.loads(text) for name, text in files().items()}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_panels_lie_side_by_side_and_not_on_each_other(page: Any) -> None:
    places = [panel["gridPos"] for panel in page["panels"]]
    assert all(it["x"] >= 0 and it["x"] + it["w"] <= 24 for it in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_variable_of_a_query_can_be_chosen(page: Any) -> None:
    names = {each["name"] for each in page["templating"]["list"]}
    asked = [target["expr"] for panel in page["panels"] for target in panel.get("targets", ())]
    used = {name for text in asked for name in re.findall(r"\$(\w+)", text)}
    assert used == names - {"datasource"}


def test_no_query_asks_for_a_record_that_nobody_makes() -> None:
    made = {value for value in vars(measured).values() if isinstance(value, str) and ":seldon_" in value}
    asked = [query.expression for shown in ALL for row in shown.rows for panel in row.panels for query in panel.queries]
    assert {name for text in asked for name in re.findall(r"\w+:seldon_\w+:\w+", text)} == made


def test_no_panel_is_empty_and_no_two_dashboards_have_one_name() -> None:
    panels: list[Panel] = [panel for shown in ALL for row in shown.rows for panel in row.panels]
    assert len({shown.name for shown in ALL}) == len(ALL)
    assert all(panel.queries and panel.title for panel in panels)


def test_grafanas_sidecar_finds_them() -> None:
    for manifest in config_maps("watch"):
        assert manifest["metadata"]["labels"] == {"grafana_dashboard": "1"}
        assert manifest["metadata"]["namespace"] == "watch"
        ((name, text),) = manifest["data"].items()
        assert json.loads(text)["uid"] == name.removesuffix(".json")


@pytest.mark.parametrize(
    ("monitoring", "namespace"),
    [
        (Monitoring(), None),
        (Monitoring(dashboards_namespace="grafana"), "grafana"),
        (Monitoring(install=PrometheusStack()), "monitoring"),
        (Monitoring(install=PrometheusStack(), dashboards_namespace="grafana"), "grafana"),
    ],
)
def test_a_stack_brings_them_where_it_says_or_where_it_brings_grafana(
    monitoring: Monitoring, namespace: str | None
) -> None:
    made = cluster_manifests(Stack(target=Kubernetes(monitoring=monitoring), deployments=[deployment()]))
    found = [each["metadata"]["namespace"] for each in made if each["kind"] == "ConfigMap"]
    assert found == ([namespace] * 3 if namespace else [])


def test_the_command_writes_them_and_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboards", "--out", str(tmp_path / "new")]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {file.name: json.loads(file.read_text()) for file in written} == PAGES


def test_a_folder_that_is_a_file_is_a_mistake_of_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["dashboards", "--out", str(tmp_path / "file")]) == 2
    assert "name a folder that you may write" in capsys.readouterr().err


def test_without_grafanas_builders_the_fix_is_named() -> None:
    program = (
        "import sys; sys.modules['grafana_foundation_sdk'] = None\n"
        "from seldon_infra.cli.main import main; sys.exit(main(['dashboards', '--out', '/nowhere']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "grafana-foundation-sdk is not on this machine; run: pip install 'seldon-infra[cluster]'",
    )
