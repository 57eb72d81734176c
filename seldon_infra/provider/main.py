"""`pulumi-resource-seldon`: the plugin that the engine starts for every `seldon:` resource."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from seldon_infra.provider.serve import serve

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Resource


def main() -> NoReturn:
    """Serve the package `seldon`."""
    serve("seldon", _version, _resources)


def _version() -> str:
    from importlib.metadata import version

    return version("seldon-infra")


def _resources() -> Iterable[Resource[Any, Any]]:
    from seldon_infra.provider import aws, local

    return [kind() for kind in (*local.RESOURCES, *aws.RESOURCES)]
