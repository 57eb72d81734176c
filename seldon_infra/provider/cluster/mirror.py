"""Live requests on a cluster: the stack's payload log gives the last ones, and both versions are asked them anew.

Executors and ingresses keep no answers, and the two answers to one request would come to different pods of the log. So
no answer is waited for: what clients asked is asked of both at the same moment, from here, and only a request that the
old version answers says something of the new one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from seldon_infra.clusters.live import Cluster
from seldon_infra.provider.cluster.pods import InPods, ready_pods, way_to
from seldon_infra.provider.framework import Context
from seldon_infra.resources.cluster_rollout import RequestLog
from seldon_infra.runtime.asking import AT_SOCKET, Away, GateFailed, ask
from seldon_infra.runtime.gates import Version
from seldon_infra.runtime.mirrored import Copies, say_different_things

MOST_A_LOOK = 10
"""Requests of which copies are sent at each look, once a second: each goes through the API server twice."""
_PATH = "/requests"


@dataclass(frozen=True)
class LiveRequests:
    """What clients have asked of one deployment."""

    at: Cluster
    log: RequestLog
    place: tuple[str, str]
    """Namespace and name of the deployment."""
    nodes: Sequence[str]
    """The first nodes of its predictors: what they were asked is what clients asked."""

    def take(self) -> list[str]:
        """Give the requests since the last question, at most ten seconds ago, and have the log keep what comes.

        Raises:
            Away: the log has no ready pod, or none that can be reached.
            GateFailed: it gives none.
            NotPermitted: who asks may not.
        """
        pods = ready_pods(self.at, self.log.namespace, self.log.pods)
        if not pods:
            raise Away(f"the payload log in namespace '{self.log.namespace}' has no ready pod")
        return [request for pod in pods for request in self._kept_by(pod["metadata"]["name"])]

    def _kept_by(self, pod: str) -> list[str]:
        namespace, name = self.place
        asked = urlencode({"namespace": namespace, "deployment": name, "node": self.nodes}, doseq=True)
        with way_to(self.at, self.log.namespace, pod, self.log.port) as way:
            said = ask("the payload log", f"{AT_SOCKET}{way.path}", "GET", f"{_PATH}?{asked}")
            return list(filter(_is_object, json.loads(said)))


@dataclass(frozen=True)
class AskedAnew:
    """Live requests, of which both versions get copies."""

    requests: LiveRequests
    old: InPods
    context: Context

    def begins(self) -> bool:
        """Have the log keep requests, if it can just now."""
        self._take()
        return True

    def copy(self, news: Sequence[Version], copies: Copies) -> None:
        """Ask both what clients have asked since the last time.

        Raises:
            Away: one of them has no ready pod.
        """
        requests = self._take()[-MOST_A_LOOK:]
        old, others = self.old.settled(), [new.settled() for new in news]
        for request in requests:
            for new in others:
                if self.context.cancelled.is_set():
                    return
                _compare(request, old, new, copies)

    def _take(self) -> list[str]:
        """Give what came; a log that is away for a while is no fault of the new version's."""
        try:
            return self.requests.take()
        except GateFailed as silent:
            self.context.progress(f"the mirror gate waits: {silent}")
            return []


def _compare(request: str, old: Version, new: Version, copies: Copies) -> None:
    try:
        said = old.copied(old.predictions, request)
    except GateFailed:
        return  # What the old version does not answer says nothing of the new one.
    try:
        copies.count(new.name, say_different_things(new.protocol, said, new.copied(new.predictions, request)))
    except Away:
        return  # It is the way that failed.
    except GateFailed:
        copies.count(new.name, differs=True)


def _is_object(request: str) -> bool:
    try:
        return isinstance(json.loads(request), dict)
    except ValueError:
        return False
