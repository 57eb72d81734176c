"""docs/servers.md, "Add a server": the folder that is shown, in a copy of the catalogue, serves what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seldon_infra
from seldon_infra import Model, Predictor, SeldonDeployment
from seldon_infra.graph.check import check_local
from seldon_infra.runtime.ports import allocate
from seldon_infra.servers import catalogue
from seldon_infra.servers.layout import LocalProcess
from tests.engine.waiting import wait_until
from tests.local.scene import Answer, ask

pytestmark = pytest.mark.local
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "servers.md").read_text().partition("## Add a server")[2]


def shown(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeldonDeployment]:
    """A copy of MLServer's folder with the page's beside it, and the deployment of the page's node."""
    folder = tmp_path / "servers" / "table"
    shutil.copytree(ROOT / "servers" / "mlserver", folder.parent / "mlserver")
    (folder / "files").mkdir(parents=True)
    (folder / "server.toml").write_text(shown("toml"))
    (folder / "files" / "table_model.py").write_text(shown("py"))
    shutil.copy(folder.parent / "mlserver" / "requirements.lock", folder)
    monkeypatch.setattr(catalogue, "_FOLDERS", (folder.parent,))
    catalogue.load.cache_clear()
    names: dict[str, Any] = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(shown("python"), "page", "exec", dont_inherit=True), names)
    yield SeldonDeployment(name="d", protocol="v2", predictors=[Predictor(name="main", graph=names["prices"])])
    catalogue.load.cache_clear()


def start(process: LocalProcess, folder: Path, model: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start what the catalogue says, with the places filled in that the plugin fills in."""
    folder.mkdir(exist_ok=True)
    ports = allocate(folder, process.ports)

    def placed(text: str) -> str:
        for name, port in ports.items():
            text = text.replace(f"{{port.{name}}}", str(port))
        return text.replace("{dir}", str(folder)).replace("{model}", str(model))

    for path, text in process.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    environment = {name: placed(value) for name, value in process.environment.items()}
    command = [placed(word) for word in process.command]
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}), ports["http"]


def test_the_folder_that_is_shown_is_served(added: SeldonDeployment, tmp_path: Path) -> None:
    assert check_local(added) == []
    predictor = added.predictors[0]
    node = predictor.graph
    assert isinstance(node, Model)
    assert isinstance(node.server, seldon_infra.Server)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "table.json").write_text('{"pear": "2.50"}')
    catalogue.environment(catalogue.load("table"))
    running, port = start(catalogue.process(node.server, node, added, predictor), tmp_path / "run", tmp_path / "model")

    def priced(item: str) -> Answer:
        tensor = {"name": "item", "datatype": "BYTES", "shape": [1], "data": [item]}
        return ask(port, "/v2/models/prices/infer", "POST", json.dumps({"inputs": [tensor]}).encode())

    def is_ready() -> bool:
        try:
            return ask(port, "/v2/models/prices/ready", "GET", None).status == 200
        except OSError:
            return False

    try:
        wait_until(is_ready)
        assert json.loads(priced("pear").body)["outputs"][0]["data"] == ["2.50"]
        assert priced("plum").status == 400
        running.send_signal(signal.SIGTERM)
        assert running.wait(120) == 0
    finally:
        running.kill()
        running.wait(120)
