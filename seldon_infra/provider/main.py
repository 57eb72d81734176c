"""`pulumi-resource-seldon`: the plugin that the engine starts for every `seldon:` resource."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from seldon_infra.provider.serve import serve

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Resource


def main() -> NoReturn:
    """Serve the package `seldon`."""
    serve("seldon", _version, MODULES)


def _version() -> str:
    from importlib.metadata import version

    return version("seldon-infra")


def _types(module: str) -> Callable[[], list[Resource[Any, Any]]]:
    return lambda: [kind() for kind in import_module(module).RESOURCES]


MODULES = {
    "local": _types("seldon_infra.provider.local"),
    "cluster": _types("seldon_infra.provider.cluster"),
    "aws": _types("seldon_infra.provider.aws"),
}
"""The package's resource types, by the middle part of their tokens."""
