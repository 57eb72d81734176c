"""The list of the catalogue's servers."""

from __future__ import annotations

import json

import pytest

from seldon_infra.cli import servers
from seldon_infra.cli.main import main
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import Server


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["servers", "--format", "json"]) == 0
    return {each["name"]: each for each in json.loads(capsys.readouterr().out)}


def test_every_server_of_the_catalogue_is_listed_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys)
    assert tuple(found) == (*catalogue.names(), "tempo")
    assert found["mlserver"]["classes"] == ["SklearnServer", "MLServerRuntime"]
    assert (found["xgboost"]["protocols"], found["xgboost"]["transports"]) == (["v2"], ["rest", "grpc"])
    assert (found["triton"]["gpu"], found["triton"]["licence"], found["mlserver"]["gpu"]) == (
        True,
        "BSD-3-Clause",
        False,
    )
    assert found["lightgbm"]["image"] == "seldonio/mlserver:1.7.1-lightgbm"
    assert found["onnx"]["model_uri"] == "model.onnx, or a folder with it and its data files"


def test_it_says_of_each_server_where_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = {name: each["runs_on"] for name, each in listed(capsys).items()}
    assert found["triton"] == found["lightgbm"] == found["tensorflow"] == ["local", "cluster"]
    assert found["onnx"] == found["torchserve"] == found["seldon-python"] == ["local", "cluster with your image"]
    assert found["huggingface"] == ["local", "cluster"]
    assert found["tempo"] == ["cluster"]


def test_every_typed_server_that_runs_here_is_a_class_of_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    here = [each for each in listed(capsys).values() if "local" in str(each["runs_on"])]
    classes = [name for each in here for name in each["classes"]]  # type: ignore[attr-defined]
    assert sorted(classes) == sorted(
        kind.__name__ for kind in Server.__subclasses__() if kind.catalogue in catalogue.names()
    )


def test_the_table_says_whether_an_image_is_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["servers"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "SERVER"
    assert [row.split()[0] for row in rows] == [*catalogue.names(), "tempo"]
    assert "seldonio/mlserver:1.7.1-xgboost (by tag)" in next(row for row in rows if row.startswith("xgboost"))


def test_a_pinned_image_is_shown_with_its_digest() -> None:
    entry = catalogue.load("xgboost")
    assert entry.image is not None
    pinned = entry.model_copy(update={"image": entry.image.model_copy(update={"digest": "sha256:1"})})
    assert "1.7.1-xgboost@sha256:1" in servers._row(servers._listed(pinned))[7]
