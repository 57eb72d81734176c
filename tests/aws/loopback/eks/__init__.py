"""EKS in one region. Each operation is a method of its name in one of the parts below; what is missing says so."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from tests.aws.loopback.eks.access import AccessEntries
from tests.aws.loopback.eks.addons import Addons
from tests.aws.loopback.eks.clusters import Clusters
from tests.aws.loopback.eks.identities import PodIdentities
from tests.aws.loopback.eks.nodegroups import Nodegroups
from tests.aws.loopback.eks.state import State
from tests.aws.loopback.eks.tags import Tags
from tests.aws.loopback.neighbours import Neighbours
from tests.aws.loopback.shelf import Clock
from tests.aws.loopback.wire import NOT_SERVED, AwsError


class Eks:
    """The service; a test reaches into `state` to change things behind the provider's back."""

    def __init__(self, region: str, clock: Clock, neighbours: Neighbours) -> None:
        self.state = state = State(region, clock, neighbours)
        self._parts = [part(state) for part in (Clusters, Nodegroups, Addons, AccessEntries, PodIdentities, Tags)]

    def serve(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call."""
        if operation.startswith("Describe"):
            self.state.clock.tick()
        for part in self._parts:
            if method := getattr(part, xform_name(operation), None):
                return dict(method(given))
        raise AwsError(NOT_SERVED, f"the loopback does not serve eks.{operation}", 501)
