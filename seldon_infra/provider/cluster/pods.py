"""A predictor's pods, asked through the API server: wherever a kubeconfig leads, without an ingress, one version alone.

An ingress would split the questions by the very shares that are to be judged, and a Service would give the counts of
some pod, not of all. Paths: ``/api/v1/namespaces/NS/pods/POD:PORT/proxy/…`` of the API server, which hands REST on and
no gRPC; it takes the rights to list pods, and to get and create ``pods/proxy``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.pod_trouble import ORCHESTRATOR
from seldon_infra.core.errors import NotPermitted
from seldon_infra.graph.expand.chart import EXECUTOR_HTTP
from seldon_infra.graph.expand.names import APP, service_of
from seldon_infra.runtime.gates import ASK_SECONDS, METRICS, GateFailed, Version

Tree = Mapping[str, Any]
OK, FORBIDDEN = 200, 403
_LET_IN = "network_policy=NetworkPolicy(ingress_cidrs=['10.0.0.0/16'])"
_WAY_IN = f"where a NetworkPolicy keeps it out, let its addresses in: {_LET_IN}"


class OutOfReach(GateFailed):
    """The API server does not reach a pod."""


@dataclass(frozen=True)
class InPods(Version):
    """A predictor as it can be asked through the API server."""

    at: Cluster
    namespace: str
    service: str
    """Whose pods they are."""
    scheme: str
    """``https:`` where its orchestrator has a certificate, else nothing."""

    def http(self, method: str, path: str, tree: Tree | None = None) -> bytes:
        """Ask one of its ready pods.

        Raises:
            GateFailed: it does not answer, or not with status 200.
            NotPermitted: who asks may not.
        """
        return self._ask(self._pods()[0], method, path, tree)

    def metrics(self) -> Mapping[str, str]:
        """What each ready pod has counted."""
        return {pod["metadata"]["name"]: self._ask(pod, "GET", METRICS).decode() for pod in self._pods()}

    def _pods(self) -> list[Tree]:
        label = quote(f"{APP}={self.service}")
        path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={label}"
        found = self.at.get(path, f"pods of namespace '{self.namespace}'")["items"]
        ready = sorted(filter(_is_ready, found), key=lambda each: str(each["metadata"]["name"]))
        if not ready:
            raise GateFailed(f"'{self.name}' has no ready pod")
        return ready

    def _ask(self, pod: Tree, method: str, path: str, tree: Tree | None = None) -> bytes:
        name = pod["metadata"]["name"]
        proxied = f"/api/v1/namespaces/{self.namespace}/pods/{self.scheme}{name}:{port_of(pod)}/proxy{path}"
        status, said = self.at.call(method, proxied, tree, ASK_SECONDS)
        refused = _of_the_api_server(said) if status != OK else ""
        if refused and status == FORBIDDEN:
            raise NotPermitted(f"pod '{name}' on cluster '{self.at.name}': {refused}; ask for a Role with pods/proxy")
        if refused:
            raise OutOfReach(f"the API server does not reach pod '{name}': {refused}; {_WAY_IN}")
        if status != OK:
            raise GateFailed(f"{path} answered {status}: {said[:300].decode('utf-8', 'replace')}")
        return said


def version_in(at: Cluster, place: tuple[str, str], predictor: Tree, protocol: str) -> InPods:
    """Give a predictor as it can be asked.

    Args:
        at: the cluster.
        place: namespace and name of the deployment.
        predictor: its part of the spec.
        protocol: what its clients speak.
    """
    namespace, name = place
    return InPods(
        predictor["name"],
        rest="",
        grpc="",
        protocol=protocol,
        model=predictor["graph"]["name"],
        transports=("rest",),
        at=at,
        namespace=namespace,
        service=service_of(name, predictor),
        scheme="https:" if predictor.get("ssl") else "",
    )


def port_of(pod: Tree) -> int:
    """The port on which it answers REST: its orchestrator's, or its only node's."""
    containers = sorted(pod["spec"]["containers"], key=lambda each: each["name"] != ORCHESTRATOR)
    ports = (port for each in containers for port in each.get("ports") or () if port.get("name") == "http")
    return next((int(port["containerPort"]) for port in ports), EXECUTOR_HTTP)


def _is_ready(pod: Tree) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    leaving = "deletionTimestamp" in pod["metadata"]
    return not leaving and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _of_the_api_server(said: bytes) -> str:
    """What the API server itself says, nothing where the pod spoke."""
    try:
        tree = json.loads(said)
        return str(tree["message"]) if tree["kind"] == "Status" and tree["apiVersion"] == "v1" else ""
    except (ValueError, KeyError, TypeError):
        return ""
