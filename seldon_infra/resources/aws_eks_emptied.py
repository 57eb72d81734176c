"""``seldon:aws:EksEmptied``: what a destroy waits for before it takes a cluster's nodes away."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceType


class EksEmptiedInputs(Inputs):
    """A cluster."""

    region: str = Field(min_length=1, description="Region, such as eu-west-1.")
    cluster_name: str = Field(min_length=1, description="Name of the cluster.")


class EksEmptiedOutputs(EksEmptiedInputs, Outputs):
    """The same: nothing stands for it in AWS."""


EKS_EMPTIED = ResourceType("seldon:aws:EksEmptied", EksEmptiedInputs, EksEmptiedOutputs)
