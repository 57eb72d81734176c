"""Print the digest of a model's files, as `model_digest` takes it.

A folder of this project and the same files in a store have one digest, so it can be taken before the upload. What a
store holds is fetched with the credentials of this machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from seldon_infra.artifacts.stores import resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the URI."""
    parser.add_argument("model_uri", metavar="MODEL_URI", help="a path, or s3://, gs://, azure://, https://, hf://")


def run(arguments: argparse.Namespace) -> int:
    """Print the digest.

    Raises:
        ModelNotFound: nothing is there.
        NotPermitted: it may not be read.
    """
    print(resolve(arguments.model_uri, Path.cwd()).digest)
    return 0
