"""kubectl, which only the figures need: what a stack takes is measured beside it."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "1.37.2"
PROGRAM = GoProgram(
    name="kubectl",
    version=VERSION,
    source=Path(__file__).with_name("kubectl"),
    packages=(".",),
    ldflags=f"-s -w -X k8s.io/component-base/version.gitVersion=v{VERSION}",
    minutes=2,
)


def provide(environment: Path) -> Path:
    """Return kubectl, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, cache_dir() / "kubectl" / VERSION, "kubectl")
