"""Logs of a deployment's pods, read through the API server: their last lines, as often as the page asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from seldon_infra.clusters.live import Cluster
from seldon_infra.console.masks import LOG_LINES, is_secret, masked
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.graph.expand.names import ID, service_of

Tree = Mapping[str, Any]
MOST_PODS = 50
"""Of one deployment; the page is for looking, and a list of thousands is none."""


class _Container(NamedTuple):
    namespace: str
    pod: str
    name: str
    hidden: tuple[str, ...]
    """Values that its log is shown without."""


@dataclass
class PodLogs:
    """The containers that the page was told of, and no others."""

    cluster: Cluster
    _told: dict[str, _Container] = field(default_factory=dict)

    def processes(self, deployment: Tree) -> list[Mapping[str, Any]]:
        """Give the containers of a SeldonDeployment's pods, newest pods first.

        Raises:
            SeldonInfraError: who asks may not read pods, or nobody answered.
        """
        metadata = deployment["metadata"]
        namespace, labels = str(metadata["namespace"]), ",".join(_labels(deployment))
        query = urlencode({"labelSelector": f"{ID} in ({labels})", "limit": MOST_PODS})
        where = f"pods of {namespace}/{metadata['name']}"
        pods = self.cluster.get(f"/api/v1/namespaces/{quote(namespace)}/pods?{query}", where)["items"]
        newest = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
        return [told for pod in newest for told in self._tell(pod)]

    def lines(self, process: str) -> list[str] | None:
        """The last lines of a container; None where the page was told of none by that name."""
        container = self._told.get(process)
        if container is None:
            return None
        query = urlencode({"container": container.name, "tailLines": LOG_LINES})
        path = f"/api/v1/namespaces/{quote(container.namespace)}/pods/{quote(container.pod)}/log?{query}"
        try:
            text = self.cluster.text(path, f"log of {container.namespace}/{container.pod}")
        except SeldonInfraError as error:
            return [str(error)]  # such as that it has not started; the page goes on with the others
        return [masked(line, container.hidden) for line in text.splitlines()]

    def _tell(self, pod: Tree) -> Iterator[Mapping[str, Any]]:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        states = {it["name"]: it for it in (pod.get("status") or {}).get("containerStatuses") or ()}
        for container in pod["spec"]["containers"]:
            key = f"{namespace}/{name}/{container['name']}"
            self._told[key] = _Container(namespace, name, container["name"], tuple(_hidden(container)))
            state, said = _state(states.get(container["name"]))
            yield {"id": key, "title": f"{name} · {container['name']}", "state": state, "said": said}


def _labels(deployment: Tree) -> list[str]:
    """Values of the label that the pods have; an orchestrator in pods of its own has the predictor's Service there."""
    name = str(deployment["metadata"]["name"])
    services = (service_of(name, each) for each in deployment["spec"].get("predictors") or ())
    return list(dict.fromkeys([name, *services]))


def _hidden(container: Tree) -> Iterator[str]:
    for variable in container.get("env") or ():
        value = variable.get("value") or ""
        if is_secret(variable["name"], value):
            yield value


def _state(status: Tree | None) -> tuple[str, str]:
    if status is None:
        return "unknown", "not started"
    state = status.get("state") or {}
    if "running" in state:
        return ("ok", "running") if status.get("ready") else ("starting", "runs, and is not ready")
    why = (state.get("waiting") or state.get("terminated") or {}).get("reason") or "not running"
    return "down", str(why)
