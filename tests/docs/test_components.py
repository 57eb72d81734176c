"""docs/components.md: its program works as it is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seldon_infra import Stack
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.plain import read
from seldon_infra.graph.spec import SeldonDeployment
from tests.engine.waiting import wait_until
from tests.local.project import new_project
from tests.local.scene import processes_below

pytestmark = [pytest.mark.docs, pytest.mark.engine, pytest.mark.local]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "components.md").read_text()
ROW = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [5.1, 3.5, 1.4, 0.2]}]}


def program() -> str:
    (block,) = re.findall(r"^```yaml file=Pulumi.yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(block).replace("../seldon_infra", str(ROOT)).replace("name: iris\nruntime", "name: scratch\nruntime")


def test_the_program_is_previewed_applied_asked_and_destroyed() -> None:
    with new_project() as project:
        (project.folder / "Pulumi.yaml").write_text(program())
        project.engine.is_inline = False
        project.engine.set_secret("token", "hunter2-hunter2")
        model = project.folder / "models" / "iris" / "model.joblib"
        model.parent.mkdir(parents=True)
        subprocess.run([sys.executable, ROOT / "bench" / "iris" / "train.py", model], check=True, timeout=120)
        assert "7 to create" in project.engine.preview().stdout
        project.engine.up()
        answer = project.ask(ROW, "/seldon/models/iris/v2/models/classify/infer")
        assert answer.json["outputs"][0]["data"] == [0], answer.body
        outputs = project.engine.outputs()
        assert outputs["url"] == f"http://127.0.0.1:{project.port}/seldon/models/iris"
        assert outputs["grpc"].endswith(str(project.port))
        assert "7 unchanged" in project.engine.preview().stdout
        project.engine.destroy()
        assert not project.stack_dir.root.exists()
        wait_until(lambda: not processes_below(project.folder))


def test_the_cluster_that_is_shown_is_right() -> None:
    (block,) = re.findall(r"^```yaml\n(target:.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert read(Stack, {**yaml.safe_load(block), "deployments": []}).check() == []


def test_the_errors_are_what_the_library_says() -> None:
    data = {"name": "iris", "predictors": [{"name": "main", "trafic": 1, "graph": {"type": "Modle"}}]}
    with pytest.raises(InvalidSpec) as caught:
        read(SeldonDeployment, data)
    shown = re.findall(r"^    (SeldonDeployment .*)$", PAGE, re.MULTILINE)
    said = sorted(str(problem) for problem in caught.value.problems)
    assert sorted(shown) == [re.sub(r"Model, Output.*Transformer;", "Model, …;", text) for text in said]
