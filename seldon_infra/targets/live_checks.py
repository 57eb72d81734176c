"""Holds deployments to the cluster as it is now, before anything is changed; also in a preview.

A cluster that cannot be asked keeps nobody from a preview: what is not checked is said in one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import pulumi

from seldon_infra.clusters.check import Declared, Part, check_live, skipped_in_words
from seldon_infra.clusters.facts import Facts
from seldon_infra.clusters.gates import rights
from seldon_infra.clusters.images import look_up as platforms_of
from seldon_infra.clusters.models import Model, Seen, in_words, models_of
from seldon_infra.clusters.models import look_up as models_of_stores
from seldon_infra.clusters.needs import PodNeed, pods
from seldon_infra.clusters.rules.finding import Finding, error
from seldon_infra.clusters.rules.storage import classes
from seldon_infra.clusters.survey import Wanted, survey
from seldon_infra.core.model import known
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.targets.node_groups import as_it_is, placed, said
from seldon_infra.targets.server_pods import autoscaler_of, pods_of
from seldon_infra.targets.server_pods import models_of as models_of_server
from seldon_infra.targets.subject import Subject, UrnOf, tell
from seldon_infra.targets.versions import check_versions, order_of_upgrade
from seldon_infra.targets.way import NotMade, Unseen
from seldon_infra.targets.way import Seen as SeenWay
from seldon_infra.targets.way import seen as way_seen

if TYPE_CHECKING:
    from seldon_infra.artifacts.listings import Listings
    from seldon_infra.eks.places import Placed
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.spec import Kubernetes


def require_fit(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    urn_of: UrnOf,
    model_servers: Sequence[ModelServer] = (),
    listings: Listings | None = None,
) -> frozenset[str]:
    """Ask the cluster, and say what does not fit on the resource that it concerns; give the models' URIs that are read.

    What stores list is kept in `listings`, for those who ask after.

    Raises:
        pulumi.RunError: something certainly fails; nothing of the deployments has been declared yet.
    """
    if target.live_checks == "skip" or not (deployments or model_servers or made_here(target)):
        return frozenset()
    seen, servers = tuple(map(as_it_is, deployments)), tuple(map(as_it_is, model_servers))
    others = tuple(map(pods_of, servers))
    named = [*chain.from_iterable(map(models_of, seen)), *chain.from_iterable(map(models_of_server, servers))]
    groups = placed(target, seen, others)
    if groups is not None:
        _say_places(groups, urn_of)
    unfit = groups.findings if groups is not None else ()
    way = way_seen(target)
    if isinstance(way, Unseen):
        pulumi.log.info(f"nothing is checked against the cluster: {way.why}")
    log = target.payloads.namespace if target.payloads else None
    facts, models = _look(way, seen, others, named, listings, log)
    if groups is not None:
        # Nodes that are there now are not those that there will be: the groups were asked already.
        facts = replace(facts, nodes=None)
    if line := skipped_in_words(facts):
        pulumi.log.info(line)
    for model, listing in models.there.items():
        pulumi.log.info(in_words(model, listing), Subject(urn_of(model.deployment)))
    if order := order_of_upgrade(target, facts):
        pulumi.log.info(order)
    watched = _expects_operator(target)
    scaled = tuple(chain.from_iterable(map(autoscaler_of, servers)))
    declared = Declared(seen, stack_mark(), made_here(target), target.create_namespaces, watched, log, others, scaled)
    findings = [
        *unfit,
        *nothing_is_there_yet(target, way),
        *check_live(declared, facts),
        *check_versions(target, facts),
        *models.findings,
    ]
    what = "with the node groups of the stack" if isinstance(way, Unseen) else "with the cluster as it is now"
    tell(
        findings,
        target.live_checks,
        lambda it: Subject(urn_of(it.deployment)) if it.deployment else None,
        what,
    )
    return frozenset(model.uri for model in models.there)


def nothing_is_there_yet(target: Kubernetes, way: SeenWay | Unseen) -> Iterator[Finding]:
    """On a cluster that this very up makes, nobody has installed an operator of Prometheus' before."""
    if isinstance(way, NotMade) and _expects_operator(target):
        want = "must be given for a cluster that is not made yet: no Prometheus operator is on it"
        fix = "write Monitoring(install=PrometheusStack())"
        yield error(Problem(f"Kubernetes{ARROW}monitoring", "install is not set", want, fix))


def _expects_operator(target: Kubernetes) -> bool:
    """Tell whether Prometheus' operator has to be on the cluster, since the stack does not bring it."""
    return target.monitoring is not None and target.monitoring.install is None


def _look(
    way: SeenWay | Unseen,
    deployments: Sequence[SeldonDeployment],
    others: Sequence[PodNeed],
    models: Sequence[Model],
    listings: Listings | None,
    log: str | None,
) -> tuple[Facts, Seen]:
    """Ask cluster, registries and stores at the same time; each of them is left after a few seconds."""
    needs = [*(need for each in deployments for need in pods(each, {})), *others]
    images = [it.image for need in needs for it in need.containers if it.image]
    with ThreadPoolExecutor(3) as at_once:
        asked = at_once.submit(_survey, way, wanted(deployments, needs, log))
        built, stored = at_once.submit(platforms_of, images), at_once.submit(models_of_stores, models, listings)
    (platforms, unbuilt), found, facts = built.result(), stored.result(), asked.result()
    return replace(facts, platforms=platforms, skipped=(*facts.skipped, *unbuilt, *found.skipped)), found


def _survey(way: SeenWay | Unseen, wanted: Wanted) -> Facts:
    """Ask the cluster; of one that is not there yet nothing is known."""
    return Facts(way.cluster) if isinstance(way, Unseen) else survey(way.context, way.kubeconfig, wanted)


def made_here(target: Kubernetes) -> frozenset[Part]:
    """What this very stack installs on its cluster, so that it need not be there yet."""
    core: set[Part] = set() if target.seldon_core.existing else {"seldon_core"}
    ingress: set[Part] = {"ingress"} if target.ingress is not None and not target.ingress.existing else set()
    return frozenset(core | ingress)


def stack_mark() -> str:
    """The mark of what the running stack declares: PROJECT/STACK."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def wanted(deployments: Iterable[SeldonDeployment], needs: Sequence[PodNeed], log: str | None) -> Wanted:
    """What is worth knowing of the cluster for some deployments, all pods of the stack and its payload log."""
    deployments = tuple(deployments)
    names = [*(known(it.namespace) for it in deployments), *(need.namespace for need in needs)]
    namespaces = {name for name in names if name is not None}
    named = any(name for need in needs for name in classes(need))
    asked = {where for each in deployments for where, _, _ in rights(each, log)} - namespaces
    return Wanted(tuple(sorted(namespaces)), storage_classes=named, rights_in=tuple(sorted(asked)))


def _say_places(groups: Placed, urn_of: UrnOf) -> None:
    for deployment, text in said(groups):
        pulumi.log.info(text, Subject(urn_of(deployment)) if deployment else None)
