"""A scratch Pulumi project whose stack is this machine: real engine, plugin, supervisord, Envoy and model servers."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seldon_infra.cli.local_stack import LocalStack
from seldon_infra.runtime.stack_dir import StackDir
from tests.engine.scratch import ENVIRONMENT, OF_A_STACK, STACK, Engine, scratch_engine
from tests.local.scene import Answer, Scene, ask, end_below

PREDICT = "/seldon/ns/d/api/v1.0/predictions"
NUMBERS = {"data": {"ndarray": [[1.0, 2.0]]}}
IMPORTS = """from seldon_infra import *
from seldon_infra import Local, Model, Predictor, PythonServer, SeldonDeployment, Stack, config
"""
CLASS = """import numpy as np
class Version:
    def predict(self, rows, names, meta=None):
        return np.asarray(rows) * 0 + {version}
    def tags(self):
        return {{"version": {version}}}
"""


@dataclass(frozen=True)
class Project:
    """A scratch project; its stack is called ``test``."""

    engine: Engine

    @property
    def folder(self) -> Path:
        return self.engine.directory

    @property
    def stack_dir(self) -> StackDir:
        return StackDir(self.folder / ".seldon" / STACK)

    @property
    def stack(self) -> LocalStack:
        return LocalStack(STACK, self.folder)

    @property
    def scene(self) -> Scene:
        """The stack's processes, to look at and to hurt."""
        return Scene(self.stack_dir, self.port)

    @property
    def port(self) -> int:
        return self.stack.gateway_port()

    def define(self, *predictors: str, target: str = "Local()", more: str = "") -> None:
        """Write the definition of deployment ``d``; predictors are given as they stand in its source."""
        listed = "".join(f"{each}, " for each in predictors)
        text = f"SeldonDeployment(name='d', namespace='ns', predictors=({listed}){more})"
        self.write(f"stack = Stack(target={target}, deployments=({text},))")

    def write(self, definition: str) -> None:
        """Write the stack's module."""
        (self.folder / f"{STACK}.py").write_text(f"{IMPORTS}\n{definition}\n")

    def write_class(self, version: int, name: str = "version") -> None:
        """Write the class of a model that answers with its version."""
        (self.folder / f"{name}.py").write_text(CLASS.format(version=version))

    def ask(self, tree: object = NUMBERS, path: str = PREDICT, **more: Any) -> Answer:
        return ask(self.port, path, "POST", json.dumps(tree).encode(), **more)

    def version(self) -> float:
        """Ask, and give the version of the model that answered."""
        answer = self.ask()
        assert answer.status == 200, answer.body
        return float(answer.json["data"]["ndarray"][0][0])

    def pids(self) -> dict[str, int]:
        """The stack's processes: name to process id."""
        scene = Scene(self.stack_dir)
        return {record.spec.name: scene.pid(record) for record in scene.processes.all()}


def model(name: str = "version", **fields: object) -> str:
    """A model of Seldon's wrapper, as it stands in a definition's source."""
    more = "".join(f", {key}={value!r}" for key, value in fields.items())
    return f"Model(name='{name}', server=PythonServer(source='{name}.py', class_name='Version'){more})"


def predictor(name: str = "main", graph: str | None = None, **fields: object) -> str:
    """A predictor, as it stands in a definition's source."""
    more = "".join(f", {key}={value!r}" for key, value in fields.items())
    return f"Predictor(name='{name}', graph={graph or model()}{more})"


@contextmanager
def new_project() -> Iterator[Project]:
    """Make a project in a short folder (unix sockets allow no long ones), and end all that it leaves."""
    folder = Path(tempfile.mkdtemp(prefix="stack-")).resolve()
    engine = scratch_engine(folder)
    engine.write_inline_program(OF_A_STACK)
    engine.use_plugin("seldon", ENVIRONMENT / "bin")
    project = Project(engine)
    project.write_class(1)
    try:
        yield project
    finally:
        engine.destroy(check=False)
        end_below(folder)
        shutil.rmtree(folder, ignore_errors=True)
