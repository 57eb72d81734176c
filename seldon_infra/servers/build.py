"""How an image of the user's class is built."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar

from pydantic import Field

from seldon_infra.core.model import Later, Many, Spec


class ImageBuild(Spec):
    """An image of your class that Pulumi builds and pushes for a cluster; this machine runs the class without it.

    Source: resource Image of pulumi/pulumi-docker-build, which needs Docker's buildx or a BuildKit that it reaches.
    """

    noun: ClassVar[str] = "ImageBuild"

    tag: str
    """Name under which the image is pushed: ``registry.example/score:1``. Pods run it by its digest."""
    context: str
    """Folder of the project that ``seldon-infra containerfile`` has written: ``build/score``."""
    platforms: Many[str] = ("linux/amd64",)
    """Platforms of the nodes that it runs on. Default: ``linux/amd64``."""
    builder: str | None = None
    """Name of a builder that buildx knows. Default: its own default."""
    username: Later[str] | None = None
    """Who pushes. Default: whoever has logged in to the registry with Docker."""
    password: Later[str] | None = Field(default=None, repr=False)
    """Password of ``username``; a secret in Pulumi's state whatever is given. Default: none."""
