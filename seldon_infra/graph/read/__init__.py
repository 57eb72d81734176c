"""A SeldonDeployment's manifest as the typed value that renders to it: the reverse of ``render``.

What a manifest says in a field of its own becomes a field of its own. What is left of a pod goes into
``PodTemplate.spec``, in Kubernetes' own words. At the end the value is rendered and held against the manifest: whatever
is not the same is a problem that names its path, so nothing is dropped in silence.
"""

from __future__ import annotations

from seldon_infra.graph.read.deployment import Read, read_deployment

__all__ = ["Read", "read_deployment"]
