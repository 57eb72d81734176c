"""The build contexts of detectors and explainers, which serve no models: locked, the same each time, and locked up."""

from __future__ import annotations

import re

import pytest

from seldon_infra.graph.spec import Model
from seldon_infra.graph.spec.explainers import METHODS
from seldon_infra.servers import catalogue
from seldon_infra.servers.detectors import DriftDetector
from seldon_infra.servers.explainers import Beside, ExplainerServer
from seldon_infra.servers.image import blocks, context

PINNED = f"registry.acme.example/python:3.11@sha256:{'ab' * 32}"
EXPLAINERS = sorted({method.server for method in METHODS.values()})
ALL = (*EXPLAINERS, "detect")


def made(name: str, model_uri: str = "s3://models/rows") -> dict[str, str]:
    entry = catalogue.load(name)
    lock = entry.lock.read_text(encoding="utf-8")
    if name in EXPLAINERS:
        return context(ExplainerServer(), Beside(model_uri=model_uri), entry, None, lock, PINNED)
    server = DriftDetector(window=50)
    return context(server, Model(name="drift", server=server, model_uri=model_uri), entry, None, lock, PINNED)


@pytest.mark.parametrize("name", ALL)
def test_it_holds_the_server_s_files_and_its_lock_and_is_the_same_each_time(name: str) -> None:
    files = made(name)
    copied = {f"server/{path}" for path in catalogue.load(name).copied}
    assert set(files) == {"Containerfile", "requirements.lock", "build.lock", *copied}
    assert files == made(name)
    assert list(files) == list(made(name))


@pytest.mark.parametrize("name", ALL)
def test_every_package_is_installed_by_its_hash_and_what_builds_some_too(name: str) -> None:
    files = made(name)
    locked = blocks(files["requirements.lock"])
    assert [package for package, text in locked.items() if "--hash=sha256:" not in text] == []
    assert "--hash=sha256:" in files["build.lock"]
    installs = [line for line in files["Containerfile"].splitlines() if " install " in line]
    assert len(installs) == 2
    assert all("--no-deps --require-hashes" in line for line in installs)


@pytest.mark.parametrize("name", ALL)
def test_it_runs_as_nobody_in_particular_without_an_installer_and_writes_to_tmp(name: str) -> None:
    _, last = made(name)["Containerfile"].split("\n\n")
    assert last.startswith(f"FROM {PINNED}\nRUN python -m pip uninstall --yes setuptools wheel pip\n")
    assert "pip install" not in last
    assert "\nUSER 8888\n" in last
    assert "\nWORKDIR /tmp\n" in last
    for variable in ("MLSERVER_METRICS_DIR", "NUMBA_CACHE_DIR", "HF_HOME", "XDG_CACHE_HOME"):
        assert re.search(rf'^ENV {variable}="/tmp/', last, re.M)


@pytest.mark.parametrize("name", ALL)
def test_what_a_pod_is_told_is_not_in_the_image(name: str) -> None:
    assert made(name)["Containerfile"] == made(name, "s3://models/other")["Containerfile"]
    told = ("s3://", "MLSERVER_MODEL_URI", "MLSERVER_MODEL_EXTRA", "DETECTOR", "SELDON_DEPLOYMENT_ID", "PREDICTOR_ID")
    assert [word for word in told if word in made(name)["Containerfile"]] == []


def test_an_explainer_is_started_by_its_own_program_and_a_detector_by_mlserver() -> None:
    commands = {name: made(name)["Containerfile"].splitlines()[-1] for name in ALL}
    assert commands.pop("detect") == 'CMD ["/opt/venv/bin/python", "/opt/server/serve.py", "/opt/server"]'
    assert set(commands.values()) == {'CMD ["/opt/venv/bin/python", "/opt/server/explain.py", "/opt/server"]'}
