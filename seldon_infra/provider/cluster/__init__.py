"""The resource types of clusters."""

from __future__ import annotations

from seldon_infra.provider.cluster.definitions import Definitions

RESOURCES = (Definitions,)
"""Every type that the plugin serves beside those of the local target."""
