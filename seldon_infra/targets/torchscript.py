"""What is wrong with the file that a deployment names for TorchServe, before PyTorch loads it: weights without code.

Only files of this project are looked at, beside the definition; what a URI leads to is the server's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seldon_infra.core.problems import Problem
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.spec import TorchServeServer
from seldon_infra.targets.local_files import models_here

MODEL_FILE = "model.pt"
_CONSTANTS = "constants.pkl"
"""What an archive of TorchScript's has, and one of ``torch.save`` has not. Source: ``torch/csrc/jit/serialization``."""


def wrong_torchscript(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each ``model.pt`` that is no TorchScript."""
    for inner, server, uri in models_here(deployment, project):
        file = project / uri / MODEL_FILE if (project / uri).is_dir() else project / uri
        if isinstance(server, TorchServeServer) and file.is_file() and not _is_torchscript(file):
            got = f"model_uri '{uri}': {MODEL_FILE} holds no TorchScript"
            want = "must hold a model and its code, not weights alone"
            fix = f"write it by torch.jit.script(model).save('{MODEL_FILE}') or torch.jit.trace"
            yield Problem(inner.path, got, want, fix)


def _is_torchscript(file: Path) -> bool:
    import zipfile  # Few programs have such a model.

    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.rpartition("/")[2] == _CONSTANTS for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
