"""Waits until what was made on a control plane has its effect: controllers and the API server's caches come to know it.

An object that was taken is there, and what follows from it comes a little later: a new namespace takes no pods yet, a
Role lets nobody do anything yet, a quota holds nobody back yet.
"""

from __future__ import annotations

from typing import Any

from tests.cluster.control_plane import ControlPlane, Refused, User
from tests.engine.waiting import wait_until

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MISSING = 404


def is_missing(control_plane: ControlPlane, path: str) -> bool:
    """Tell whether the API server says that an object is not there."""
    try:
        control_plane.request("GET", path)
    except Refused as refused:
        return refused.status == MISSING
    return False


def is_there(control_plane: ControlPlane, path: str) -> bool:
    """Tell whether the API server gives what was asked for; it may be about to be able to."""
    try:
        control_plane.request("GET", path)
    except Refused:
        return False
    return True


def make_namespace(control_plane: ControlPlane, name: str, labels: dict[str, str] | None = None) -> None:
    """Make a namespace, and return when pods can be made in it."""
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels or {}}})
    until_it_takes_pods(control_plane, name)


def until_it_takes_pods(control_plane: ControlPlane, namespace: str) -> None:
    """Return when the service account of a namespace's pods is there."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    wait_until(lambda: is_there(control_plane, path))


def remove_namespace(control_plane: ControlPlane, name: str) -> None:
    """Delete a namespace, and return when another test can make it."""
    path = f"/api/v1/namespaces/{name}"
    control_plane.request("DELETE", path)
    wait_until(lambda: is_missing(control_plane, path))


def until_allowed(control_plane: ControlPlane, user: User, verb: str, **asked: str) -> None:
    """Return when somebody may do something: ``group``, ``resource``, ``subresource``, ``namespace``."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": verb, **asked}},
    }
    wait_until(lambda: control_plane.request("POST", REVIEWS, review, user=user)["status"]["allowed"])


def until_refused(control_plane: ControlPlane, path: str, thing: dict[str, Any], words: str) -> None:
    """Return when the API server refuses an object, which is never made, in these words."""

    def said() -> str:
        try:
            control_plane.request("POST", f"{path}?dryRun=All", thing)
        except Refused as refused:
            return refused.message
        return ""

    wait_until(lambda: words in said())
