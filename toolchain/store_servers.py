"""Servers of stores, which only tests need: a registry of images, and Google's object store as its emulator has it."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "distribution-3.1.2-gcs-1.56.1"
PROGRAM = GoProgram(
    name="the stores' servers",
    version=VERSION,
    source=Path(__file__).with_name("store_servers"),
    packages=("github.com/distribution/distribution/v3/cmd/registry", "github.com/fsouza/fake-gcs-server"),
    ldflags="-s -w",
    minutes=4,
)


def provide(environment: Path) -> Path:
    """Return the folder of the executables, building them where this machine has not yet."""
    return build_once(PROGRAM, environment, folder(), "registry").parent


def folder() -> Path:
    """Give the folder of the executables, whether they are there already or not."""
    return cache_dir() / "store-servers" / VERSION
