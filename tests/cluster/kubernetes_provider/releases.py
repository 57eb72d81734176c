"""Charts as Pulumi resources: what the real provider does by Helm's library, this does by Helm's command."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import Any

from tests.cluster.kubernetes_provider.api import ApiError
from toolchain import helm

TYPE = "kubernetes:helm.sh/v3:Release"
POLL_SECONDS = 0.1
Tree = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """A way to one cluster."""

    kubeconfig: str
    """A path."""

    @classmethod
    def of(cls, kubeconfig: str) -> Helm:
        """Take a kubeconfig as a path or as its text; Helm reads files alone."""
        if "\n" not in kubeconfig:
            return cls(kubeconfig)
        with tempfile.NamedTemporaryFile("w", prefix="kubeconfig-", delete=False) as file:
            file.write(kubeconfig)
        return cls(file.name)

    def install(self, inputs: Tree, cancelled: threading.Event) -> Tree:
        """Install a chart and wait until its pods are ready."""
        return self._put("install", inputs, cancelled)

    def upgrade(self, inputs: Tree, cancelled: threading.Event) -> Tree:
        """Bring a release to its inputs."""
        return self._put("upgrade", inputs, cancelled)

    def uninstall(self, inputs: Tree, cancelled: threading.Event) -> None:
        """Take a release away and wait until its objects are gone; Helm keeps what it always keeps."""
        self._run(["uninstall", *_place(inputs), "--wait", "--ignore-not-found"], cancelled)

    def read(self, inputs: Tree, cancelled: threading.Event) -> Tree | None:
        """Give a release as it is, None where it is not there."""
        try:
            said = self._run(["status", *_place(inputs), "--output", "json"], cancelled)
        except ApiError as error:
            if "not found" in str(error):
                return None
            raise
        return {**inputs, "status": _status(json.loads(said))}

    def _put(self, verb: str, inputs: Tree, cancelled: threading.Event) -> Tree:
        options = ["--values", "-", "--wait", "--output", "json", "--timeout", f"{int(inputs.get('timeout', 300))}s"]
        if inputs.get("version"):
            options += ["--version", inputs["version"]]
        if repository := inputs.get("repositoryOpts", {}).get("repo"):
            options += ["--repo", repository]
        options += ["--atomic"] if inputs.get("atomic") else []
        name, *place = _place(inputs)
        values = json.dumps(inputs.get("values", {}))
        said = self._run([verb, name, inputs["chart"], *place, *options], cancelled, values)
        return {**inputs, "status": _status(json.loads(said))}

    def _run(self, arguments: list[str], cancelled: threading.Event, given: str = "") -> str:
        command = [str(helm.program()), *arguments, "--kubeconfig", self.kubeconfig]
        running = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        while True:
            try:
                said, complaint = running.communicate(given, timeout=POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                given = ""
                if cancelled.is_set():
                    running.terminate()
        if running.returncode:
            raise ApiError(0, f"helm {arguments[0]}: {complaint.strip()}")
        return said


def identity(inputs: Tree) -> str:
    """A release's id: NAMESPACE/NAME."""
    return f"{inputs['namespace']}/{inputs['name']}"


def _place(inputs: Tree) -> list[str]:
    return [inputs["name"], "--namespace", inputs["namespace"]]


def _status(found: Tree) -> Tree:
    return {
        "name": found["name"],
        "namespace": found["namespace"],
        "revision": found["version"],
        "status": found["info"]["status"],
    }
