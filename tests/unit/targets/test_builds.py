"""Images that Pulumi builds of users' classes, and the contexts that they are built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra import ImageBuild, Kubernetes, Model, Predictor, PythonServer, SeldonDeployment
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.graph.check import check_cluster, check_local
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.servers import catalogue
from seldon_infra.servers.image import context
from seldon_infra.targets import kubernetes
from tests.unit.targets.program import declare

NODE = "SeldonDeployment 'd' → predictor 'a' → model 'm'"
TAG = "registry.example/score:1"
STALE = "run: seldon-infra containerfile d m --stack STACK --out build/score"
SIGNATURE = "4dabf18193072939515e22adb298388d"


def server(**fields: object) -> PythonServer:
    build = ImageBuild(**{"tag": TAG, "context": "build/score", **fields})
    return PythonServer(source="score.py", class_name="Score", build=build)


def deployment(made: PythonServer) -> SeldonDeployment:
    graph = Model(name="m", server=made)
    return SeldonDeployment(name="d", namespace="ns", predictors=[Predictor(name="a", graph=graph)])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the context that `seldon-infra containerfile` writes."""
    (tmp_path / "score.py").write_text("class Score: ...\n")
    made = server()
    entry = catalogue.load(str(made.catalogue))
    lock = entry.lock.read_text()
    files = context(made, Model(name="m", server=made), entry, "class Score: ...\n", lock, "python:3.11@sha256:1")
    for name, text in files.items():
        (tmp_path / "build" / "score" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "build" / "score" / name).write_text(text)
    return tmp_path


def test_an_image_is_built_pushed_and_run_by_its_digest(project: Path) -> None:
    build = f"ImageBuild(tag={TAG!r}, context='build/score', username='ci', password='hunter2', builder='remote')"
    node = f"server=PythonServer(source='score.py', class_name='Score', build={build}), model_uri=None"
    two = f"predictor(traffic=50, graph=model({node})), predictor('b', traffic=50, graph=model({node}))"
    done = declare(f"deployment({two})", "Kubernetes()", project, preview=True)
    image = done.one("Image")
    registries = image.pop("registries")
    assert image == {
        "context": {"location": "build/score"},
        "dockerfile": {"location": "build/score/Containerfile"},
        "tags": [TAG],
        "platforms": ["linux/amd64"],
        "buildArgs": {"SOURCE_DATE_EPOCH": "0"},
        "push": True,
        "buildOnPreview": False,
        "builder": {"name": "remote"},
    }
    assert SIGNATURE in registries
    assert "hunter2" not in done.said
    predictors = done.one("SeldonDeployment")["spec"]["predictors"]
    images = [each["componentSpecs"][0]["spec"]["containers"][0]["image"] for each in predictors]
    assert images == [f"{TAG}@sha256:{'0a' * 32}"] * 2


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("score.py", "class Score: x = 1\n", "source/score.py is another"),
        ("build/score/Containerfile", "FROM python:3.11\nRUN true\n", "Containerfile is another"),
        ("build/score/Containerfile", None, "is no build context"),
    ],
)
def test_a_context_that_is_not_of_the_definition_is_named_before_anything_is_declared(
    project: Path, file: str, text: str | None, said: str
) -> None:
    (project / file).unlink() if text is None else (project / file).write_text(text)
    with pytest.raises(InvalidSpec) as wrong:
        kubernetes.declare(Kubernetes(live_checks="skip"), [deployment(server())], project=project)
    (problem,) = wrong.value.problems
    assert str(problem).startswith(f"{NODE}: build.context 'build/score'")
    assert said in str(problem)
    assert str(problem).endswith(STALE)


def test_what_is_built_needs_no_image_on_a_cluster_and_none_on_this_machine() -> None:
    assert check_cluster(deployment(server())) == []
    assert check_local(deployment(server())) == []
    (pod,) = seldon_deployment(deployment(server()))["spec"]["predictors"][0]["componentSpecs"]
    assert pod["spec"]["containers"][0]["image"] == TAG


def test_nodes_below_others_are_built_as_well(project: Path) -> None:
    text = "Transformer(name='t', server=PythonServer(source='a.py', class_name='A', image='x:1'), child=model({}))"
    build = f"build=ImageBuild(tag={TAG!r}, context='build/score')"
    below = f"server=PythonServer(source='score.py', class_name='Score', {build}), model_uri=None"
    done = declare(f"deployment(predictor(graph={text.format(below)}))", "Kubernetes()", project, preview=True)
    containers = done.one("SeldonDeployment")["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]
    assert {each["name"]: each["image"] for each in containers}["m"] == f"{TAG}@sha256:{'0a' * 32}"
