"""What is wrong with the SavedModels that a deployment names, before TensorFlow loads them.

Only folders of this project are looked at, beside the definition; what a URI leads to is the plugin's and the server's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.saved_model import signatures
from seldon_infra.servers.spec import TensorFlowServer
from seldon_infra.targets.local_files import models_here

MODEL_FILE = "saved_model.pb"
LARGEST_BYTES = 2**31
"""Protobuf has no larger messages."""


def wrong_saved_models(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each folder of a TensorFlow server's that holds no versions of a SavedModel to serve."""
    for inner, server, uri in models_here(deployment, project):
        if isinstance(server, TensorFlowServer):
            yield from _of_folder(inner, uri, project / uri)


def _of_folder(inner: InNode, uri: str, folder: Path) -> Iterator[Problem]:
    got = f"model_uri '{uri}'"
    if not folder.is_dir():
        yield Problem(inner.path, f"{got} is a file", "must be a folder", f"put the SavedModel into {uri}/1")
        return
    versions = sorted(found for found in folder.iterdir() if found.is_dir())
    if (folder / MODEL_FILE).is_file():
        fix = f"move all of it into {uri}/1"
        yield Problem(inner.path, f"{got} holds {MODEL_FILE}", "must hold it in a version folder", fix)
    elif not versions:
        fix = f"write tf.saved_model.save(model, '{uri}/1', signatures=…)"
        yield Problem(inner.path, f"{got} holds no version folder", "must hold one such as 1", fix)
    else:
        for version in versions:
            yield from _of_version(inner, got, version)


def _of_version(inner: InNode, got: str, version: Path) -> Iterator[Problem]:
    got = f"{got}, version folder '{version.name}'"
    if not (version.name.isascii() and version.name.isdecimal()):
        fix = "rename or remove it; the highest number is served"
        yield Problem(inner.path, got, "must be a whole number", fix)
        return
    file = version / MODEL_FILE
    if not file.is_file():
        yield Problem(
            inner.path, f"{got}, holds no {MODEL_FILE}", "must hold a SavedModel", "save it anew, or remove it"
        )
        return
    try:
        found = _signatures(file)
    except ValueError as error:
        yield Problem(inner.path, f"{got}, {MODEL_FILE}: {error}", "must be a SavedModel", "save it anew, or remove it")
        return
    if not found:
        fix = "write tf.saved_model.save(model, folder, signatures={'serving_default': model.call})"
        yield Problem(inner.path, f"{got}, has no signature under the tag 'serve'", "must have one to be asked by", fix)


def _signatures(file: Path) -> list[str]:
    size = file.stat().st_size
    if not 0 < size < LARGEST_BYTES:
        raise ValueError(f"{size} bytes")
    return signatures(file.read_bytes())
