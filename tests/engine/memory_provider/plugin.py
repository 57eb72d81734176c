"""The plugin process of the `seldon:memory:*` types."""

from __future__ import annotations

import sys
from pathlib import Path

from seldon_infra.provider.serve import serve
from tests.engine.memory_provider.types import Bucket, Task

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
    serve("seldon", "0.0.1", [Bucket(), Task()])
