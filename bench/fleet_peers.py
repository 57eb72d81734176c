"""What takes a fleet to a cluster: this library, and what a user would take instead. Each has the same life."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import yaml

from bench.process import Measured, measure
from bench.projects import CLI, ENVIRONMENT
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubernetes_provider.install import install_provider
from toolchain import helm, kubectl

TIMEOUT_SECONDS = 3600
PROGRAMS = Path(__file__).parent / "fleet_programs"
STACK = "test"
Manifest = dict[str, Any]
Placed = tuple[str | None, Manifest]
"""An object, with the name of the component that it is in, if any."""
Steps = Mapping[str, Callable[[], Measured]]


class Peer:
    """One way to take a fleet to a cluster."""

    name: ClassVar[str]

    def __init__(self, folder: Path, control_plane: ControlPlane) -> None:
        self.folder = folder
        self.environment = _without_pulumi() | {"KUBECONFIG": str(control_plane.kubeconfig)}
        folder.mkdir()

    def steps(self) -> Steps:
        """The steps of its life, in order, by their names."""
        raise NotImplementedError

    def remove(self) -> None:
        """Take everything off the cluster."""
        raise NotImplementedError

    def run(self, *command: str | Path, allowed: int = 0) -> Measured:
        """Run one command of its own."""
        return measure(command, self.folder, self.environment, TIMEOUT_SECONDS, allowed)


class _OnPulumi(Peer):
    def __init__(self, folder: Path, control_plane: ControlPlane) -> None:
        super().__init__(folder, control_plane)
        (folder / "backend").mkdir()
        install_provider(folder)
        self.environment |= {
            "PATH": os.pathsep.join([str(ENVIRONMENT / "pulumi"), str(ENVIRONMENT / "bin"), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        plugins = {"kubernetes": folder, "seldon": ENVIRONMENT / "bin"}
        project = {
            "name": "fleet",
            "runtime": {"name": "python", "options": {"virtualenv": str(ENVIRONMENT)}},
            "plugins": {"providers": [{"name": name, "path": str(path)} for name, path in plugins.items()]},
        }
        (folder / "Pulumi.yaml").write_text(json.dumps(project), encoding="utf-8")
        self.pulumi("stack", "init", STACK)

    def steps(self) -> Steps:
        return {
            "preview": partial(self.pulumi, "preview", "--stack", STACK),
            "up": partial(self.pulumi, "up", "--stack", STACK, "--yes", "--skip-preview"),
            "no-op up": partial(self.pulumi, "up", "--stack", STACK, "--yes", "--skip-preview", "--expect-no-changes"),
            "drift": partial(self.pulumi, "refresh", "--stack", STACK, "--preview-only", "--expect-no-changes"),
        }

    def remove(self) -> None:
        self.pulumi("destroy", "--stack", STACK, "--yes", "--skip-preview")

    def pulumi(self, *words: str) -> Measured:
        return self.run(CLI, "--non-interactive", *words)


class Library(_OnPulumi):
    """This library."""

    name = "seldon_infra"

    def __init__(self, folder: Path, control_plane: ControlPlane, count: int) -> None:
        super().__init__(folder, control_plane)
        (folder / "__main__.py").write_text("from seldon_infra import run\n\nrun(__file__)\n", encoding="utf-8")
        shutil.copy(PROGRAMS / "typed.py", folder / f"{STACK}.py")
        self.pulumi("config", "set", "--stack", STACK, "count", str(count))
        self.objects: list[Placed] = []
        self.engine_resources = 0

    def remove(self) -> None:
        """Note what has been made, then take it off."""
        said = self.pulumi("stack", "export", "--stack", STACK, "--show-secrets").said
        resources = json.loads(said)["deployment"].get("resources", [])
        self.engine_resources = len(resources)
        objects = [made for made in resources if "apiVersion" in made.get("inputs", {})]
        self.objects = [(_component(made["parent"]), _plain(made["inputs"])) for made in objects]
        super().remove()


class Bare(_OnPulumi):
    """`pulumi_kubernetes` alone."""

    name = "bare pulumi_kubernetes"

    def __init__(self, folder: Path, control_plane: ControlPlane, objects: Sequence[Placed]) -> None:
        super().__init__(folder, control_plane)
        (folder / "objects.json").write_text(json.dumps(objects), encoding="utf-8")
        shutil.copy(PROGRAMS / "bare.py", folder / "__main__.py")


class InComponents(Bare):
    """`pulumi_kubernetes` with a component for each deployment, as this library has it."""

    name = "pulumi_kubernetes in components"


class Kubectl(Peer):
    """kubectl on YAML."""

    name = "kubectl"

    def __init__(self, folder: Path, control_plane: ControlPlane, objects: Sequence[Manifest]) -> None:
        super().__init__(folder, control_plane)
        self.kubectl = kubectl.provide(ENVIRONMENT)
        self.file = folder / "fleet.yaml"
        self.file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")

    def steps(self) -> Steps:
        apply = partial(self.run, self.kubectl, "apply", "--server-side", "--filename", self.file)
        return {
            "up": apply,
            "no-op up": apply,
            "drift": partial(self.run, self.kubectl, "diff", "--server-side", "--filename", self.file, allowed=1),
        }

    def remove(self) -> None:
        self.run(self.kubectl, "delete", "--ignore-not-found", "--filename", self.file)


class Helm(Peer):
    """helm on a chart with the same objects."""

    name = "helm"

    def __init__(self, folder: Path, control_plane: ControlPlane, objects: Sequence[Manifest]) -> None:
        super().__init__(folder, control_plane)
        self.helm = helm.provide(ENVIRONMENT)
        (folder / "chart/templates").mkdir(parents=True)
        about = {"apiVersion": "v2", "name": "fleet", "version": "1.0.0"}
        (folder / "chart/Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
        (folder / "chart/templates/fleet.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")

    def steps(self) -> Steps:
        install = partial(self.run, self.helm, "upgrade", "--install", "fleet", "chart", "--namespace", "default")
        return {"preview": partial(install, "--dry-run=server"), "up": install, "no-op up": install}

    def remove(self) -> None:
        self.run(self.helm, "uninstall", "fleet", "--namespace", "default", "--wait", "--ignore-not-found")


def _without_pulumi() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}


def _component(parent: str) -> str | None:
    """Give the name of a parent that is a component, by its URN."""
    kind, name = parent.split("::")[2:]
    return None if kind == "pulumi:pulumi:Stack" else name


def _plain(value: Any) -> Any:
    """Open the secrets of an exported state."""
    if isinstance(value, Mapping):
        return json.loads(value["plaintext"]) if "plaintext" in value else {k: _plain(v) for k, v in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
