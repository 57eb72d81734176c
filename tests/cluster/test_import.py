"""`seldon-infra import --from-cluster`, on the real API server: what is there comes back as typed Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from seldon_infra import Stack
from seldon_infra.graph.manifest import GROUP
from tests.cluster.control_plane import ADMIN, NOBODY, ControlPlane, User
from tests.unit.graph.cases import GOLDEN

pytestmark = pytest.mark.cluster

PATH = f"/apis/{GROUP}/v1/namespaces/default/seldondeployments"


@pytest.fixture(scope="module")
def fraud(control_plane: ControlPlane) -> Iterator[dict[str, Any]]:
    wanted = dict(yaml.safe_load((GOLDEN / "graph.yaml").read_text(encoding="utf-8")))
    yield control_plane.request("POST", f"{PATH}?fieldManager=kubectl", wanted)
    control_plane.request("DELETE", f"{PATH}/fraud")


def run(kubeconfig: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "import", *words]
    environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)


def from_cluster(control_plane: ControlPlane, name: str, user: User = ADMIN) -> subprocess.CompletedProcess[str]:
    return run(control_plane.kubeconfig_of(user), "--from-cluster", name)


def stack(module: str) -> Stack:
    """Run what was printed."""
    names: dict[str, Any] = {}
    exec(module, names)
    assert isinstance(names["stack"], Stack)
    return names["stack"]


def test_what_is_on_the_cluster_reads_as_the_file_does(control_plane: ControlPlane, fraud: dict[str, Any]) -> None:
    there = from_cluster(control_plane, f"default/{fraud['metadata']['name']}")
    file = run(control_plane.kubeconfig, str(GOLDEN / "graph.yaml"))
    assert (there.returncode, there.stderr) == (0, file.stderr)
    assert stack(there.stdout) == stack(file.stdout)


@pytest.mark.parametrize(
    ("name", "user", "said"),
    [
        ("default/nothing", ADMIN, "SeldonDeployment 'default/nothing' is not on cluster 'test'"),
        ("default/fraud", NOBODY, 'cannot get resource "seldondeployments"'),
        ("default/fraud", User("stranger", "no-such-token"), "does not know who asks"),
        ("fraud", ADMIN, "must be NAMESPACE/NAME; write it as models/fraud"),
    ],
)
def test_what_cannot_be_read_is_said(control_plane: ControlPlane, name: str, user: User, said: str) -> None:
    done = from_cluster(control_plane, name, user)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_does_not_answer_is_named(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = control_plane.kubeconfig.read_text().replace(control_plane.url, "https://127.0.0.1:1")
    (tmp_path / "config").write_text(config)
    done = run(tmp_path / "config", "--from-cluster", "default/fraud")
    assert done.returncode == 2
    assert "cluster 'test' at https://127.0.0.1:1 cannot be reached" in done.stderr
    assert "refused" in done.stderr


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere", "--from-cluster", "default/fraud")
    assert done.returncode == 2
    assert "kubeconfig" in done.stderr
    assert "Traceback" not in done.stderr
