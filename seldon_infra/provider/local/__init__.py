"""The resource types of the local target."""

from __future__ import annotations

from seldon_infra.provider.local.artifact import Artifact
from seldon_infra.provider.local.gateway import Gateway
from seldon_infra.provider.local.process import Process
from seldon_infra.provider.local.route import Route

RESOURCES = (Artifact, Process, Gateway, Route)
"""Every type that the plugin serves."""
