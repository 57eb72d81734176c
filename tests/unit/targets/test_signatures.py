"""What models' own files say about their tensors is held together before anything starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.spec import MLServerRuntime, SklearnServer, TritonServer
from seldon_infra.targets.signatures import unfit_tensors
from tests.unit.graph.check.build import PREDICTOR, graph, model

CONFIG = """
name: "next"
input { name: "pixels" data_type: TYPE_FP32 dims: [-1, 64] }
output { name: "y" data_type: TYPE_FP32 dims: [1] }
"""


def digits() -> SeldonDeployment:
    scale = MLServerRuntime(source="scale.py", class_name="Scale")
    below = model("next", server=TritonServer(), model_uri="next")
    return graph(model("first", server=scale, model_uri="first", children=(below,)), protocol="v2")


def write(project: Path, datatype: str = "FP32", config: str = CONFIG) -> None:
    (project / "first").mkdir()
    settings = {"outputs": [{"name": "pixels", "datatype": datatype, "shape": [-1, 64]}]}
    (project / "first" / "model-settings.json").write_text(json.dumps(settings))
    (project / "next" / "next").mkdir(parents=True)
    (project / "next" / "next" / "config.pbtxt").write_text(config)


def said(project: Path, deployment: SeldonDeployment) -> list[str]:
    return [str(problem) for problem in unfit_tensors(deployment, project)]


def test_settings_of_one_server_are_held_against_those_of_the_next(tmp_path: Path) -> None:
    write(tmp_path, "FP64")
    assert said(tmp_path, digits()) == [
        f"{PREDICTOR} → model 'first' → model 'next': 'pixels' is FP64 from 'first' and FP32 in 'next', must be of one "
        "type; make 'first' give FP32"
    ]


def test_what_fits_and_what_says_nothing_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    assert said(tmp_path, digits()) == []
    assert said(tmp_path / "nowhere", digits()) == []
    assert (
        said(tmp_path, graph(model("next", server=SklearnServer(), model_uri="s3://bucket/next"), protocol="v2")) == []
    )


@pytest.mark.parametrize("config", ["input {", "input { data_type: TYPE_FP32 }", "max_batch_size: many"])
def test_a_file_that_its_server_cannot_read_is_named(tmp_path: Path, config: str) -> None:
    write(tmp_path, config=config)
    (line,) = said(tmp_path, digits())
    assert f"model 'next' → {tmp_path / 'next' / 'next' / 'config.pbtxt'}" in line
    assert "correct config.pbtxt" in line
