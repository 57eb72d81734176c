"""Pulumi projects that the figures are measured on, each with a state of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
CLI = ENVIRONMENT / "bin" / "pulumi"
PLUGIN_FOLDER = ENVIRONMENT / "bin"
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Project:
    """A Pulumi project with a stack `local`."""

    folder: Path
    backend: Path | None
    """Where its state is; None leaves that to the checkout."""

    def pulumi(self, *arguments: str) -> str:
        """Run one Pulumi command to its end and return what it printed; RuntimeError where it failed."""
        done = subprocess.run(
            [str(CLI), *arguments],
            cwd=self.folder,
            env=self._settings(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"pulumi {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _settings(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        own = {"PULUMI_BACKEND_URL": f"file://{self.backend}", "PULUMI_CONFIG_PASSPHRASE": ""}
        return kept | (own if self.backend else {})

    def up(self) -> str:
        """Apply stack `local`."""
        return self.pulumi("up", "--non-interactive", "--yes", "--skip-preview", "--stack", "local")


def applied_checkout() -> Project:
    """The checkout itself, with its models trained and stack `local` applied."""
    train = [str(ENVIRONMENT / "bin" / "python"), "-m", "stacks.digits.train"]
    subprocess.run(train, cwd=ROOT, check=True, timeout=TIMEOUT_SECONDS)
    project = Project(ROOT, None)
    project.up()
    return project


def empty_project(folder: Path) -> Project:
    """A new project whose program declares nothing, with its stack applied once."""
    project = _new_project(folder / "empty")
    (project.folder / "__main__.py").write_text("import pulumi\n", encoding="utf-8")
    project.pulumi("stack", "init", "local")
    project.up()
    return project


def nothing_project(folder: Path) -> Project:
    """A new project with as many resources as stack `local`, of a plugin that does nothing (``nothing/``), applied."""
    source, plugin = Path(__file__).parent / "nothing", folder / "plugin" / "pulumi-resource-nothing"
    plugin.parent.mkdir()
    plugin.write_text(f'#!/bin/sh\nexec "{ENVIRONMENT}/bin/python" -m bench.nothing.plugin\n', encoding="utf-8")
    plugin.chmod(0o755)
    project = _new_project(folder / "nothing", nothing=plugin.parent)
    shutil.copy(source / "__main__.py", project.folder)
    project.pulumi("stack", "init", "local")
    project.up()
    return project


@contextmanager
def iris_project(folder: Path, **settings: str) -> Iterator[Project]:
    """A new project that serves one scikit-learn model on MLServer (``iris/``), applied; destroyed at the end."""
    project = _new_project(folder / "iris", seldon=PLUGIN_FOLDER)
    for source in ("__main__.py", "local.py"):
        shutil.copy(Path(__file__).parent / "iris" / source, project.folder)
    _train(project.folder / "model")
    project.pulumi("stack", "init", "local")
    for name, value in settings.items():
        project.pulumi("config", "set", name, value, "--stack", "local")
    try:
        project.up()
        yield project
    finally:
        project.pulumi("destroy", "--non-interactive", "--yes", "--skip-preview", "--stack", "local")


def _new_project(folder: Path, **plugins: Path) -> Project:
    (folder / "backend").mkdir(parents=True)
    lines = ["name: bench", "runtime:", "  name: python", "  options:", f"    virtualenv: {ENVIRONMENT}"]
    lines += ["plugins:", "  providers:"] if plugins else []
    lines += [line for name, path in plugins.items() for line in (f"    - name: {name}", f"      path: {path}")]
    (folder / "Pulumi.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Project(folder, folder / "backend")


def _train(folder: Path) -> None:
    """Train in the model server's own environment, so that the file loads there."""
    from seldon_infra.servers.catalogue import environment, load

    folder.mkdir()
    python = environment(load("mlserver")) / "bin" / "python"
    script = Path(__file__).parent / "iris" / "train.py"
    subprocess.run([str(python), str(script), str(folder / "model.joblib")], check=True, timeout=TIMEOUT_SECONDS)
