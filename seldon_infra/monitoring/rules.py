"""All rules of a deployment, as Prometheus reads them: what is recorded, what it promises, what else is trouble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.monitoring import gpu, measured, objectives, trouble
from seldon_infra.monitoring.series import namespace_of


def on_cluster(deployment: SeldonDeployment) -> list[Manifest]:
    """Give the groups of a deployment on a cluster; records of what is not there stay empty."""
    records = [*_by_orchestrators(deployment), *measured.containers(deployment), *measured.behind_istio(deployment)]
    alerts = [*trouble.everywhere(deployment), *trouble.on_clusters(deployment), *gpu.alerts(deployment)]
    return _groups(deployment, records, alerts)


def orchestrated(deployment: SeldonDeployment) -> list[Manifest]:
    """Give the groups of a deployment on this machine whose requests go through orchestrators."""
    records = [*_by_orchestrators(deployment), *measured.processes(deployment), *measured.behind_envoy(deployment)]
    return _groups(deployment, records, trouble.everywhere(deployment))


def asked_directly(deployment: SeldonDeployment) -> list[Manifest]:
    """Give the groups of a deployment on this machine whose servers the gateway asks itself: it alone counts."""
    counted = [*measured.by_gateway(deployment), *measured.beside_main(deployment), *measured.in_queues(deployment)]
    return _groups(deployment, [*counted, *measured.processes(deployment), *measured.behind_envoy(deployment)], ())


def _by_orchestrators(deployment: SeldonDeployment) -> Iterator[Manifest]:
    yield from measured.by_orchestrators(deployment)
    yield from measured.beside_main(deployment)
    yield from measured.in_queues(deployment)


def _groups(deployment: SeldonDeployment, records: Iterable[Manifest], alerts: Iterable[Manifest]) -> list[Manifest]:
    name = f"{namespace_of(deployment)}/{deployment.name}"
    made = {"measured": list(records), "trouble": list(alerts)}
    own = [{"name": f"{name}/{what}", "rules": rules} for what, rules in made.items() if rules]
    return [*own, *objectives.groups(deployment)]
