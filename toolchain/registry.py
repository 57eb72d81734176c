"""A registry of images, which only tests need: models that are kept in one are read from a real one."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "3.1.2"
PROGRAM = GoProgram(
    name="the registry of images",
    version=VERSION,
    source=Path(__file__).with_name("registry"),
    packages=("github.com/distribution/distribution/v3/cmd/registry",),
    ldflags="-s -w",
    minutes=4,
)


def provide(environment: Path) -> Path:
    """Return the registry, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, program().parent, program().name)


def program() -> Path:
    """Give the executable, whether it is there already or not."""
    return cache_dir() / "registry" / VERSION / "registry"
