"""The resource types of clusters."""

from __future__ import annotations

from seldon_infra.provider.cluster.definitions import Definitions
from seldon_infra.provider.cluster.model_contents import ModelContents
from seldon_infra.provider.cluster.rollout import Rollout

RESOURCES = (Definitions, ModelContents, Rollout)
"""Every type that the plugin serves beside those of the local target."""
