"""The way to the cluster that a stack's provider was given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.cli.cluster_facts import way_to
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.drift.events import SECRET, SIGNATURE

CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443"}} for name in ("one", "two")],
    "users": [{"name": "me", "user": {"token": "token"}}],
    "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in ("one", "two")],
    "current-context": "one",
}


def test_a_kubeconfig_is_taken_by_its_path_or_its_text(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(json.dumps(CONFIG))
    for kubeconfig in (str(file), json.dumps(CONFIG), json.dumps(CONFIG, indent=1)):
        assert way_to({"kubeconfig": kubeconfig}).host == "https://one:6443"
        assert way_to({"kubeconfig": kubeconfig, "context": "two"}).host == "https://two:6443"


def test_a_secret_one_is_said_to_be_out_of_reach() -> None:
    with pytest.raises(SeldonInfraError, match="is a secret of the state; give it the path of a file"):
        way_to({"kubeconfig": {SIGNATURE: SECRET, "ciphertext": "v1:x"}})
