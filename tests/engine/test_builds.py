"""Images of users' classes on the real engine, with a stand-in for the provider that builds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.graph.spec import Model
from seldon_infra.servers import catalogue
from seldon_infra.servers.image import context
from seldon_infra.servers.spec import PythonServer
from tests.engine import docker_build_provider
from tests.engine.scratch import Engine

pytestmark = pytest.mark.engine

TYPE = "docker-build:index:Image"
PROGRAM = """
from pathlib import Path
import pulumi
from seldon_infra import *
from seldon_infra.targets.builds import with_images

login = {"username": "ci", "password": pulumi.Output.secret("canary-password")}
build = ImageBuild(tag="registry.example/score:1", context="build/score", **login)
graph = Model(name="m", server=PythonServer(source="score.py", class_name="Score", build=build))
(made,) = with_images([SeldonDeployment(name="d", predictors=[Predictor(name="a", graph=graph)])], Path.cwd())
pulumi.export("image", made.predictors[0].graph.server.image)
"""


def write_context(project: Path, code: str) -> None:
    """Write the class and what `seldon-infra containerfile` writes of it."""
    server = PythonServer(source="score.py", class_name="Score")
    entry = catalogue.load(str(server.catalogue))
    (project / "score.py").write_text(code)
    lock, base = entry.lock.read_text(), "python:3.11@sha256:1"
    for name, text in context(server, Model(name="m", server=server), entry, code, lock, base).items():
        file = project / "build" / "score" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_an_up_builds_what_has_changed_and_a_context_of_another_class_fails_the_preview(
    engine: Engine, tmp_path: Path
) -> None:
    engine.use_plugin("docker-build", docker_build_provider.install(tmp_path))
    engine.write_program(PROGRAM)
    write_context(engine.directory, "class Score: ...\n")
    engine.up()
    first = engine.outputs()["image"]
    assert first.startswith("registry.example/score:1@sha256:")
    assert engine.resources(TYPE)[0]["urn"].endswith("::d.m")
    assert "canary-password" not in engine.state_file.read_text()
    (engine.directory / "score.py").write_text("class Score: x = 1\n")
    stale = engine.preview(check=False)
    assert stale.returncode != 0
    assert "build.context 'build/score': source/score.py is another" in stale.stdout + stale.stderr
    write_context(engine.directory, "class Score: x = 1\n")
    engine.up()
    assert engine.outputs()["image"] != first
