"""Helm, which only tests and figures need: it installs charts as the Kubernetes provider does."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "3.21.4"
PROGRAM = GoProgram(
    name="Helm",
    version=VERSION,
    source=Path(__file__).with_name("helm"),
    packages=("helm.sh/helm/v3/cmd/helm",),
    ldflags=f"-s -w -X helm.sh/helm/v3/internal/version.version=v{VERSION}",
    minutes=4,
)


def provide(environment: Path) -> Path:
    """Return Helm, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, program().parent, program().name)


def program() -> Path:
    """Give the executable, whether it is there already or not."""
    return cache_dir() / "helm" / VERSION / "helm"
