"""A stand-in for Pulumi's provider docker-build: it builds nothing, and digests the context that it would have built.

Names of inputs and outputs are those of resource Image of pulumi/pulumi-docker-build 0.0.22.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from seldon_infra.artifacts.stores import resolve
from seldon_infra.provider.framework import Context, Created, Instance, Resource
from seldon_infra.provider.serve import serve
from seldon_infra.resources.model import Inputs, Outputs, ResourceType, Secret

ROOT = Path(__file__).parents[2]


class ImageInputs(Inputs):
    """What is built."""

    context: dict[str, str]
    dockerfile: dict[str, str]
    tags: list[str]
    platforms: list[str]
    build_args: dict[str, str]
    push: bool
    build_on_preview: bool
    builder: dict[str, str] | None = None
    registries: Secret[list[dict[str, str]]] | None = None
    context_hash: str | None = Field(default=None, description="Of the context; computed when inputs are checked.")


class ImageOutputs(ImageInputs, Outputs):
    """An image that was pushed."""

    ref: str


class Image(Resource[ImageInputs, ImageOutputs]):
    """An image; the context is looked for from where this process was started, as the provider does."""

    type = ResourceType("docker-build:index:Image", ImageInputs, ImageOutputs)
    computed = frozenset({"context_hash"})

    def check(self, inputs: ImageInputs, context: Context) -> ImageInputs:
        """Digest the context now, so that a preview shows that it has changed."""
        Path(inputs.dockerfile["location"]).read_text(encoding="utf-8")
        return inputs.model_copy(update={"context_hash": resolve(inputs.context["location"], Path.cwd()).digest})

    def preview(self, inputs: ImageInputs, last: Instance[ImageInputs, ImageOutputs] | None) -> Mapping[str, object]:
        """Nothing of an image is known before it is built."""
        return {}

    def create(self, inputs: ImageInputs, context: Context) -> Created[ImageOutputs]:
        """Give the name with a digest."""
        return Created(inputs.tags[0], ImageOutputs(**dict(inputs), ref=f"{inputs.tags[0]}@{inputs.context_hash}"))

    def find(self, inputs: ImageInputs, context: Context) -> Iterable[Instance[ImageInputs, ImageOutputs]]:
        """Nothing is kept anywhere."""
        return ()

    def read(
        self, id: str, last: Instance[ImageInputs, ImageOutputs] | None, context: Context
    ) -> Instance[ImageInputs, ImageOutputs] | None:
        """Give what was there."""
        return last

    def delete(self, id: str, last: Instance[ImageInputs, ImageOutputs], context: Context) -> None:
        """Leave the registry as it is."""


def install(folder: Path) -> Path:
    """Write the plugin's executable into ``folder``."""
    executable = folder / "pulumi-resource-docker-build"
    executable.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.engine.docker_build_provider import main\nmain()\n"
    )
    executable.chmod(0o755)
    return folder


def main() -> None:
    """Serve the type."""
    serve("docker-build", lambda: "0.0.22", {"index": _resources})


def _resources() -> Iterable[Resource[Any, Any]]:
    return [Image()]
