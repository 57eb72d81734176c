"""The judges of what is rendered: pinned to the versions that set-up says it makes."""

from __future__ import annotations

import re

import pytest

from toolchain.go_build import GoProgram
from toolchain.judges import KUBE_SCORE, LOCK, POD_SECURITY, PROGRAMS

PINS = [
    (KUBE_SCORE, "github.com/zegl/kube-score", KUBE_SCORE.version),
    (POD_SECURITY, "k8s.io/pod-security-admission", POD_SECURITY.version),
]


@pytest.mark.parametrize(("program", "module", "version"), PINS, ids=lambda it: it if isinstance(it, str) else "")
def test_a_module_is_pinned_to_the_version_that_is_built(program: GoProgram, module: str, version: str) -> None:
    text = (program.source / "go.mod").read_text()
    assert re.findall(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", text, re.MULTILINE) == [f"v{version}"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda it: str(it.name))
def test_what_is_downloaded_is_pinned_by_a_digest(program: GoProgram) -> None:
    assert "h1:" in (program.source / "go.sum").read_text()


def test_each_scanner_is_pinned_as_its_requirements_say() -> None:
    wanted = (LOCK.parent / "requirements.in").read_text().split()
    assert [f"\n{line} \\\n" in f"\n{LOCK.read_text()}" for line in wanted] == [True, True]
