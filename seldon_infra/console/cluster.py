"""What runs of a stack on a cluster: SeldonDeployments as the API server has them, numbers from Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.rollout import State, unmarked
from seldon_infra.console.drawing import Part, Predictor, drawing
from seldon_infra.console.numbers import Numbers, as_row, together
from seldon_infra.console.pod_logs import PodLogs
from seldon_infra.console.prometheus import Prometheus
from seldon_infra.console.updates import Updates
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.graph.manifest import GROUP
from seldon_infra.monitoring.ask import NoPrometheus

Tree = Mapping[str, Any]
HOLDS_SECONDS = 4.0
"""How long what the cluster and Prometheus said holds."""
MOST_EVENTS = 12
_STATES = {
    State.AVAILABLE: ("ok", "Available"),
    State.CREATING: ("starting", "its pods are coming up"),
    State.FAILED: ("down", "Failed"),
    State.UNSEEN: ("unknown", "Seldon's operator has not seen it yet"),
    State.STALE: ("unknown", "unknown"),
}
NO_NUMBERS = (
    "Numbers of requests are not shown: a cluster's are asked of Prometheus. Start the console with "
    "--prometheus http://127.0.0.1:9090, after `kubectl port-forward` to it or with an address of your own."
)


@dataclass
class ClusterSource:
    """Deployments of one cluster, asked for the page."""

    cluster: Cluster
    name: str
    wanted: frozenset[tuple[str, str]]
    """The stack's deployments: namespace and name."""
    prometheus: Prometheus | None
    updates: Updates
    _listed: tuple[float, list[Tree]] = (float("-inf"), [])
    _told: tuple[float, dict[str, Numbers], str] = field(default=(float("-inf"), {}, ""))
    _logs: PodLogs = field(init=False)

    def __post_init__(self) -> None:
        self._logs = PodLogs(self.cluster)

    def overview(self) -> Mapping[str, Any]:
        """The stack and a row for each deployment."""
        there = self._deployments()
        numbers, trouble = self._numbers()
        found = {_place(each) for each in there}
        missing = sorted(f"{namespace}/{name}" for namespace, name in self.wanted - found)
        notes = [trouble] if trouble else []
        notes += (
            [f"Not on the cluster: {', '.join(missing)}. `pulumi up --stack {self.name}` makes it."] if missing else []
        )
        marks = tuple((it["metadata"]["uid"], it["metadata"].get("generation")) for it in there)
        return {
            **self._whose,
            "state": "ok",
            "said": "",
            "notes": notes,
            "meaning": "Numbers are of the last two minutes, as orchestrators count them.",
            "deployments": [self._row(each, numbers) for each in there],
            "processes": [],
            "updates": self.updates.latest(marks),
        }

    def deployment(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One deployment with its picture and numbers."""
        found = next((it for it in self._deployments() if _place(it) == (namespace, name)), None)
        if found is None:
            return None
        predictors = tuple(_predictors(found))
        numbers, trouble = self._numbers_of(namespace, name, predictors)
        state, said = _state(found)
        return {
            **self._whose,
            "namespace": namespace,
            "name": name,
            "protocol": found["spec"].get("protocol") or "seldon",
            "state": state,
            "notes": [note for note in (said if state != "ok" else "", trouble) if note],
            "meaning": "Requests a second, share of failures and p99, over the last two minutes.",
            "drawing": drawing(f"/seldon/{namespace}/{name}/", (said,), predictors),
            "numbers": {key: as_row(each) for key, each in numbers.items()},
            "states": dict(_part_states(found, predictors)),
            **self._processes(found),
            "changes": self._events(namespace, name),
        }

    def log(self, process: str) -> list[str] | None:
        """The last lines of a container; values of its variables that are secret by their names are left out."""
        return self._logs.lines(process)

    def _processes(self, deployment: Tree) -> Mapping[str, Any]:
        """Its containers, or why there are none to choose from."""
        try:
            found = self._logs.processes(deployment)
        except SeldonInfraError as error:
            return {"processes": [], "logs": f"Logs are not shown: {error}"}
        return {"processes": found, "logs": "It has no pods."}

    @property
    def _whose(self) -> Mapping[str, Any]:
        return {"stack": self.name, "where": f"cluster {self.cluster.name}"}

    def _deployments(self) -> list[Tree]:
        asked, listed = self._listed
        if time.monotonic() - asked > HOLDS_SECONDS:
            spaces = sorted({namespace for namespace, _ in self.wanted})
            listed = [it for space in spaces for it in self._in(space) if _place(it) in self.wanted]
            self._listed = (time.monotonic(), listed)
        return listed

    def _in(self, namespace: str) -> list[Tree]:
        path = f"/apis/{GROUP}/v1/namespaces/{quote(namespace)}/seldondeployments"
        return list(self.cluster.get(path, f"SeldonDeployments of namespace {namespace}")["items"])

    def _numbers(self) -> tuple[dict[str, Numbers], str]:
        """By ``namespace/deployment/predictor``, and why there are none."""
        if self.prometheus is None:
            return {}, NO_NUMBERS
        asked, numbers, trouble = self._told
        if time.monotonic() - asked > HOLDS_SECONDS:
            try:
                numbers, trouble = self.prometheus.predictors(), ""
            except NoPrometheus as error:
                numbers, trouble = {}, str(error)
            self._told = (time.monotonic(), numbers, trouble)
        return numbers, trouble

    def _numbers_of(self, namespace: str, name: str, predictors: Iterable[Predictor]) -> tuple[dict[str, Numbers], str]:
        numbers, trouble = self._numbers()
        if trouble or self.prometheus is None:
            return {}, trouble
        none = Numbers(0.0, None, None)
        found = {each.name: numbers.get(f"{namespace}/{name}/{each.name}", none) for each in predictors}
        try:
            nodes = self.prometheus.nodes(namespace, name)
        except NoPrometheus as error:
            return found, str(error)
        keys = [f"{each.name}/{part.name}" for each in predictors for part in each.graph.walk()]
        return found | {key: nodes.get(key, none) for key in keys}, ""

    def _row(self, deployment: Tree, numbers: Mapping[str, Numbers]) -> Mapping[str, Any]:
        namespace, name = _place(deployment)
        state, said = _state(deployment)
        predictors = list(_predictors(deployment))
        known = self.prometheus is not None and not self._told[2]
        mine = [numbers.get(f"{namespace}/{name}/{it.name}") for it in predictors if not it.shadow]
        return {
            "namespace": namespace,
            "name": name,
            "protocol": deployment["spec"].get("protocol") or "seldon",
            "state": state,
            "said": said,
            "numbers": as_row(together(mine)) if known else None,
            "predictors": [[it.name, it.weight, it.shadow] for it in predictors],
        }

    def _events(self, namespace: str, name: str) -> Sequence[Mapping[str, Any]]:
        chosen = quote(f"involvedObject.kind=SeldonDeployment,involvedObject.name={name}")
        path = f"/api/v1/namespaces/{quote(namespace)}/events?fieldSelector={chosen}"
        try:
            found = self.cluster.get(path, f"events of {namespace}/{name}")["items"]
        except SeldonInfraError as error:
            return [{"at": time.time(), "what": "events", "said": str(error)}]
        told = [{"at": _when(it), "what": it.get("reason", ""), "said": it.get("message", "")} for it in found]
        return sorted(told, key=lambda it: it["at"], reverse=True)[:MOST_EVENTS]


def _place(deployment: Tree) -> tuple[str, str]:
    metadata = deployment["metadata"]
    return str(metadata["namespace"]), str(metadata["name"])


def _state(deployment: Tree) -> tuple[str, str]:
    state, said = _STATES[unmarked(deployment)]
    described = (deployment.get("status") or {}).get("description")
    return state, f"{said}: {described}" if described and state != "ok" else said


def _predictors(deployment: Tree) -> Iterator[Predictor]:
    predictors = deployment["spec"].get("predictors") or []
    protocol = deployment["spec"].get("protocol") or "seldon"
    for raw in predictors:
        weight = raw.get("traffic")
        alone = len([it for it in predictors if not it.get("shadow")]) == 1 and not raw.get("shadow")
        ready, wanted = _replicas(deployment, raw["name"])
        notes = (f"{ready} of {wanted} replicas" if wanted else "no replicas reported",)
        share = 100 if weight is None and alone else int(weight or 0)
        graph = _part(raw.get("graph") or {}, protocol)
        yield Predictor(str(raw["name"]), share, bool(raw.get("shadow")), graph, notes)


def _part(node: Tree, protocol: str) -> Part:
    runs = node.get("implementation")
    said = runs if runs and runs != "UNKNOWN_IMPLEMENTATION" else "own container"
    children = tuple(_part(child, protocol) for child in node.get("children") or ())
    return Part(str(node.get("name", "")), node.get("type") or "MODEL", (f"{said} · {protocol}",), children)


def _replicas(deployment: Tree, predictor: str) -> tuple[int, int]:
    """Pods that are available and that there should be: the least of the predictor's Deployments counts.

    The operator names a predictor's Deployments ``NAME-PREDICTOR-INDEX-…``. Source: GetDeploymentName, 1.17.1.
    """
    told = (deployment.get("status") or {}).get("deploymentStatus") or {}
    begins = f"{deployment['metadata']['name']}-{predictor}-"
    mine = [it for name, it in told.items() if name.startswith(begins) and name[len(begins) :][:1].isdigit()]
    pairs = [(int(it.get("availableReplicas") or 0), int(it.get("replicas") or 0)) for it in mine]
    return min(pairs, key=lambda pair: pair[0] - pair[1], default=(0, 0))


def _part_states(deployment: Tree, predictors: Iterable[Predictor]) -> Iterator[tuple[str, tuple[str, str]]]:
    """A predictor is as its pods are; which node of a pod is not ready its status does not tell."""
    whole, said = _state(deployment)
    for each in predictors:
        ready, wanted = _replicas(deployment, each.name)
        state = "ok" if wanted and ready >= wanted else whole if whole != "ok" else "starting"
        told = (state, f"{ready} of {wanted} ready" if wanted else said)
        yield each.name, told
        for part in each.graph.walk():
            yield f"{each.name}/{part.name}", told


def _when(event: Tree) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp"))
