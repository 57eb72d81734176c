"""``seldon:cluster:Rollout``: the spec of a SeldonDeployment, to which it is brought in steps."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceModel, ResourceType
from seldon_infra.resources.rollout import RolloutInputs


class RequestLog(ResourceModel):
    """What keeps live requests of the deployment as long as a mirror gate asks for them: the stack's payload log."""

    namespace: str = Field(description="Where its pods are.")
    pods: str = Field(description="Selector of their labels.")
    port: int = Field(description="Of each pod's loopback interface, where it gives them.")


class ClusterRolloutInputs(Inputs):
    """What a SeldonDeployment shall be, and how it comes there; the object itself is made by another resource."""

    namespace: str = Field(description="The deployment's namespace.")
    name: str = Field(description="The deployment's name.")
    spec: dict[str, Any] = Field(description="Its spec, as Seldon's API has it.")
    rollout: RolloutInputs = Field(description="How changes arrive.")
    requests: RequestLog | None = Field(default=None, description="Where a mirror gate finds live requests.")
    ready_seconds: float = Field(default=900.0, gt=0, description="How long the operator may take at each change.")
    node_seconds: float = Field(default=300.0, gt=0, description="How long a pod may wait for a node.")
    context: str | None = Field(default=None, description="Context of the kubeconfig; None takes its current one.")
    kubeconfig: str | None = Field(default=None, description="Path of the kubeconfig; None takes KUBECONFIG's.")


class ClusterRolloutOutputs(ClusterRolloutInputs, Outputs):
    """The same: what is there is read from the cluster."""


CLUSTER_ROLLOUT = ResourceType("seldon:cluster:Rollout", ClusterRolloutInputs, ClusterRolloutOutputs)
