"""What model servers will ask a cluster and a store for; Seldon's operator adds nothing to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seldon_infra.artifacts.render import store_settings
from seldon_infra.clusters.models import Model, seen_from_here
from seldon_infra.clusters.needs import PodNeed, containers_of, without_later
from seldon_infra.clusters.rules.finding import Autoscaled
from seldon_infra.core.model import known, title
from seldon_infra.model_server.render import deployment

if TYPE_CHECKING:
    from seldon_infra.model_server.spec import ModelServer


def pods_of(server: ModelServer) -> PodNeed:
    """Give the pods of a model server; an autoscaler starts from its fewest."""
    pod = without_later(deployment(server))["spec"]["template"]["spec"]
    replicas = _fewest(server)
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


def _fewest(server: ModelServer) -> object:
    if server.keda:
        return known(server.keda.min_replica_count)
    return server.hpa.min_replicas if server.hpa else known(server.replicas)


def autoscaler_of(server: ModelServer) -> Iterator[Autoscaled]:
    """Give what decides how many pods a model server has, where something does."""
    if server.keda:
        yield Autoscaled(title(server), server.name, "keda")
    if server.hpa:
        yield Autoscaled(title(server), server.name, "hpa")


def models_of(server: ModelServer) -> Iterator[Model]:
    """Give the model of a server whose URI is known and names a store that is read with this machine's credentials."""
    stores = [store_settings(each) for each in server.storage]
    yield from seen_from_here(title(server), server.name, known(server.model_uri), stores)
