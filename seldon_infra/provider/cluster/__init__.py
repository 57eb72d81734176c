"""The resource types of clusters."""

from __future__ import annotations

from seldon_infra.provider.cluster.definitions import Definitions
from seldon_infra.provider.cluster.rollout import Rollout

RESOURCES = (Definitions, Rollout)
"""Every type that the plugin serves beside those of the local target."""
