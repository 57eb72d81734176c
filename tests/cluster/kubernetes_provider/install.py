"""Puts the stand-in where an engine looks for the plugin."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def install_provider(folder: Path) -> None:
    """Write the plugin's executable into a folder."""
    plugin = folder / "pulumi-resource-kubernetes"
    module = "tests.cluster.kubernetes_provider.plugin"
    plugin.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
    plugin.chmod(0o755)
