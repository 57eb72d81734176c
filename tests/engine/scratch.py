"""A scratch Pulumi project: the real Pulumi CLI and the real language host on a file backend."""

from __future__ import annotations

import atexit
import functools
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.engine import inline

ENVIRONMENT = Path(sys.executable).parent.parent
CLI = ENVIRONMENT / "pulumi" / "pulumi"
STACK = "test"
OF_A_STACK = "from seldon_infra import run\n\nrun(__file__)\n"
"""The program that declares the stack of a project, as users have it."""
TIMEOUT_SECONDS = 240


@dataclass
class Engine:
    """A scratch Pulumi project with a file backend, driven through the real command line."""

    directory: Path
    environment: dict[str, str]
    plugins: dict[str, Path] = field(default_factory=dict)
    is_inline: bool = False
    """Whether the program runs in this process."""

    def write_program(self, source: str) -> None:
        """Make `source` the project's program."""
        (self.directory / "__main__.py").write_text(source)
        self.is_inline = False

    def write_inline_program(self, source: str) -> None:
        """Make `source` the project's program, and run it in this process."""
        self.write_program(source)
        self.is_inline = True

    def use_plugin(self, name: str, folder: Path) -> None:
        """Let the engine find the resource plugin `pulumi-resource-<name>` in `folder`."""
        self.plugins[name] = folder
        self.write_project()

    def write_project(self) -> None:
        """Write Pulumi.yaml."""
        project: dict[str, Any] = {
            "name": "scratch",
            "runtime": {"name": "python", "options": {"virtualenv": os.path.relpath(ENVIRONMENT, self.directory)}},
        }
        if self.plugins:
            providers = [{"name": name, "path": str(path)} for name, path in self.plugins.items()]
            project["plugins"] = {"providers": providers}
        (self.directory / "Pulumi.yaml").write_text(json.dumps(project, indent=2))

    def run(
        self, *arguments: str, check: bool = True, timeout: float = TIMEOUT_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run one Pulumi command to its end."""
        with inline.environment(self.environment) if self.is_inline else nullcontext():
            done = subprocess.run(
                self._command(arguments, self.is_inline),
                cwd=self.directory,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=timeout,
            )
        if check and done.returncode:
            pytest.fail(f"pulumi {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, *arguments: str, is_inline: bool = False) -> subprocess.Popen[str]:
        """Start one Pulumi command in a session of its own, for tests that kill it; its program may run here."""
        return subprocess.Popen(
            self._command(arguments, is_inline),
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _command(self, arguments: tuple[str, ...], is_inline: bool) -> list[str]:
        client = [f"--client={inline.address()}"] if is_inline and arguments[0] in ("preview", "up") else []
        return [str(CLI), "--non-interactive", *arguments, *client]

    def preview(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Preview the stack."""
        return self.run("preview", "--stack", STACK, *arguments, check=check)

    def up(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Apply the stack without a preview first."""
        return self.run("up", "--stack", STACK, "--yes", "--skip-preview", *arguments, check=check)

    def refresh(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Read the real state of every resource into the stack's state."""
        return self.run("refresh", "--stack", STACK, "--yes", "--skip-preview", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Delete every resource of the stack."""
        return self.run("destroy", "--stack", STACK, "--yes", "--skip-preview", *arguments, check=check)

    def set_config(self, key: str, value: str) -> None:
        """Set a plain configuration value."""
        self.run("config", "set", "--stack", STACK, key, value)

    def set_secret(self, key: str, value: str) -> None:
        """Set an encrypted configuration value."""
        self.run("config", "set", "--stack", STACK, "--secret", key, value)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in plain text."""
        return dict(json.loads(self.run("stack", "output", "--stack", STACK, "--json", "--show-secrets").stdout))

    def deployment(self) -> dict[str, Any]:
        """Return the stack's state as the engine wrote it, a hundred times quicker than an export does."""
        compressed = self.state_file.with_name(f"{self.state_file.name}.gz")
        there = gzip.decompress(compressed.read_bytes()) if compressed.exists() else self.state_file.read_bytes()
        return dict(json.loads(there)["checkpoint"]["latest"] or {})

    def resources(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the resources in the state, those of one type token if given."""
        found = self.deployment().get("resources") or []
        return [resource for resource in found if not kind or resource["type"] == kind]

    @property
    def state_file(self) -> Path:
        """The checkpoint on disk."""
        return self.directory / "backend/.pulumi/stacks/scratch/test.json"

    def initialise(self) -> None:
        """Write the project with an empty program and make its stack."""
        self.directory.mkdir(parents=True)
        self.write_project()
        self.write_program("")
        shutil.copytree(_new_stack(), self.directory, dirs_exist_ok=True)


def scratch_engine(folder: Path) -> Engine:
    """Return an engine over a new project in `folder`."""
    if not CLI.exists():
        pytest.fail(f"there is no Pulumi CLI at {CLI}: run `make setup`")
    engine = Engine(folder / "project", _environment(folder))
    engine.initialise()
    return engine


@functools.cache
def _new_stack() -> Path:
    """What `pulumi stack init` writes, for all projects of this process: the key of its secrets takes a while."""
    folder = Path(tempfile.mkdtemp(prefix="new-stack-"))
    atexit.register(shutil.rmtree, folder)
    made = Engine(folder / "project", _environment(folder))
    made.directory.mkdir()
    (made.directory / "backend").mkdir()
    made.write_project()
    made.run("stack", "init", STACK)
    (made.directory / "Pulumi.yaml").unlink()
    return made.directory


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return kept | {
        "PATH": os.pathsep.join([str(CLI.parent), str(ENVIRONMENT / "bin"), os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{folder}/project/backend",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "GOGC": "off",  # a third of a short command's processor time would be its garbage collector's
        "GOMEMLIMIT": "1GiB",
    }
