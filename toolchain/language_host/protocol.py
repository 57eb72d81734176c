"""Pulumi's gRPC messages without Pulumi's SDK around them.

`import pulumi.runtime.proto.language_pb2` runs `pulumi/__init__.py` first, which costs 0.75 s. The language host needs
the generated messages alone, so this module puts empty packages in front of the real ones in this process only; the
user's program runs in another process and gets the real SDK.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto", "pulumi.runtime.proto.codegen")


def _place_empty_packages() -> None:
    """Register a bare module with the right search path for each package on the way to the messages."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the Pulumi SDK is not installed here; run `make setup`")
    root = Path(spec.origin).parent.parent
    for name in PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = package


_place_empty_packages()

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2  # noqa: E402

__all__ = ["language_pb2", "language_pb2_grpc", "plugin_pb2"]
