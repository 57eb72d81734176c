"""Write the Containerfile and the build context of a cluster's payload log, for a builder of images.

The files are the same for the same version of this library, and hold nothing of this machine. Nothing is built here.
"""

from __future__ import annotations

import argparse

from seldon_infra.cli.containerfile import add_place, base_image, write_context
from seldon_infra.payload_log.image import context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the build context, and say which files it has."""
    base = base_image(arguments.base)
    write_context(arguments.out, context(base), base)
    return 0
