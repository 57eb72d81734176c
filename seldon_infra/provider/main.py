"""`pulumi-resource-seldon`: the plugin that the engine starts for every `seldon:` resource."""

from __future__ import annotations

from importlib.metadata import version
from typing import NoReturn

from seldon_infra.provider.local import RESOURCES
from seldon_infra.provider.serve import serve


def main() -> NoReturn:
    """Serve the package `seldon`."""
    serve("seldon", version("seldon-infra"), [kind() for kind in RESOURCES])
