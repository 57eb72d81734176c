"""`seldon-infra containerfile` as a user runs it: what it writes, and each thing that it refuses."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

STACK = """
from seldon_infra import *

def deployment(name, protocol, *servers):
    predictors = [
        Predictor(name=f"p{number}", traffic=100 // len(servers), graph=Model(name="score", server=server, **more))
        for number, (server, more) in enumerate(servers)
    ]
    return SeldonDeployment(name=name, protocol=protocol, predictors=predictors)

def python(source, **more):
    return (PythonServer(source=source, class_name="Score", **more), {})

def explained(name, *methods):
    explainers = [Explainer(type=method, model_uri="explainers/x", image="acme/x:1") for method in methods]
    predictors = [
        Predictor(
            name=f"p{number}",
            traffic=100 // len(methods),
            explainer=explainer,
            graph=Model(name="score", server=SklearnServer(), model_uri="s3://models/iris"),
        )
        for number, explainer in enumerate(explainers)
    ]
    return SeldonDeployment(name=name, protocol="v2", predictors=predictors)

stack = Stack(target=Local(), deployments=[
    deployment("plain", "seldon", python("score.py")),
    deployment("same", "seldon", python("score.py"), python("score.py")),
    deployment("two", "seldon", python("score.py"), python("other.py")),
    deployment("gone", "seldon", python("gone.py")),
    deployment("wrong", "seldon", python("score.py", requirements=["--index-url x"])),
    deployment("runtime", "v2", (MLServerRuntime(source="score.py", class_name="Score"), {})),
    deployment("watched", "v2", (DriftDetector(), {"model_uri": "rows.csv"})),
    explained("one", "TreeShap", "KernelShap"),
    explained("several", "TreeShap", "LIME"),
    deployment("ready", "v2", (SklearnServer(), {"model_uri": "s3://models/iris"})),
])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "local.py").write_text(STACK)
    (tmp_path / "score.py").write_text("class Score: ...\n")
    (tmp_path / "other.py").write_text("class Score:\n    other = 1\n")
    return tmp_path


def run(project: Path, *words: str, out: str = "image") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "containerfile", *words, "--stack", "local", "--out", out]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=240)


def files(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("deployment", ["plain", "runtime"])
def test_it_writes_a_context_and_names_its_files(project: Path, deployment: str) -> None:
    done = run(project, deployment, "score")
    assert done.returncode == 0, done.stderr
    written = files(project / "image")
    assert {Path(line).relative_to("image").as_posix() for line in done.stdout.splitlines()} == set(written)
    assert written["source/score.py"] == "class Score: ...\n"
    assert done.stdout.splitlines()[-1] == "image/Containerfile"


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (("watched", "score"), "detecting.py"),
        (("one", "explainer"), "explain.py"),
        (("several", "explainer", "--predictor", "p1"), "methods.py"),
    ],
)
def test_a_detector_and_an_explainer_have_images_of_the_catalogue_s_files(
    project: Path, words: tuple[str, ...], program: str
) -> None:
    done = run(project, *words)
    assert done.returncode == 0, done.stderr
    written = files(project / "image")
    assert f"server/{program}" in written
    assert "source/" not in written["Containerfile"]


def test_a_second_run_writes_the_same(project: Path) -> None:
    run(project, "plain", "score")
    before = files(project / "image")
    assert run(project, "plain", "score").returncode == 0
    assert files(project / "image") == before


def test_whoever_the_image_s_user_is_can_read_its_files(project: Path) -> None:
    run(project, "plain", "score")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (project / "image").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}


def test_a_base_by_its_tag_is_said_and_one_by_its_digest_is_taken(project: Path) -> None:
    pinned = f"python:3.11-slim@sha256:{'0' * 64}"
    assert "pin it with --base NAME@sha256:…" in run(project, "plain", "score").stderr
    done = run(project, "plain", "score", "--base", pinned)
    assert done.stderr == ""
    assert f"FROM {pinned}\n" in (project / "image" / "Containerfile").read_text()


def test_one_server_in_two_predictors_is_one_image(project: Path) -> None:
    assert run(project, "same", "score").returncode == 0


def test_a_predictor_says_which_of_two_classes(project: Path) -> None:
    assert run(project, "two", "score", "--predictor", "p1").returncode == 0
    assert "source/other.py" in files(project / "image")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none", "score"), "deployment 'none' is not in stack 'local'"),
        (("plain", "scor"), "deployment 'plain' has no node 'scor'; its nodes: 'score'"),
        (("plain", "score", "--predictor", "p9"), "no node 'score' in predictor 'p9'"),
        (("two", "score"), "node 'score' differs between predictors of 'two'; give --predictor p0 or --predictor p1"),
        (
            ("ready", "score"),
            "server SklearnServer, must be a PythonServer, an MLServerRuntime, a detector or a router that learns",
        ),
        (("ready", "explainer"), "deployment 'ready' has no node 'explainer'; its nodes: 'score'"),
        (
            ("several", "explainer"),
            "predictors of 'several' are explained by different images; give --predictor p0 or --predictor p1",
        ),
        (("wrong", "score"), "requirements '--index-url x', must be a requirement of pip"),
        (("plain", "score", "--base", "python:3.11\nRUN true"), "must be an image's name"),
        (("plain", "score", "--base", ""), "must be an image's name"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_written(project: Path, words: tuple[str, ...], said: str) -> None:
    done = run(project, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "image").exists()


def test_a_class_that_is_not_there_is_said_with_its_node(project: Path) -> None:
    done = run(project, "gone", "score")
    assert done.returncode == 2
    assert "SeldonDeployment 'gone' → predictor 'p0' → model 'score': source '" in done.stderr
    assert "gone.py' does not exist, must be the file with the class; write it, or correct the path" in done.stderr


def test_a_folder_with_other_files_is_left_alone(project: Path) -> None:
    (project / "image").mkdir()
    (project / "image" / "notes.txt").write_text("mine")
    done = run(project, "plain", "score")
    assert done.returncode == 2
    assert "--out 'image' holds notes.txt, which is not of this image; give an empty folder" in done.stderr
    assert files(project / "image") == {"notes.txt": "mine"}


def test_a_file_in_the_place_of_the_folder_is_said(project: Path) -> None:
    done = run(project, "plain", "score", out="score.py")
    assert done.returncode == 2
    assert "--out 'score.py' cannot be written" in done.stderr
