"""A stack: one environment's target and deployments, in one typed value.

A project holds one module per environment (``stacks/local.py``, ``stacks/prod.py``), each with a module attribute
``stack``. Pulumi runs the folder's ``__main__.py``, which calls :func:`run`; the command line reads the same module
through :func:`load_stack`, so that what is drawn, rendered and previewed is one definition.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from seldon_infra.core.errors import InvalidSpec, SeldonInfraError, StackNotFound
from seldon_infra.core.model import Many, Spec, title
from seldon_infra.core.problems import Problem
from seldon_infra.core.settings_file import read_settings
from seldon_infra.core.user_frames import report
from seldon_infra.graph.check import check_cluster, check_local, check_paths, check_together
from seldon_infra.graph.spec import Model, SeldonDeployment
from seldon_infra.model_server.check import check_model_server, check_model_server_locally
from seldon_infra.model_server.spec import ModelServer
from seldon_infra.settings import settings_of
from seldon_infra.targets.spec import Kubernetes, Local, Target
from seldon_infra.tracing.check import check_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

PROJECT_FILE = "Pulumi.yaml"
_NAME = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*\Z", re.ASCII)
"""A stack's name that a module can have; those of Python's own begin with ``_``."""


class Stack(Spec):
    """Everything that serves one environment's models: where it lands and what is deployed there."""

    target: Target = Field(description="Where the deployments land: Local() or Kubernetes().")
    deployments: Many[SeldonDeployment] = Field(
        default=(), description="What is served; names are unique within the stack."
    )
    model_servers: Many[ModelServer] = Field(
        default=(), description="Model servers on their own, without Seldon's operator; on this machine one node each."
    )
    samples: Mapping[str, str] = Field(
        default={}, description="Deployment's name to the file of its held-out rows, for `predict` and `verify`."
    )

    def check(self) -> list[Problem]:
        """Find every problem that can be known without a cluster, in all deployments at once."""
        found = [problem for deployment in self.deployments for problem in _check(deployment, self.target)]
        found += [problem for server in self.model_servers for problem in _check_server(server, self.target)]
        stays_here = isinstance(self.target, Local) and not self.target.portable
        together = check_paths(self.deployments) + ([] if stays_here else check_together(self.deployments))
        twice = _names_used_twice([*self.deployments, *self.model_servers])
        return [*found, *twice, *together, *_check_platform(self.target, self.deployments)]

    def require_valid(self) -> None:
        """Raise InvalidSpec with all problems at once, if there are any."""
        problems = self.check()
        if problems:
            raise InvalidSpec(problems)


def _check_platform(target: Target, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    if not isinstance(target, Kubernetes):
        return [*check_here(target.tracing), *_check_kafka(target, deployments)]
    # Rules about clusters take a while to load, and a stack on this machine has none.
    from seldon_infra.targets.platform_check import check_platform

    return check_platform(target, deployments)


def _check_kafka(target: Local, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    if target.payload_kafka is not None:
        from seldon_infra.payload_log.check_kafka import check_kafka  # most stacks have none, and wait for no rules

        yield from check_kafka("Local", target.payload_kafka, deployments)


def load_stack(
    name: str,
    project: Path,
    read: Callable[[str], str | None] | None = None,
    secret: Callable[[str], object | None] | None = None,
) -> Stack:
    """Read the definition of one environment from a project folder.

    Args:
        name: the stack's name, which is also its module's name.
        project: the folder that holds ``Pulumi.yaml``.
        read: gives a setting's text or None; by default the settings are those of ``Pulumi.<name>.yaml``.
        secret: gives a secret as an Output or None; by default nobody reads it.

    Raises:
        StackNotFound: no such module, or the module defines no ``stack``.
        InvalidSpec: the definition breaks rules that its own types know, or lacks a setting.
    """
    with settings_of(name, read or _settings_file(name, project), secret):
        return _import_stack(name, project / _main_folder(project))


def _import_stack(name: str, folder: Path) -> Stack:
    if not _NAME.match(name) or not (folder / f"{name}.py").is_file():
        raise StackNotFound(name, folder, sorted(_definitions(folder)))
    if str(folder.parent) not in sys.path:
        sys.path.insert(0, str(folder.parent))
    stack = getattr(_run_module(name, folder), "stack", None)
    if not isinstance(stack, Stack):
        raise StackNotFound(name, folder, sorted(_definitions(folder)))
    return stack


def _run_module(name: str, folder: Path) -> ModuleType:
    try:
        return import_module(f"{_package(folder)}.{name}")
    except SeldonInfraError:
        raise
    except Exception as error:
        if _is_of_pulumi(error):
            raise
        said = report(error, str(Path(__file__).parent))
        raise SeldonInfraError(f"stack '{name}': its definition {folder.name}/{name}.py failed:\n{said}") from None


def _package(folder: Path) -> str:
    """Make the folder a package that Python imports from, whatever else has its name on the path; return its name.

    Raises:
        SeldonInfraError: a module of that name from elsewhere is in use.
    """
    name = re.sub(r"\W", "_", folder.name)
    there = sys.modules.get(name)
    if there is not None and str(folder) in getattr(there, "__path__", ()):
        return name
    if there is not None:
        at = getattr(there, "__file__", None) or "Python itself"
        raise SeldonInfraError(f"folder {folder}: its name is a module's that is in use, {at}; rename the folder")
    file = folder / "__init__.py"
    spec = spec_from_file_location(name, file if file.is_file() else None, submodule_search_locations=[str(folder)])
    spec = spec or ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[name] = package = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(package)
    return name


def _is_of_pulumi(error: Exception) -> bool:
    """Whether Pulumi tells it to the user by its text; a program that never imported Pulumi raises no such error."""
    return any((kind.__module__, kind.__name__) == ("pulumi.errors", "RunError") for kind in type(error).__mro__)


def find_project(start: Path) -> Path:
    """Find the folder that holds ``Pulumi.yaml``, from ``start`` upwards; ``start`` itself where there is none."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), start)


def prepare() -> Iterator[None]:
    """Do ahead, step by step, what takes a while of what every stack needs: for a host that waits for its program."""
    yield
    import_module("seldon_infra.targets.local")
    for kind in (Model, SeldonDeployment, Stack):
        yield
        kind.model_rebuild()


def run(main: str) -> None:
    """Declare the current Pulumi stack's resources; called from a project's ``__main__.py`` with its ``__file__``.

    A program with an entrypoint of its own (``pulumi.run``, of which Pulumi takes one) registers it before.

    Raises:
        pulumi.RunError: the definition breaks rules; nothing has been declared then.
    """
    import pulumi

    from seldon_infra.targets import deploy
    from seldon_infra.targets.settled import settled

    project = find_project(Path(main).parent)
    try:
        stack = load_stack(pulumi.get_stack(), project, pulumi.Config().get, pulumi.Config().get_secret)
        stack.require_valid()
        deploy(stack.target, stack.deployments, project, stack.model_servers)
    except SeldonInfraError as error:
        # Pulumi's language hosts print a RunError's text alone, and anything else with a traceback.
        raise pulumi.RunError(str(error)) from None
    with suppress(pulumi.RunError):  # a test stands in for the engine, or the program has an entrypoint of its own
        pulumi.run(settled)


def _main_folder(project: Path) -> str:
    return str(read_settings(project / PROJECT_FILE).get("main", "."))


def _settings_file(name: str, project: Path) -> Callable[[str], str | None]:
    prefix = f"{read_settings(project / PROJECT_FILE).get('name')}:"
    values = read_settings(project / f"Pulumi.{name}.yaml").get("config")
    items = values.items() if isinstance(values, dict) else ()
    plain = {key.removeprefix(prefix): _text(value) for key, value in items if key.startswith(prefix)}
    return plain.get


def _text(value: object) -> str:
    """Write a setting's value as the engine would hand it to the program."""
    return value if isinstance(value, str) else json.dumps(value)


def _definitions(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.py"):
        if not file.stem.startswith("_") and b"stack = Stack(" in file.read_bytes():
            yield file.stem


def _check(deployment: SeldonDeployment, target: Target) -> list[Problem]:
    if isinstance(target, Local):
        return check_local(deployment, portable=target.portable)
    if target.payloads is None:
        return check_cluster(deployment)
    from seldon_infra.payload_log.render import behind_log

    return check_cluster(behind_log(target.payloads, deployment))


def _check_server(server: ModelServer, target: Target) -> list[Problem]:
    if isinstance(target, Local):
        return check_model_server_locally(server, portable=target.portable)
    return check_model_server(server)


def _names_used_twice(deployments: Sequence[SeldonDeployment | ModelServer]) -> Iterator[Problem]:
    counted = Counter(deployment.name for deployment in deployments)
    for name, times in counted.items():
        if times > 1:
            yield Problem(
                path=next(title(deployment) for deployment in deployments if deployment.name == name),
                got=f"name '{name}' is used {times} times",
                want="must be unique in a stack, whatever the namespace",
                fix="rename all but one of them",
            )


__all__ = ["Kubernetes", "Local", "Stack", "find_project", "load_stack", "run"]
