"""Pulumi's gRPC messages without Pulumi's SDK around them.

Importing `pulumi.runtime.proto.provider_pb2` runs `pulumi/__init__.py` first, which costs more than everything else
that the plugin loads. So empty packages stand in front of the messages while they are imported, and go again.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto", "pulumi.runtime.proto.codegen")


def _empty_package(name: str, root: Path) -> ModuleType:
    """A bare package whose files are those of the real one."""
    package = ModuleType(name)
    package.__path__ = [str(root.joinpath(*name.split(".")))]
    return package


def _stand_in() -> tuple[str, ...]:
    """Register the empty packages; the real ones stay where the process has them already."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the Pulumi SDK is not installed here: run `pip install pulumi`")
    root = Path(spec.origin).parent.parent
    missing = tuple(name for name in _PACKAGES if name not in sys.modules)
    sys.modules.update({name: _empty_package(name, root) for name in missing})
    return missing


_added = _stand_in()

from pulumi.runtime.proto import (  # noqa: E402
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

for _name in _added:
    del sys.modules[_name]

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
