"""A predictor's pods, asked through the API server: wherever a kubeconfig leads, without an ingress, one version alone.

An ingress would split the questions by the very shares that are to be judged, and a Service would give the counts of
some pod, not of all. Paths: ``/api/v1/namespaces/NS/pods/POD:PORT/proxy/…`` of the API server, which hands REST on;
gRPC takes a connection of its own to the pod's port. That takes the rights to list pods, and to get and create
``pods/proxy`` and ``pods/portforward``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from seldon_infra.clusters.forwarded import Forwarded, NotForwarded, forwarded
from seldon_infra.clusters.gates import transports
from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.pod_trouble import ORCHESTRATOR
from seldon_infra.core.errors import ClusterNotReached, ClusterSilent, NotPermitted
from seldon_infra.graph.expand.chart import EXECUTOR_GRPC, EXECUTOR_HTTP
from seldon_infra.graph.expand.names import APP, service_of
from seldon_infra.runtime.asking import ASK_SECONDS, OK, Away, GateFailed, require_ok
from seldon_infra.runtime.gates import METRICS, Version

Tree = Mapping[str, Any]
FORBIDDEN = 403
_LET_IN = "network_policy=NetworkPolicy(ingress_cidrs=['10.0.0.0/16'])"
_WAY_IN = f"where a NetworkPolicy keeps it out, let its addresses in: {_LET_IN}"


class OutOfReach(Away):
    """The API server does not reach a pod, for its node may just have gone, or is not there itself."""


@dataclass(frozen=True)
class InPods(Version):
    """A predictor as it can be asked through the API server."""

    at: Cluster
    namespace: str
    service: str
    """Whose pods they are."""
    scheme: str
    """``https:`` where its orchestrator has a certificate, else nothing."""
    found: tuple[Tree, ...] = ()
    """Its ready pods, where they were looked up before."""

    def settled(self) -> InPods:
        """The same with the pods that are ready now.

        Raises:
            Away: there are none, or the API server is not there.
            NotPermitted: who asks may not list pods.
        """
        return replace(self, found=tuple(self._pods()))

    def http(self, method: str, path: str, tree: Tree | None = None) -> bytes:
        """Ask one of its ready pods.

        Raises:
            Away: there is none, or none that can be reached.
            GateFailed: it does not answer within 30 s, or not with status 200.
            NotPermitted: who asks may not.
        """
        return self._ask(self._pods()[0], method, path, tree)

    @contextmanager
    def over_grpc(self) -> Iterator[str]:
        """Lead a connection to one of its ready pods, inside the block.

        Raises:
            OutOfReach: the API server does not carry it there.
            NotPermitted: who asks may not.
        """
        pod = self._pods()[0]
        with way_to(self.at, self.namespace, pod["metadata"]["name"], port_of(pod, "grpc", EXECUTOR_GRPC)) as way:
            yield f"unix:{way.path}"

    def copied(self, path: str, body: str) -> bytes:
        """Send it a copy of a request, of which no payload log takes notice; it fails as :meth:`http` does."""
        return self._ask(self._pods()[0], "POST", path, json.loads(body), {"Seldon-Skip-Logging": "true"})

    def metrics(self) -> Mapping[str, str]:
        """What each ready pod has counted."""
        return {pod["metadata"]["name"]: self._ask(pod, "GET", METRICS).decode() for pod in self._pods()}

    def _pods(self) -> Sequence[Tree]:
        ready = self.found or ready_pods(self.at, self.namespace, f"{APP}={self.service}")
        if not ready:
            raise Away(f"{self.title} has no ready pod")
        return ready

    def _ask(
        self, pod: Tree, method: str, path: str, tree: Tree | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        name, port = pod["metadata"]["name"], port_of(pod, "http", EXECUTOR_HTTP)
        proxied = f"/api/v1/namespaces/{self.namespace}/pods/{self.scheme}{name}:{port}/proxy{path}"
        try:
            status, said = self.at.call(method, proxied, tree, ASK_SECONDS, headers)
        except ClusterSilent:
            _require_ready(self.at, self.namespace, name)
            raise GateFailed(f"{self.title} does not answer {path} within {ASK_SECONDS:g} s") from None
        except ClusterNotReached as error:
            raise OutOfReach(str(error)) from None
        refused = _of_the_api_server(said) if status != OK else ""
        if refused and status == FORBIDDEN:
            raise NotPermitted(f"pod '{name}' on cluster '{self.at.name}': {refused}; ask for a Role with pods/proxy")
        if refused:
            raise OutOfReach(f"the API server does not reach pod '{name}': {refused}; {_WAY_IN}")
        try:
            return require_ok(self.title, path, status, said)
        except GateFailed:
            _require_ready(self.at, self.namespace, name)
            raise


def version_in(at: Cluster, place: tuple[str, str], predictor: Tree, spec: Tree) -> InPods:
    """Give a predictor as it can be asked.

    Args:
        at: the cluster.
        place: namespace and name of the deployment.
        predictor: its part of the spec.
        spec: the deployment's, which says what its clients speak.
    """
    namespace, name = place
    protocol, has_certificate = str(spec.get("protocol", "seldon")), bool(predictor.get("ssl"))
    return InPods(
        predictor["name"],
        rest="",
        grpc="",
        protocol=protocol,
        model=predictor["graph"]["name"],
        transports=transports(protocol, spec.get("transport"), has_certificate=has_certificate),
        deployment=name,
        at=at,
        namespace=namespace,
        service=service_of(name, predictor),
        scheme="https:" if has_certificate else "",
    )


def ready_pods(at: Cluster, namespace: str, labels: str) -> list[Tree]:
    """Give the pods of some labels that are ready, by their names.

    Raises:
        OutOfReach: the API server is not there.
        NotPermitted: who asks may not list pods.
    """
    return _ready(at, namespace, f"labelSelector={quote(labels)}")


def _ready(at: Cluster, namespace: str, selector: str) -> list[Tree]:
    try:
        found = at.get(f"/api/v1/namespaces/{namespace}/pods?{selector}", f"pods of namespace '{namespace}'")["items"]
    except ClusterNotReached as error:
        raise OutOfReach(str(error)) from None
    return sorted(filter(_is_ready, found), key=lambda each: str(each["metadata"]["name"]))


@contextmanager
def way_to(at: Cluster, namespace: str, pod: str, port: int) -> Iterator[Forwarded]:
    """Lead a connection to a pod's port, inside the block.

    Raises:
        OutOfReach: the API server does not carry it there, or is not there itself.
        Away: the pod went before it had answered.
        GateFailed: nothing listens there, or what the block says of an answer.
        NotPermitted: who asks may not.
    """
    try:
        with forwarded(at, namespace, pod, port) as way:
            try:
                yield way
            except GateFailed as failed:
                if way.said:
                    raise GateFailed(f"no connection to port {port}: {way.said[0]}") from None
                _require_ready(at, namespace, pod)
                raise failed from None
    except (NotForwarded, ClusterNotReached) as refused:
        raise OutOfReach(str(refused)) from None


def _require_ready(at: Cluster, namespace: str, name: str) -> None:
    """Tell a pod that answers wrongly, or not, from one that is leaving, and from an API server that does not ask it.

    Raises:
        OutOfReach: the API server is not there.
        Away: the pod is not ready any more.
        NotPermitted: who asks may not list pods.
    """
    if not _ready(at, namespace, f"fieldSelector={quote(f'metadata.name={name}')}"):
        raise Away(f"pod '{name}' is not ready any more")


def port_of(pod: Tree, name: str, usual: int) -> int:
    """The port of that name: its orchestrator's, or its only node's."""
    containers = sorted(pod["spec"]["containers"], key=lambda each: each["name"] != ORCHESTRATOR)
    ports = (port for each in containers for port in each.get("ports") or () if port.get("name") == name)
    return next((int(port["containerPort"]) for port in ports), usual)


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
