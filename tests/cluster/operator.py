"""Plays Seldon's operator, in the one thing that the library waits for: it says what has become of a deployment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.cluster.control_plane import CONFLICT, ControlPlane, Refused

EVERY_SECONDS = 0.1


@contextmanager
def operator(control_plane: ControlPlane, state: str = "Available", description: str = "") -> Iterator[None]:
    """Give every SeldonDeployment a state as soon as it is there, inside the block."""

    def look() -> None:
        for deployment in deployments(control_plane):
            report(control_plane, deployment, state, description)

    with repeatedly(look, EVERY_SECONDS):
        yield


@contextmanager
def repeatedly(act: Callable[[], None], every: float) -> Iterator[None]:
    """Do something again and again beside the block, so many seconds apart."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            with suppress(OSError):  # an API server that is restarted, or busy for long: the next look is as good
                act()

    acting = threading.Thread(target=go_on, daemon=True)
    acting.start()
    try:
        yield
    finally:
        over.set()
        acting.join()


def deployments(control_plane: ControlPlane) -> list[dict[str, Any]]:
    """Every SeldonDeployment; none where the kind is yet to be defined, or its storage to be made (429, 5xx)."""
    try:
        return list(control_plane.request("GET", f"/apis/{GROUP}/v1/{PLURAL}")["items"])
    except Refused as refused:
        if refused.status not in (404, 429) and refused.status < 500:
            raise
        return []


def report(control_plane: ControlPlane, deployment: dict[str, Any], state: str, description: str) -> None:
    """Write a deployment's status, once per generation."""
    metadata = deployment["metadata"]
    status = {"state": state, "description": description, "observedGeneration": metadata["generation"]}
    if deployment.get("status") == status:
        return
    path = f"/apis/{GROUP}/v1/namespaces/{metadata['namespace']}/{PLURAL}/{metadata['name']}/status"
    patch = {"status": status}
    try:
        control_plane.request("PATCH", path, patch, content_type="application/merge-patch+json")
    except Refused as refused:  # it is gone, or somebody else writes it: the next look will see
        if refused.status not in (404, CONFLICT, 429) and refused.status < 500:
            raise
