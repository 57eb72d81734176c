"""A server that speaks as Google Cloud Storage does, which only tests need: fake-gcs-server."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "1.56.1"
PROGRAM = GoProgram(
    name="fake-gcs-server",
    version=VERSION,
    source=Path(__file__).with_name("fake_gcs"),
    packages=("github.com/fsouza/fake-gcs-server",),
    ldflags="-s -w",
    minutes=3,
)


def provide(environment: Path) -> Path:
    """Return the server, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, program().parent, program().name)


def program() -> Path:
    """Give the executable, whether it is there already or not."""
    return cache_dir() / "fake-gcs-server" / VERSION / "fake-gcs-server"
