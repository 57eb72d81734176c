"""rclone, which only tests need: it is what fetches models on a cluster.

It has the backends of the stores that models are fetched from and no others, whose modules would take longer to build
than a Pulumi CLI. Seldon's storage initializer holds 1.59.1, which the checksum database of Go's modules does not know.
"""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "1.59.0"
PROGRAM = GoProgram(
    name="rclone",
    version=VERSION,
    source=Path(__file__).with_name("rclone"),
    packages=(".",),
    ldflags="-s -w",
    minutes=3,
)


def provide(environment: Path) -> Path:
    """Return rclone, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, program().parent, program().name)


def program() -> Path:
    """Give the executable, whether it is there already or not."""
    return cache_dir() / "rclone" / VERSION / "rclone"
