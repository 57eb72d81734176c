"""The YAML language host, which official Pulumi CLIs bring along: only tests need it, for programs written in YAML."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, build_once

VERSION = "1.25.0"
HOST = "pulumi-language-yaml"
PROGRAM = GoProgram(
    name="Pulumi's YAML host",
    version=VERSION,
    # A module of its own: it pins an older Pulumi than the CLI's, and works with it.
    source=Path(__file__).with_name("pulumi-yaml"),
    packages=(f"github.com/pulumi/pulumi-yaml/cmd/{HOST}",),
    ldflags=f"-s -w -X github.com/pulumi/pulumi-yaml/pkg/version.Version=v{VERSION}",
    minutes=2,
)


def provide(environment: Path) -> Path:
    """Return the host, building it where this machine has not yet."""
    return build_once(PROGRAM, environment, cache_dir() / "pulumi-yaml" / VERSION, HOST)
