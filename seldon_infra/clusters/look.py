"""One look at deployments on a cluster: their states, and what was made for those that are still coming up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.pod_trouble import DEPLOYMENT_LABEL, Made, trouble_in
from seldon_infra.clusters.rollout import MARK, State, Tree, Trouble, mark, state_of, unmarked
from seldon_infra.core.errors import NotFound, NotPermitted, SeldonInfraError
from seldon_infra.graph.manifest import GROUP, PLURAL

LOG_LINES = 10
_MADE = {
    "deployments": "/apis/apps/v1/namespaces/{}/deployments",
    "replica_sets": "/apis/apps/v1/namespaces/{}/replicasets",
    "pods": "/api/v1/namespaces/{}/pods",
}


@dataclass(frozen=True)
class Seen:
    """What one look found of a deployment."""

    found: Tree | None
    state: State
    trouble: Trouble | None = None
    note: str = ""
    """What could not be looked at, and why."""

    @property
    def description(self) -> str:
        """What the operator says of it."""
        said = str(((self.found or {}).get("status") or {}).get("description") or "")
        return "" if said == MARK else said


@dataclass
class Look:
    """Looks at deployments through one cluster's API server."""

    cluster: Cluster
    _no_mark: str = ""
    """Why no status may be marked, if that is so."""
    _settled: set[tuple[str, str, int]] = field(default_factory=set)

    def at(self, names: Mapping[tuple[str, str], bool]) -> dict[tuple[str, str], Seen]:
        """Look at deployments, given by namespace and name.

        Args:
            names: which, and whether what was made for them is looked at where they are not Available yet.
        """
        spaces = defaultdict[str, dict[str, bool]](dict)
        for (namespace, name), closer in names.items():
            spaces[namespace][name] = closer
        return {
            (namespace, name): seen
            for namespace, inside in spaces.items()
            for name, seen in self._in_namespace(namespace, inside).items()
        }

    def _in_namespace(self, namespace: str, names: Mapping[str, bool]) -> dict[str, Seen]:
        found = self._deployments(namespace, names)
        states = {name: self._state(found.get(name)) for name in names}
        coming = [name for name, closer in names.items() if closer and _is_coming(states[name])]
        made, note = self._made(namespace, coming)
        return {
            name: Seen(found.get(name), state, trouble_in(found[name], made.of(name)), note)
            if name in coming
            else Seen(found.get(name), state, note=self._no_mark if state is State.STALE else "")
            for name, state in states.items()
        }

    def _deployments(self, namespace: str, names: Iterable[str]) -> dict[str, Tree]:
        path = f"/apis/{GROUP}/v1/namespaces/{namespace}/{PLURAL}"
        first, *others = names
        if others:
            items = self.cluster.get(path, f"SeldonDeployments of namespace '{namespace}'")["items"]
            return {each["metadata"]["name"]: each for each in items}
        try:
            return {first: self.cluster.get(f"{path}/{first}", f"SeldonDeployment '{first}'")}
        except NotFound:
            return {}

    def _state(self, deployment: Tree | None) -> State:
        """Tell a deployment's state; one that may be of an older version is marked."""
        if deployment is None:
            return State.UNSEEN
        state = state_of(deployment)
        if state is not State.STALE:
            return state
        if not self._no_mark:
            self._mark(deployment)
        return self._settled_state(deployment) if self._no_mark else state

    def _mark(self, deployment: Tree) -> None:
        metadata = deployment["metadata"]
        what = f"status of SeldonDeployment '{metadata['name']}'"
        path = f"/apis/{GROUP}/v1/namespaces/{metadata['namespace']}/{PLURAL}/{metadata['name']}/status"
        try:
            self.cluster.patch(f"{path}?fieldManager=seldon-infra", what, mark(deployment))
        except NotFound:
            pass  # it was deleted meanwhile; the next look says so
        except NotPermitted as error:
            self._no_mark = str(error)

    def _settled_state(self, deployment: Tree) -> State:
        """Without the right to mark, a state counts when a second look still finds it: the operator is quick."""
        metadata = deployment["metadata"]
        version = metadata["namespace"], metadata["name"], metadata["generation"]
        if version in self._settled:
            return unmarked(deployment)
        self._settled.add(version)
        return State.STALE

    def _made(self, namespace: str, names: list[str]) -> tuple[Made, str]:
        """Read what was made for deployments; who may not is told, and then only the operator's word counts."""
        if not names:
            return Made((), (), ()), ""
        wanted = quote(f"{DEPLOYMENT_LABEL} in ({','.join(names)})" if len(names) <= 20 else DEPLOYMENT_LABEL)
        try:
            lists = {
                kind: self.cluster.get(f"{path.format(namespace)}?labelSelector={wanted}", f"{kind} of '{namespace}'")
                for kind, path in _MADE.items()
            }
        except NotPermitted as error:
            return Made((), (), ()), f"its pods cannot be looked at: {error}"
        return Made(**{kind: each["items"] for kind, each in lists.items()}), ""


def log_of(cluster: Cluster, namespace: str, trouble: Trouble) -> str:
    """Give the last lines of a container in trouble, or why there are none."""
    if trouble.container is None:
        return ""
    place = f"pod {trouble.pod}, container {trouble.container}"
    query = f"container={trouble.container}&tailLines={LOG_LINES}"
    try:
        text = cluster.text(f"/api/v1/namespaces/{namespace}/pods/{trouble.pod}/log?{query}", f"log of {place}")
    except SeldonInfraError as error:
        return f"\n  {place}: its last lines cannot be read: {error}"
    lines = [f"\n    {line}" for line in text.splitlines()[-LOG_LINES:]]
    return f"\n  {place}, last lines:{''.join(lines)}" if lines else f"\n  {place} has written nothing"


def _is_coming(state: State) -> bool:
    return state in (State.CREATING, State.FAILED)
