"""``seldon:cluster:ModelContents``: what the stores held of a stack's models when it was applied.

Nothing is made of it. It keeps what was seen last, so that whoever cannot look changes nothing, and a refresh has
something to compare with.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceModel, ResourceType, Secret


class ModelContent(ResourceModel):
    """What was seen under one URI; nothing, where nobody could look."""

    uri: str = Field(description="Where the model's files are.")
    source: str | None = Field(
        default=None, description="Where a registry says that they are, for a URI of a registry."
    )
    version: str | None = Field(default=None, description="The version that the registry says it is.")
    listing: str | None = Field(default=None, description="Digest of the files' names, sizes and marks.")
    digest: str | None = Field(
        default=None, description="Digest of their contents, or of the listing where they are too large to be read."
    )


class ModelContentsInputs(Inputs):
    """The models, and how their stores are read."""

    models: dict[str, dict[str, ModelContent]] = Field(
        description="Models by what serves them: a deployment's or a model server's name, and a place in it."
    )
    stores: Secret[dict[str, list[dict[str, Any]]]] = Field(
        description="Settings of the stores of each deployment: their kinds and credentials."
    )
    most: int = Field(description="Bytes up to which a model's contents are read.")


class ModelContentsOutputs(Outputs):
    """What was seen last."""

    models: dict[str, dict[str, ModelContent]] = Field(description="The models.")


MODEL_CONTENTS = ResourceType("seldon:cluster:ModelContents", ModelContentsInputs, ModelContentsOutputs)
