"""Objects of a cluster as Pulumi resources: what is asked of the API server for each call of the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.cluster.kubernetes_provider.api import MANAGER, Api, ApiError

WAIT_FOR = "pulumi.com/waitFor"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_SECONDS = 600.0
POLL_SECONDS = 0.1
Tree = dict[str, Any]


class NotReady(Exception):
    """The object is there, but what was waited for did not come."""

    def __init__(self, found: Tree, reason: str) -> None:
        super().__init__(reason)
        self.found = found


def identity(manifest: Tree) -> str:
    """An object's id: NAMESPACE/NAME, or NAME where it has no namespace."""
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


class Held(Exception):
    """The object does not go."""

    def __init__(self, finalizers: list[str]) -> None:
        super().__init__("timed out waiting for the condition")
        self.finalizers = finalizers


def make(api: Api, manifest: Tree, cancelled: threading.Event, timeout: float) -> Tree:
    """Make an object and wait for it, as :func:`put` does."""
    return _ready(api, manifest, api.create(manifest), cancelled, timeout)


def put(api: Api, manifest: Tree, cancelled: threading.Event, timeout: float, ignored: Sequence[str] = ()) -> Tree:
    """Change an object, but for fields to be ignored, and wait for what its annotations and kind ask for.

    Raises:
        ApiError: it is not there, among others: the real provider looks first (await.go, Update).
        NotReady: it is there, but not ready in time, or the run was cancelled.
    """
    if api.get(manifest) is None:
        raise ApiError(404, f"{manifest['kind']} {identity(manifest)} not found")
    return _ready(api, manifest, api.apply(without_ignored(api, manifest, ignored)), cancelled, timeout)


def without_ignored(api: Api, manifest: Tree, ignored: Sequence[str]) -> Tree:
    """Leave out fields that others alone manage, and take those that are there for all others to be ignored.

    Source: handleSSAIgnoreFields of pulumi-kubernetes, provider/pkg/await/await.go; only fields at the top here.
    """
    found = (api.get(manifest) if ignored else None) or {}
    managed = found.get("metadata", {}).get("managedFields", [])
    ours = {key for each in managed if each["manager"] == MANAGER for key in each["fieldsV1"]}
    theirs = {key for each in managed if each["manager"] != MANAGER for key in each["fieldsV1"]}
    left_out = {key for key in ignored if f"f:{key}" in theirs - ours}
    kept = {key: found[key] for key in ignored if key in found}
    return {key: value for key, value in {**manifest, **kept}.items() if key not in left_out}


def _ready(api: Api, manifest: Tree, found: Tree, cancelled: threading.Event, timeout: float) -> Tree:
    end = time.monotonic() + (timeout or WAIT_SECONDS)
    while not (is_ready := readiness(manifest))(found):
        if cancelled.wait(POLL_SECONDS) or time.monotonic() > end:
            raise NotReady(found, f"{manifest['kind']} {identity(manifest)} is not ready: {is_ready.__doc__}")
        found = api.get(manifest) or found
    return found


def take_away(api: Api, manifest: Tree, cancelled: threading.Event, timeout: float) -> None:
    """Delete an object and wait until it is gone, ten minutes at most by default (await.go, Deletion).

    Raises:
        Held: it was not gone in time, or the run was cancelled.
    """
    api.delete(manifest)
    end = time.monotonic() + (timeout or WAIT_SECONDS)
    while (found := api.get(manifest)) is not None:
        if cancelled.wait(POLL_SECONDS) or time.monotonic() > end:
            raise Held(found["metadata"].get("finalizers", []))


def readiness(manifest: Tree) -> Callable[[Tree], bool]:
    """How to tell that an object is ready."""
    annotations = manifest["metadata"].get("annotations", {})
    if annotations.get(SKIP_AWAIT) == "true":
        return lambda found: True
    if wanted := annotations.get(WAIT_FOR):
        return jsonpath_holds(wanted)
    return {"Deployment": is_rolled_out, "Namespace": is_active}.get(manifest["kind"], lambda found: True)


def jsonpath_holds(condition: str) -> Callable[[Tree], bool]:
    """Read a condition such as ``jsonpath={.status.state}=Available``."""
    path, _, value = condition.removeprefix("jsonpath={").partition("}=")

    def holds(found: Tree) -> bool:
        at: Any = found
        for key in path.strip(".").split("."):
            at = at.get(key, {}) if isinstance(at, dict) else {}
        return bool(at == value)

    holds.__doc__ = f"waited for {condition}"
    return holds


def is_rolled_out(found: Tree) -> bool:
    """Every replica is ready."""
    status, spec = found.get("status", {}), found["spec"]
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return bool(seen and status.get("readyReplicas", 0) == spec.get("replicas", 1))


def is_active(found: Tree) -> bool:
    """The namespace takes objects."""
    return bool(found.get("status", {}).get("phase") == "Active")
