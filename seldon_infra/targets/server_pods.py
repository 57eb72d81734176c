"""What the pods of model servers will ask a cluster for; Seldon's operator adds nothing to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.clusters.needs import PodNeed, containers_of, without_later
from seldon_infra.core.model import known, title
from seldon_infra.model_server.render import deployment

if TYPE_CHECKING:
    from seldon_infra.model_server.spec import ModelServer


def pods_of(server: ModelServer) -> PodNeed:
    """Give the pods of a model server; an autoscaler starts from its fewest."""
    pod = without_later(deployment(server))["spec"]["template"]["spec"]
    replicas = server.hpa.min_replicas if server.hpa else known(server.replicas)
    return PodNeed(
        title(server),
        server.name,
        known(server.namespace),
        replicas if isinstance(replicas, int) else 1,
        containers_of(pod["containers"]),
        containers_of(pod.get("initContainers", [])),
        "pod=PodTemplate(spec={…})",
        pod,
    )
