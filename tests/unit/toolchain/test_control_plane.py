"""The control plane's parts: pinned to the versions that set-up says it builds."""

from __future__ import annotations

import re

import pytest

from toolchain.control_plane import CONTROL_PLANE, DEFINITIONS, ETCD, KUBERNETES, KWOK, PROGRAMS
from toolchain.go_build import GoProgram

PINS = [
    (ETCD, "go.etcd.io/etcd/server/v3", ETCD.version),
    (CONTROL_PLANE, "k8s.io/kubernetes", KUBERNETES),
    (KWOK, "sigs.k8s.io/kwok", KWOK.version),
    (DEFINITIONS, "istio.io/api", "1.32.0"),
    (DEFINITIONS, "sigs.k8s.io/gateway-api", "1.6.3"),
]


@pytest.mark.parametrize(("program", "module", "version"), PINS, ids=lambda it: it if isinstance(it, str) else "")
def test_a_module_is_pinned_to_the_version_that_is_built(program: GoProgram, module: str, version: str) -> None:
    text = (program.source / "go.mod").read_text()
    assert re.findall(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", text, re.MULTILINE) == [f"v{version}"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda it: str(it.name))
def test_what_is_downloaded_is_pinned_by_a_digest(program: GoProgram) -> None:
    assert "h1:" in (program.source / "go.sum").read_text()


def test_every_staging_module_of_kubernetes_is_replaced_by_its_release() -> None:
    text = (CONTROL_PLANE.source / "go.mod").read_text()
    replaced = [line for line in text.splitlines() if " => k8s.io/" in line]
    assert len(replaced) > 30
    assert [line for line in replaced if not line.endswith(f"v0.{KUBERNETES.partition('.')[2]}")] == []
