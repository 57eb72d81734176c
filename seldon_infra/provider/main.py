"""`pulumi-resource-seldon`: the plugin that the engine starts for every `seldon:` resource."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from seldon_infra.provider.serve import serve
from seldon_infra.provider.settings import Setting
from seldon_infra.resources.account import AWS_ACCOUNT

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Resource


def main() -> NoReturn:
    """Serve the package `seldon`."""
    serve("seldon", _version, MODULES, SETTINGS)


def _version() -> str:
    from importlib.metadata import version

    return version("seldon-infra")


def _types(module: str) -> Callable[[], list[Resource[Any, Any]]]:
    return lambda: [kind() for kind in import_module(module).RESOURCES]


def _expect_account(account: str) -> None:
    os.environ[AWS_ACCOUNT] = account


def _no_account(value: str) -> str | None:
    if re.fullmatch(r"\d{12}", value):
        return None
    return f"{value!r} is no account of AWS: write its 12 digits"


SETTINGS = {
    "awsAccount": Setting(
        "Account that objects of AWS have to be in, 12 digits; credentials of another one are refused.",
        _no_account,
        _expect_account,
    ),
}
"""What the plugin itself may be told."""
MODULES = {
    "local": _types("seldon_infra.provider.local"),
    "cluster": _types("seldon_infra.provider.cluster"),
    "aws": _types("seldon_infra.provider.aws"),
}
"""The package's resource types, by the middle part of their tokens."""
