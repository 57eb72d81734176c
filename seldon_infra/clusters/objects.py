"""Objects of a cluster by what a manifest says of them: where the API server has them, what scales in a namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seldon_infra.clusters.live import Cluster
from seldon_infra.core.errors import NotFound

AUTOSCALERS = (
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("keda.sh/v1alpha1", "ScaledObject"),
)
"""Kinds of objects that ask for an autoscaler."""


@dataclass
class Objects:
    """Reads objects of one cluster; what kinds there are it asks once."""

    cluster: Cluster
    _kinds: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Mapping[str, Any]:
        """Read one object.

        Raises:
            NotFound: it is not there, or the cluster has no such kind.
            NotPermitted: who asks may not read it.
            ClusterNotReached: there was no answer.
        """
        place = f"{namespace}/" if namespace else ""
        return self.cluster.get(
            f"{self._folder(api_version, kind, namespace)}/{name}", f"{kind} {place}{name} of {api_version}"
        )

    def autoscalers(self, namespace: str) -> Iterator[Mapping[str, Any]]:
        """Read all that asks for an autoscaler in a namespace, whichever kinds the cluster has."""
        for api_version, kind in AUTOSCALERS:
            try:
                path = self._folder(api_version, kind, namespace)
            except NotFound:
                continue
            yield from self.cluster.get(path, f"{kind}s of namespace {namespace}").get("items", ())

    def _folder(self, api_version: str, kind: str, namespace: str) -> str:
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        if api_version not in self._kinds:
            found = self.cluster.get(base, f"API {api_version}")["resources"]
            self._kinds[api_version] = {it["kind"]: it for it in found if "/" not in it["name"]}
        known = self._kinds[api_version].get(kind)
        if known is None:
            raise NotFound(f"cluster '{self.cluster.name}' has no kind {kind} in {api_version}")
        inside = f"/namespaces/{namespace or 'default'}" if known["namespaced"] else ""
        return f"{base}{inside}/{known['name']}"
