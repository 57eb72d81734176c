"""What images of model servers need to run locked up: as a user that they do not know, on a root that stays as it is.

Read in the images' own build files (MLServer 1.3.5 and 1.7.1 ``Dockerfile`` and ``settings.py``; Seldon Core 1.17.1
``wrappers/s2i/python/Dockerfile``, ``servers/mlflowserver``; Triton's docs of its python backend).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seldon_infra.servers.detectors import Detector
from seldon_infra.servers.explainers import ExplainerServer
from seldon_infra.servers.spec import (
    HuggingFaceServer,
    LightGBMServer,
    MLflowServer,
    MLServerRuntime,
    OnnxServer,
    Protocol,
    Server,
    SklearnServer,
    TempoServer,
    TorchServeServer,
    TritonServer,
    XGBoostServer,
)

SCRATCH = "/tmp"
ROOT_GROUP = 0
_MLSERVER_ENVIRONMENT = {
    "MLSERVER_METRICS_DIR": f"{SCRATCH}/metrics",
    "HF_HOME": f"{SCRATCH}/huggingface",
    "NUMBA_CACHE_DIR": f"{SCRATCH}/numba",
    "XDG_CACHE_HOME": f"{SCRATCH}/cache",
}


@dataclass(frozen=True)
class Needs:
    """What a server's image needs."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that lead what it writes to ``/tmp``."""
    root_group: bool = False
    """Whether its files are open to the group root alone, as images for any user have them."""
    shared_memory: bool = False
    """Whether its processes talk through ``/dev/shm``, of which a container has 64 MiB by itself."""
    writable_root: bool = False
    """Whether it changes its own files when it starts."""


MLSERVER = Needs(_MLSERVER_ENVIRONMENT, root_group=True)
TRITON = Needs(shared_memory=True)
PIP_AT_START = Needs(writable_root=True)
NOTHING = Needs()


def needs(server: Server, protocol: Protocol) -> Needs:
    """Give what a server's image needs; nothing is known of an image of the user's own that is a plain container.

    Seldon's MLflow image for protocol seldon installs the model's requirements when it starts.
    """
    match server:
        case TritonServer():
            return TRITON
        case MLServerRuntime() | HuggingFaceServer() | TempoServer() | LightGBMServer() | OnnxServer():
            return MLSERVER
        case TorchServeServer() | Detector() | ExplainerServer():
            return MLSERVER
        case SklearnServer() | XGBoostServer() | MLflowServer() if protocol == "v2":
            return MLSERVER
        case MLflowServer():
            return PIP_AT_START
    return NOTHING
