"""The build context of a user's class: its text as a golden file, and what it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.graph.spec import Model
from seldon_infra.servers import catalogue
from seldon_infra.servers.image import BASE, UsersClass, blocks, context, with_more
from seldon_infra.servers.spec import MLServerRuntime, PythonServer

GOLDEN = Path(__file__).with_name("golden")
PINNED = f"registry.acme.example/python:3.11@sha256:{'ab' * 32}"
SERVERS: dict[str, UsersClass] = {
    "seldon-python": PythonServer(source="stacks/score.py", class_name="Score"),
    "mlserver": MLServerRuntime(source="stacks/scale.py", class_name="Scale"),
}
LOCK = """# This file was made by a tool
numpy==2.4.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via scipy
Scipy[all]==1.17.0 ; python_full_version >= "3.11" \\
    --hash=sha256:cc
"""


def made(name: str, base: str = PINNED) -> dict[str, str]:
    server, entry = SERVERS[name], catalogue.load(name)
    lock = entry.lock.read_text(encoding="utf-8")
    return context(server, Model(name="score", server=server), entry, "class Score: ...\n", lock, base)


@pytest.mark.parametrize("name", SERVERS)
def test_the_containerfile_is_the_golden_one(name: str) -> None:
    assert made(name)["Containerfile"] == (GOLDEN / f"{name}.Containerfile").read_text()


@pytest.mark.parametrize("name", SERVERS)
def test_the_context_holds_what_is_copied_and_nothing_else(name: str) -> None:
    files = made(name)
    source = f"source/{Path(SERVERS[name].source).name}"
    copied = {f"server/{path}" for path in catalogue.load(name).copied}
    assert set(files) == {"Containerfile", "requirements.lock", "build.lock", source, *copied}
    assert files[source] == "class Score: ...\n"


@pytest.mark.parametrize("name", SERVERS)
def test_it_is_the_same_each_time(name: str) -> None:
    assert made(name) == made(name)
    assert list(made(name)) == list(made(name))


@pytest.mark.parametrize("name", SERVERS)
def test_what_builds_packages_is_locked_as_well(name: str) -> None:
    build = made(name)["build.lock"]
    assert build.startswith("setuptools==")
    assert "--hash=sha256:" in build


@pytest.mark.parametrize("name", SERVERS)
def test_the_last_stage_installs_nothing_and_is_not_root(name: str) -> None:
    _, last = made(name)["Containerfile"].split("\n\n")
    assert "pip install" not in last
    assert "\nUSER 8888\n" in last


def test_both_stages_build_on_the_base_that_is_given() -> None:
    assert made("mlserver")["Containerfile"].count(f"FROM {PINNED}") == 2
    assert made("mlserver", BASE)["Containerfile"].count(f"FROM {BASE}") == 2


def test_a_pod_s_own_values_are_not_in_the_image() -> None:
    server = PythonServer(source="score.py", class_name="Score")
    entry = catalogue.load("seldon-python")
    nodes = [Model(name="a", server=server, model_uri="s3://models/a"), Model(name="a", server=server)]
    texts = {context(server, node, entry, "", "")["Containerfile"] for node in nodes}
    assert len(texts) == 1
    assert not [word for word in ("{", "127.0.0.1", "s3://", "PREDICTIVE_UNIT_PARAMETERS") if word in min(texts)]


def test_a_lock_is_taken_apart_by_package() -> None:
    found = blocks(LOCK)
    assert list(found) == ["numpy", "scipy"]
    assert found["numpy"] == "numpy==2.4.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


def test_what_a_class_requires_comes_behind_and_changes_no_version() -> None:
    more = "numpy==1.26.0 \\\n    --hash=sha256:dd\nshapely==2.1.0 \\\n    --hash=sha256:ee\n"
    assert with_more(LOCK, more) == f"{LOCK}# what the class requires\nshapely==2.1.0 \\\n    --hash=sha256:ee\n"
    assert with_more(LOCK, "") == LOCK
