"""``seldon:local:Artifact``: a model or a user's class, copied into the stack's folder by its digest."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceType, Secret


class ArtifactInputs(Inputs):
    """Which files, and their digest."""

    stack_dir: str = Field(description="Absolute path of the stack's folder.")
    project: str = Field(description="Absolute path of the folder that relative URIs start from.")
    uri: str = Field(description="Path or file: URI of a file or a folder.")
    server: str | None = Field(
        default=None,
        description="Kind of the server that loads the files, which decides what they may import; "
        "nothing is judged without it.",
    )
    trusted: list[str] = Field(default=[], description="Names that the files may import beside those on the list.")
    storage: Secret[dict[str, Any]] | None = Field(
        default=None, description="Settings of the store that the URI leads to: its kind and its credentials."
    )
    signed_by: str | None = Field(
        default=None, description="Path of the public key that the files must be signed with, relative to the project."
    )
    model_digest: str | None = Field(default=None, description="Digest that the files must have; none lets any pass.")
    digest: str | None = Field(default=None, description="Digest of the files; computed when the inputs are checked.")


class ArtifactOutputs(ArtifactInputs, Outputs):
    """Where the copy is."""

    path: str = Field(description="Absolute path of the copy's folder.")


ARTIFACT = ResourceType("seldon:local:Artifact", ArtifactInputs, ArtifactOutputs)
