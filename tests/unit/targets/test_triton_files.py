"""Files of a Triton node as people lay them out: each slip is said before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from seldon_infra.artifacts import stores
from seldon_infra.servers.spec import TritonServer
from seldon_infra.targets.triton_files import misplaced_files
from seldon_infra.triton import (
    AllVersions,
    DataFile,
    EnsembleStep,
    LatestVersions,
    SpecificVersions,
    Tensor,
    TritonEnsemble,
    TritonModel,
    TritonRepository,
    Warmup,
    WarmupInput,
    repository_files,
)
from tests.unit.graph.check.build import NODE, graph, model

X = Tensor(name="x", dtype="FP32", dims=[1])


def triton(**fields: object) -> TritonModel:
    return TritonModel(**{"name": "score", "inputs": [X], "outputs": [X], **fields})


def repository(step: int = -1, **fields: object) -> TritonServer:
    steps = [EnsembleStep(model="score", version=step, inputs={"x": "x"}, outputs={"x": "y"})]
    y = Tensor(name="y", dtype="FP32", dims=[1])
    both = TritonEnsemble(name="both", inputs=[X], outputs=[y], steps=steps)
    return TritonServer(repository=TritonRepository(models=[triton(**fields), both]))


class Row(NamedTuple):
    """A server, files that it cannot read, what is said, and files that it can."""

    server: TritonServer
    wrong: tuple[str, ...]
    said: str
    right: tuple[str, ...]


WARM = Warmup(name="w", inputs={"x": WarmupInput(dtype="FP32", dims=[1], data=DataFile(name="x.bin"))})
LABELLED = Tensor(name="y", dtype="FP32", dims=[1], label_filename="labels.txt")
ROWS = {
    "a repository has a folder of its node's name": Row(
        TritonServer(),
        ("model.py",),
        "holds no folder 'score', must be a Triton model repository",
        ("score/1/model.py",),
    ),
    "a version is a number": Row(
        TritonServer(),
        ("score/v1/model.py",),
        "version folder 'v1' in {}/score, must be called by a number, 1 or more",
        ("score/1/model.py", "score/warmup/x"),
    ),
    "a version counts from one": Row(
        TritonServer(), ("score/0/model.py",), "version folder '0'", ("score/10/model.py",)
    ),
    "a model of a typed repository has a folder": Row(
        repository(),
        ("other/1/model.py",),
        "Triton model 'score': {}/score does not exist, must hold the model's version folders",
        ("score/1/model.py",),
    ),
    "the version that is served is there": Row(
        repository(version_policy=SpecificVersions(versions=[2])),
        ("score/1/model.py",),
        "{}/score has no version folder '2', must hold the version that is served, 2",
        ("score/2/model.py",),
    ),
    "a version holds what its backend reads": Row(
        repository(backend="onnxruntime"),
        ("score/1/net.onnx",),
        "{}/score/1 holds net.onnx, must hold model.onnx, which backend 'onnxruntime' reads",
        ("score/1/model.onnx",),
    ),
    "so does each one that a policy takes": Row(
        repository(version_policy=AllVersions()),
        ("score/1/model.py", "score/2/other.py"),
        "{}/score/2 holds other.py, must hold model.py",
        ("score/1/model.py", "score/2/model.py"),
    ),
    "a step's version is one that the policy takes": Row(
        repository(step=1, version_policy=LatestVersions()),
        ("score/1/model.py", "score/2/model.py"),
        "Triton ensemble 'both': step 'score' has version 1, must be one that is served: 2",
        ("score/1/model.py",),
    ),
    "one version alone is looked at as well": Row(
        TritonServer(config=triton(name=None)), ("net.py",), "{} holds net.py, must hold model.py", ("model.py",)
    ),
    "a file may have a name of its own": Row(
        TritonServer(config=triton(name=None, default_model_filename="net.py")),
        ("model.py",),
        "{} holds model.py, must hold net.py",
        ("net.py",),
    ),
    "a warm-up's file is there": Row(
        repository(warmups=[WARM]),
        ("score/1/model.py",),
        "{}/score/warmup/x.bin does not exist",
        ("score/1/model.py", "score/warmup/x.bin"),
    ),
    "labels are there": Row(
        repository(outputs=[LABELLED]),
        ("score/1/model.py",),
        "{}/score/labels.txt does not exist",
        ("score/1/model.py", "score/labels.txt"),
    ),
}


def said(folder: Path, server: TritonServer, files: tuple[str, ...]) -> list[str]:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    deployment = graph(model(server=server, model_uri=folder.name), protocol="v2")
    return [str(problem) for problem in misplaced_files(deployment, folder.parent)]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_slip_is_said_and_nothing_about_what_is_right(tmp_path: Path, row: Row) -> None:
    (line,) = said(tmp_path / "wrong", row.server, row.wrong)
    assert line.startswith(NODE)
    assert row.said.format(tmp_path / "wrong") in line
    assert said(tmp_path / "right", row.server, row.right) == []


def test_a_stored_repository_says_what_its_typed_value_says(tmp_path: Path) -> None:
    server = TritonServer(stored=repository().repository)
    files = repository_files(server.stored)  # type: ignore[arg-type]
    texts = {"models/score/1/model.py": "", **{f"models/{place}": text for place, text in files.items()}}
    for place, text in texts.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    deployment = graph(model(server=server, model_uri="models"), protocol="v2")
    spelt_otherwise = texts["models/both/config.pbtxt"].replace("\n", " ").replace('name: "both"', "")
    (tmp_path / "models" / "both" / "config.pbtxt").write_text(spelt_otherwise)
    assert list(misplaced_files(deployment, tmp_path)) == []
    (tmp_path / "models" / "both" / "config.pbtxt").write_text(spelt_otherwise.replace("dims: 1", "dims: 2"))
    (tmp_path / "models" / "score" / "config.pbtxt").unlink()
    assert [problem.got for problem in misplaced_files(deployment, tmp_path)] == [
        f"{tmp_path}/models/score/config.pbtxt differs from the typed value",
        f"{tmp_path}/models/both/config.pbtxt differs from the typed value",
    ]


def test_a_backend_that_is_not_known_is_left_alone(tmp_path: Path) -> None:
    assert said(tmp_path / "models", repository(backend="mine"), ("score/1/anything",)) == []


def test_a_model_that_lies_elsewhere_is_left_to_whoever_reads_it(tmp_path: Path) -> None:
    for uri in ("s3://bucket/models", "nowhere"):
        deployment = graph(model(server=repository(), model_uri=uri), protocol="v2")
        assert list(misplaced_files(deployment, tmp_path)) == []


def test_a_digest_does_not_depend_on_the_order_in_which_files_are_listed(tmp_path: Path) -> None:
    files = ("score/1/model.py", "score/2/model.py", "both/config.pbtxt")
    for name, order in (("one", files), ("other", files[::-1])):
        said(tmp_path / name, repository(), order)
    one, other = (stores.resolve(name, tmp_path).digest for name in ("one", "other"))
    assert one == other
    (tmp_path / "other" / "score" / "2" / "model.py").rename(tmp_path / "other" / "score" / "3")
    assert stores.resolve("other", tmp_path).digest != one
