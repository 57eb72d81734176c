"""Whether what a model_uri leads to is what its server reads."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import (
    CatalogueServer,
    LightGBMServer,
    MLflowServer,
    MLServerRuntime,
    OnnxServer,
    Server,
    SklearnServer,
    TempoServer,
    TorchServeServer,
    XGBoostServer,
)
from seldon_infra.targets.local_files import unlisted_servers, unread_models

ROOT = Path(__file__).parents[3]
NODE = "SeldonDeployment 'd' → predictor 'main' → model 'm'"


def problems(server: Server, project: Path, uri: str = "m") -> list[str]:
    node = Model(name="m", server=server, model_uri=uri)
    predictor = Predictor(name="main", graph=node)
    deployment = SeldonDeployment(name="d", protocol="v2", predictors=(predictor,))
    return [str(problem) for problem in unread_models(deployment, project)]


def hold(folder: Path, *names: str) -> None:
    (folder / "m").mkdir()
    for name in names:
        (folder / "m" / name).write_text("")


@pytest.mark.parametrize(
    ("server", "name"),
    [
        (SklearnServer(), "model.joblib"),
        (SklearnServer(), "model.pickle"),
        (XGBoostServer(), "model.ubj"),
        (LightGBMServer(), "model.bst"),
        (OnnxServer(), "model.onnx"),
        (TorchServeServer(), "model.pt"),
        (MLflowServer(), "MLmodel"),
        (MLServerRuntime(source="m.py", class_name="M"), "anything"),
        (TempoServer(), "anything"),
    ],
)
def test_a_folder_with_the_file_that_its_server_reads_is_fine(tmp_path: Path, server: Server, name: str) -> None:
    hold(tmp_path, name, "notes.txt")
    assert problems(server, tmp_path) == []


def test_a_file_of_another_server_is_named_with_what_this_one_reads(tmp_path: Path) -> None:
    hold(tmp_path, "model.onnx", "a", "b", "c", "d")
    assert problems(XGBoostServer(), tmp_path) == [
        f"{NODE}: model_uri 'm' holds a, b, c and 2 more, must have model.bst or model.json or model.ubj, which "
        "XGBoostServer reads; save the model as model.bst, or use the server for it"
    ]


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    hold(tmp_path)
    (said,) = problems(MLflowServer(), tmp_path)
    assert "model_uri 'm' is an empty folder, must have MLmodel" in said


def test_a_file_alone_counts_by_its_name(tmp_path: Path) -> None:
    hold(tmp_path, "iris.joblib", "model.joblib")
    assert problems(SklearnServer(), tmp_path, "m/model.joblib") == []
    (said,) = problems(SklearnServer(), tmp_path, "m/iris.joblib")
    assert "is the file iris.joblib, must have model.joblib" in said


@pytest.mark.parametrize(
    ("manifest", "file"),
    [
        ('{"model": {"modelName": "score", "serializedFile": "net.pt", "handler": "mine.py"}}', "net.pt"),
        ('{"model": {"modelName": "score", "handler": "mine.py"}}', "FILE"),
        ('{"model": {"serializedFile": "net.pt; rm -r /"}}', "FILE"),
        ('{"model": ', "FILE"),
        (None, "FILE"),
    ],
)
def test_an_archive_of_torchserves_is_told_how_its_model_comes_out(
    tmp_path: Path, manifest: str | None, file: str
) -> None:
    hold(tmp_path)
    with zipfile.ZipFile(tmp_path / "m" / "score.mar", "w") as archive:
        archive.writestr("mine.py", "import os")
        if manifest is not None:
            archive.writestr("MAR-INF/MANIFEST.json", manifest)
    for uri in ("m", "m/score.mar"):
        (said,) = problems(TorchServeServer(), tmp_path, uri)
        assert said.endswith(
            f"must have model.pt, which TorchServeServer reads; take the TorchScript out of the archive, unzip -p "
            f"score.mar {file} > model.pt; its handler is code, which is served nowhere here"
        )


def test_an_archive_that_is_none_is_told_the_same_way(tmp_path: Path) -> None:
    hold(tmp_path, "score.mar")
    (said,) = problems(TorchServeServer(), tmp_path)
    assert "unzip -p score.mar FILE > model.pt" in said


@pytest.mark.parametrize("uri", ["nowhere", "s3://bucket/m"])
def test_what_is_not_there_or_not_here_is_for_others_to_say(tmp_path: Path, uri: str) -> None:
    assert problems(SklearnServer(), tmp_path, uri) == []


@pytest.mark.parametrize(
    ("name", "kinds", "protocols", "said"),
    [
        ("table", ["catalogue"], ["v2"], None),
        (
            "tabel",
            ["catalogue"],
            ["v2"],
            "server 'tabel', must be a folder of servers/; write one of mlserver, table, or add the folder",
        ),
        (
            "table",
            ["other"],
            ["v2"],
            "server 'table', must have [kinds.catalogue] in its server.toml; add it, or use a class for other",
        ),
        ("table", ["catalogue"], ["seldon"], "server 'table' speaks seldon, must speak 'v2'; write protocol='seldon'"),
    ],
)
def test_a_server_that_is_named_by_its_folder_is_there_and_speaks_the_protocol(
    name: str, kinds: list[str], protocols: list[str], said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "servers" / "mlserver", tmp_path / "mlserver")
    (tmp_path / "table").mkdir()
    text = ['extends = "mlserver"', 'model_uri = "a table"', f"protocols = {protocols!r}"]
    (tmp_path / "table" / "server.toml").write_text("\n".join([*text, *(f"[kinds.{kind}]" for kind in kinds)]))
    monkeypatch.setattr(catalogue, "_FOLDERS", (tmp_path,))
    catalogue.load.cache_clear()
    node = Model(name="m", server=CatalogueServer(name=name))
    one = SeldonDeployment(name="d", protocol="v2", predictors=(Predictor(name="main", graph=node),))
    found = [str(problem) for problem in unlisted_servers(one, tmp_path)]
    catalogue.load.cache_clear()
    assert found == ([] if said is None else [f"{NODE}: {said}"])
