"""What all parts of EKS share: the shelves, ids and ARNs, pages of lists, and updates."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.aws.loopback.neighbours import Neighbours
from tests.aws.loopback.shelf import Body, Clock, Shelf
from tests.aws.loopback.wire import AwsError

ACCOUNT = "123456789012"
_PAGE = 100


def now() -> datetime:
    """When something was made or changed."""
    return datetime.now(UTC)


class State:
    """A region's EKS objects."""

    def __init__(self, region: str, clock: Clock, neighbours: Neighbours) -> None:
        self.region, self.clock, self.neighbours = region, clock, neighbours
        self.clusters: Shelf[str] = Shelf("cluster", clock)
        self.nodegroups: Shelf[tuple[str, str]] = Shelf("node group", clock)
        self.addons: Shelf[tuple[str, str]] = Shelf("addon", clock)
        self.entries: Shelf[tuple[str, str]] = Shelf("access entry", clock)
        self.associations: Shelf[tuple[str, str]] = Shelf("association", clock)
        self.api: tuple[str, str] | None = None
        """Address and CA (base64) of a real API server, for whoever is to get onto clusters; else both are made up."""
        self.policies: dict[tuple[str, str], dict[str, Body]] = {}
        """The access policies of each entry, by their ARN."""
        self.policies_seen: dict[tuple[str, str], tuple[int, dict[str, Body]]] = {}
        """What late readers see of them, and until when."""
        self.updates: dict[tuple[str, str, str], list[Body]] = {}
        """The updates of a cluster, or of its node group or addon."""
        self._asked: dict[str, tuple[Body, Body]] = {}
        self._numbers = itertools.count(1)
        self._update_errors: list[Body] = []

    def born(self) -> list[str]:
        """Everything that was ever made, by its key."""
        shelves: list[Shelf[Any]] = [self.clusters, self.nodegroups, self.addons, self.entries, self.associations]
        return [str(key) for shelf in shelves for key in shelf.born]

    def new_id(self) -> str:
        """An id that nothing else has."""
        return hashlib.sha256(str(next(self._numbers)).encode()).hexdigest()[:32]

    def arn(self, kind: str, *names: str) -> str:
        """The ARN of an object."""
        return f"arn:aws:eks:{self.region}:{ACCOUNT}:{kind}/{'/'.join(names)}"

    def active_cluster(self, name: str) -> Body:
        """A cluster that takes node groups, addons and the like."""
        cluster = self.clusters.get(name)
        if cluster["status"] not in ("ACTIVE", "UPDATING"):
            raise AwsError("InvalidRequestException", f"Cluster '{name}' is not in ACTIVE status")
        return cluster

    def in_cluster(self, shelf: Shelf[tuple[str, str]], cluster: str) -> list[str]:
        """The names of a cluster's objects of one kind."""
        self.clusters.read(cluster)
        return [name for owner, name in shelf.visible() if owner == cluster]

    def page(self, key: str, items: list[Any], given: Body) -> Body:
        """A list's page and the token of the next one."""
        start, size = int(given.get("nextToken", 0)), given.get("maxResults", _PAGE)
        more = {"nextToken": str(start + size)} if start + size < len(items) else {}
        return {key: items[start : start + size], **more}

    def fail_next_update(self, code: str, message: str, *ids: str) -> None:
        """Let the next update end as Failed, without effect."""
        self._update_errors.append({"errorCode": code, "errorMessage": message, "resourceIds": list(ids)})

    def update(self, owner: tuple[str, str, str], kind: str, given: Body, apply: Callable[[], None]) -> Body:
        """Begin an update; at its end it is applied, unless the test has said that it fails. A token counts once."""
        if earlier := self._asked.get(given.get("clientRequestToken", "")):
            if earlier[0] != given:
                raise AwsError("InvalidParameterException", "the token was used with other parameters")
            return {"update": earlier[1]}
        shelf, key = self._shelf_of(owner)
        if shelf.get(key)["status"] not in ("ACTIVE", "DEGRADED", "UPDATE_FAILED"):
            raise AwsError("ResourceInUseException", f"{owner} currently has an update in progress")
        update = {"id": self.new_id(), "status": "InProgress", "type": kind, "params": [], "createdAt": now()}
        update["errors"] = []
        self.updates.setdefault(owner, []).append(update)
        self._asked[given.get("clientRequestToken", "")] = (given, update)
        self._begin(shelf, key, update, apply)
        return {"update": dict(update)}

    def _begin(self, shelf: Shelf[Any], key: Any, update: Body, apply: Callable[[], None]) -> None:
        errors = [self._update_errors.pop(0)] if self._update_errors else []

        def done() -> None:
            update["status"] = "Failed" if errors else "Successful"
            update["errors"] = errors
            if not errors:
                apply()

        shelf.write(key)
        shelf.pass_through(key, "UPDATING", "ACTIVE", done)

    def _shelf_of(self, owner: tuple[str, str, str]) -> tuple[Shelf[Any], Any]:
        cluster, kind, name = owner
        shelves: dict[str, Shelf[Any]] = {"nodegroup": self.nodegroups, "addon": self.addons}
        return (shelves[kind], (cluster, name)) if kind else (self.clusters, cluster)
