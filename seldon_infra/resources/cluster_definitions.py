"""``seldon:cluster:Definitions``: custom resource definitions that a chart leaves behind, taken away with the stack."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceType


class DefinitionsInputs(Inputs):
    """Which definitions, and where."""

    groups: tuple[str, ...] = Field(description="API groups of the definitions: `networking.istio.io`.")
    context: str | None = Field(default=None, description="Context of the kubeconfig; None takes its current one.")
    kubeconfig: str | None = Field(default=None, description="Path of the kubeconfig; None takes KUBECONFIG's.")


class DefinitionsOutputs(DefinitionsInputs, Outputs):
    """What was there before."""

    before: tuple[str, ...] = Field(description="Names of definitions that were there already: those stay.")


DEFINITIONS = ResourceType("seldon:cluster:Definitions", DefinitionsInputs, DefinitionsOutputs)
