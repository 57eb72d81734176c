"""What the commands of the local target know of a stack: its folder, routes, processes and held-out rows."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.ingress.routes import Route
from seldon_infra.runtime.gateway import Gateway
from seldon_infra.runtime.processes import Processes, Record
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.stack import find_project


class NotServed(SeldonInfraError):
    """The stack does not serve what was asked for."""


class Sample(BaseModel):
    """Held-out rows of a deployment, and what its models should say of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str
    """Name of the input tensor."""
    datatype: str
    """Its type on protocol v2: ``FP64``."""
    rows: list[list[float]]
    labels: list[int | float | str]


def add_stack_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which stack of which project a command is about."""
    parser.add_argument("--stack", default="local", help="the stack (default: local)")
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="a folder of the project (default: this one)")


@dataclass(frozen=True)
class LocalStack:
    """One applied stack of this machine."""

    name: str
    project: Path

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> LocalStack:
        """The stack that a command's arguments name."""
        return cls(arguments.stack, find_project(arguments.project))

    @property
    def folder(self) -> StackDir:
        """Where everything of the stack is."""
        return StackDir(self.project / ".seldon" / self.name)

    @property
    def processes(self) -> Processes:
        """The stack's processes."""
        return Processes(self.folder)

    def routes(self) -> list[Route]:
        """The routes of all deployments."""
        return Gateway(self.folder).routes()

    def route(self, deployment: str) -> Route:
        """One deployment's route.

        Raises:
            NotServed: the stack has none of that name.
        """
        routes = self.routes()
        for route in routes:
            if route.name == deployment:
                return route
        there = f"it serves {', '.join(route.name for route in routes)}" if routes else "it serves nothing"
        raise NotServed(
            f"stack '{self.name}' does not serve '{deployment}': {there}; run `pulumi up --stack {self.name}`"
        )

    def process(self, name: str) -> Record:
        """One process, by its id or by its name without the last eight characters.

        Raises:
            NotServed: the stack has none of that name.
        """
        records = list(self.processes.all())
        for record in records:
            if name in (record.id, record.spec.name):
                return record
        there = ", ".join(record.spec.name for record in records) or "none"
        raise NotServed(f"stack '{self.name}' has no process '{name}'; its processes: {there}")

    def gateway_port(self) -> int:
        """Where clients ask."""
        return self.process("gateway").ports["gateway"]

    def sample(self, file: Path) -> Sample:
        """Read held-out rows.

        Raises:
            NotServed: the file is not there or is not of the form.
        """
        path = self.project / file
        try:
            return Sample.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotServed(f"{path} does not exist; `make up` writes the held-out rows of its examples") from None
        except (ValueError, ValidationError) as error:
            raise NotServed(
                f"{path} must hold input, datatype, rows and labels: {str(error).splitlines()[0]}"
            ) from None
