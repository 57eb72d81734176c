"""gRPC and Pulumi's messages, without what stands around them and is slow to load.

Importing `pulumi.runtime.proto.provider_pb2` runs `pulumi/__init__.py` first, `grpc` loads its asyncio half and
asyncio itself, and protobuf its messages in Python beside those in C: each costs more than what is needed here. So
other modules stand in front of them while they are imported, and go again.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto", "pulumi.runtime.proto.codegen")
_ASYNCIO_HALF = "grpc.aio"
_ASYNCIO = "asyncio"
_PYTHON_MESSAGES = "google.protobuf.internal.python_message"


class _OnDemand(ModuleType):
    """Stands for a module that is kept, and asked for something only by what is not used here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # The import system's own questions need no answer.
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def _stand_in() -> list[str]:
    """Register what stands in front; what the process has loaded already stays."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the Pulumi SDK is not installed here: run `pip install pulumi`")
    root = Path(spec.origin).parent.parent
    missing = [name for name in _PACKAGES if name not in sys.modules]
    for name in missing:
        sys.modules[name] = package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
    if "grpc" not in sys.modules:
        sys.modules[_ASYNCIO_HALF] = ModuleType(_ASYNCIO_HALF)
        missing.append(_ASYNCIO_HALF)
        if _ASYNCIO not in sys.modules:
            sys.modules[_ASYNCIO] = _OnDemand(_ASYNCIO)
            missing.append(_ASYNCIO)
    if "google.protobuf.descriptor_pool" not in sys.modules and _PYTHON_MESSAGES not in sys.modules:
        sys.modules[_PYTHON_MESSAGES] = _OnDemand(_PYTHON_MESSAGES)
        missing.append(_PYTHON_MESSAGES)
    return missing


def _go(names: list[str]) -> None:
    """Take what stands in front away, so that whoever imports the real modules gets them."""
    for name in names:
        del sys.modules[name]
    if _ASYNCIO_HALF in names:
        del grpc.aio


_added = _stand_in()

import grpc  # noqa: E402
from google.protobuf.empty_pb2 import Empty  # noqa: E402
from pulumi.runtime.proto import (  # noqa: E402
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

_go(_added)

__all__ = [
    "Empty",
    "engine_pb2",
    "engine_pb2_grpc",
    "grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
