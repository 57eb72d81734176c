"""The plugin process of the `seldon:memory:*` types."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seldon_infra.provider.serve import serve

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Resource

REPOSITORY = Path(__file__).parents[3]


def install(folder: Path) -> Path:
    """Write the plugin's executable into `folder`."""
    folder.mkdir(parents=True)
    executable = folder / "pulumi-resource-seldon"
    executable.write_text(
        f"#!{sys.executable}\n"
        f"import sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from tests.engine.memory_provider.plugin import main\nmain()\n"
    )
    executable.chmod(0o755)
    return folder


def main() -> None:
    serve("seldon", lambda: "0.0.1", {"memory": _resources})


def _resources() -> Iterable[Resource[Any, Any]]:
    from tests.engine.memory_provider.types import Bucket, Task, Vault

    return [Bucket(), Task(), Vault()]
