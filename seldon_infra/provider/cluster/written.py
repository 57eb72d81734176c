"""A SeldonDeployment of which this provider writes the spec, and another one all else.

Server-side apply has a manager for each field. The Kubernetes provider makes the object, and so is its spec's first
manager: that is taken from it, for two managers of a field keep it alive when one of them drops it. From then on it
leaves the spec alone when it changes metadata, since ``ignoreChanges`` drops fields that others manage (``ssaUpdate``
and ``handleSSAIgnoreFields`` of pulumi-kubernetes, provider/pkg/await/await.go), and takes it back by force when no
rollout is declared any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.pod_trouble import DEPLOYMENT_LABEL
from seldon_infra.clusters.rollouts import Patience, Rollouts
from seldon_infra.clusters.stepped import NOTE, Note, Tree
from seldon_infra.core.errors import ClusterNotReached, LimitReached, NotFound, NotPermitted
from seldon_infra.graph.manifest import GROUP, KIND, PLURAL, VERSIONS
from seldon_infra.provider.framework import Cancelled, Context, TimedOut

MANAGER = "seldon-infra-rollout"
"""Field manager of the spec."""
ENGINE_MANAGERS = "pulumi-kubernetes"
"""How names of the Kubernetes provider's field managers begin (``fieldManagerName`` of its provider.go)."""
TRIES = 5
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Written:
    """One SeldonDeployment on a cluster."""

    at: Cluster
    namespace: str
    name: str

    def found(self) -> Tree | None:
        """Give the object as it is; None where it is not there."""
        try:
            return self.at.get(self._path, self._what)
        except NotFound:
            return None

    def put(self, spec: Tree, note: Note) -> Tree:
        """Write the spec and how far it is, both at once; give the object as it is then."""
        found = self.at.get(self._path, self._what)
        if any(each != _without_spec(each) for each in found["metadata"].get("managedFields", ())):
            # What is taken over whole first can be left out by what is written then.
            self._own_alone(self._apply({}, {"spec": found["spec"]}))
        return self._apply({"annotations": {NOTE: note.text}}, {"spec": spec})

    def leave(self) -> None:
        """Give the spec back to the Kubernetes provider, where that has taken it: no rollout is declared any more."""
        found = self.found()
        if found is not None and any(_has_predictors(each) for each in found["metadata"].get("managedFields", ())):
            self._apply({}, {})

    def wait(self, patience: Patience, context: Context) -> None:
        """Wait until the operator reports this very spec Available, and its Deployments run no older pods.

        Raises:
            NotReady: its pods cannot come up.
            LimitReached: it took too long.
            Cancelled: the user interrupted it.
        """
        asyncio.run(_available(Rollouts(lambda: self.at, patience), self, context))
        # The operator does not look whether a Deployment has seen its change yet, and reports it ready before.
        try:
            context.within(patience.ready).wait_for(f"the pods of {self._what}", self._has_rolled_out)
        except TimedOut:
            raise LimitReached(f"{self._what}: its Deployments run older pods after {patience.ready:g} s") from None

    def _has_rolled_out(self) -> bool:
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        chosen = quote(f"{DEPLOYMENT_LABEL}={self.name}")
        try:
            made = self.at.get(f"{path}?labelSelector={chosen}", f"Deployments of namespace '{self.namespace}'")[
                "items"
            ]
        except NotPermitted:
            return True  # Then the operator's word is all there is.
        return all(map(runs_no_older_pods, made))

    def _apply(self, metadata: Mapping[str, Any], rest: Tree) -> Tree:
        place = {"name": self.name, "namespace": self.namespace}
        manifest = {"apiVersion": f"{GROUP}/{VERSIONS[0]}", "kind": KIND, "metadata": {**place, **metadata}, **rest}
        return self.at.apply(f"{self._path}?fieldManager={MANAGER}&force=true", self._what, manifest)

    def _own_alone(self, found: Tree) -> None:
        """Take the spec from who made the object, as long as nobody else writes it at the same moment."""
        for last in range(TRIES - 1, -1, -1):
            metadata = found["metadata"]
            fields = metadata.get("managedFields", [])
            others = [_without_spec(each) for each in fields]
            if others == fields:
                return
            change = {"metadata": {"managedFields": others, "resourceVersion": metadata["resourceVersion"]}}
            try:
                self.at.patch(f"{self._path}?fieldManager={MANAGER}", self._what, change)
            except ClusterNotReached:
                if not last:
                    raise
            found = self.at.get(self._path, self._what)

    @property
    def _path(self) -> str:
        return f"/apis/{GROUP}/{VERSIONS[0]}/namespaces/{self.namespace}/{PLURAL}/{self.name}"

    @property
    def _what(self) -> str:
        return f"SeldonDeployment '{self.name}'"


async def _available(rollouts: Rollouts, written: Written, context: Context) -> None:
    waiting = asyncio.ensure_future(rollouts.available(written.namespace, written.name, context.progress))
    while not waiting.done():
        await asyncio.wait({waiting}, timeout=LOOK_SECONDS)
        if context.cancelled.is_set():
            waiting.cancel()
            raise Cancelled("interrupted")
    await waiting


def _has_predictors(entry: Tree) -> bool:
    """Tell whether the Kubernetes provider manages the predictors."""
    return _is_engines(entry) and "f:predictors" in entry["fieldsV1"].get("f:spec", {})


def _without_spec(entry: Tree) -> Tree:
    if not _is_engines(entry):
        return entry
    return {**entry, "fieldsV1": {key: value for key, value in entry["fieldsV1"].items() if key != "f:spec"}}


def _is_engines(entry: Tree) -> bool:
    return bool(entry.get("operation") == "Apply" and str(entry.get("manager", "")).startswith(ENGINE_MANAGERS))


def runs_no_older_pods(deployment: Tree) -> bool:
    """Tell whether a Deployment has seen its last change, and all its pods are of that and available."""
    status, spec = deployment.get("status", {}), deployment["spec"]
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    wanted = spec.get("replicas", 1)
    pods = (status.get("replicas", 0), status.get("updatedReplicas", 0), status.get("availableReplicas", 0))
    return seen and pods == (wanted,) * len(pods)
