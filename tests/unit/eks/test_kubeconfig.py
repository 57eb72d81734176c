"""A kubeconfig of a cluster at EKS: Kubernetes' own client reads it, and runs its command to log in."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
import yaml

from seldon_infra.clusters.live import cluster
from seldon_infra.core.errors import ClusterNotReached
from seldon_infra.eks.kubeconfig import COMMAND, kubeconfig

AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()
TEXT = kubeconfig("prod", "eu-west-1", "https://prod.eks.amazonaws.com", AUTHORITY)


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command of that name on PATH, that notes what it was called with."""
    answer = {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": {"token": "t"}}
    command = tmp_path / COMMAND
    command.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/words\necho '{json.dumps(answer)}'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "words"


def test_kubernetes_client_takes_it_as_text_and_logs_in_by_its_command(login: Path) -> None:
    there = cluster(None, TEXT)
    assert (there.name, there.host) == ("prod", "https://prod.eks.amazonaws.com")
    assert there.client.configuration.get_api_key_with_prefix("BearerToken") == "Bearer t"
    assert login.read_text().split() == ["eks-token", "--cluster", "prod", "--region", "eu-west-1"]


def test_it_holds_no_secret_and_no_path_of_this_machine() -> None:
    assert yaml.safe_load(TEXT)["users"][0]["user"]["exec"]["command"] == "seldon-infra"
    assert str(Path.home()) not in TEXT


@pytest.mark.parametrize("text", ["{", "a\nb", "clusters: []\n", "{}\n"])
def test_a_text_that_is_none_is_told_so(text: str) -> None:
    with pytest.raises(ClusterNotReached):
        cluster(None, text)
