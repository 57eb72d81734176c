"""Asks a cluster who changed the objects that drifted; the way to it is the one that the stack's providers took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seldon_infra.cli.engine import Engine, EngineFailed
from seldon_infra.clusters import live
from seldon_infra.clusters.objects import Objects
from seldon_infra.core.errors import NotFound, SeldonInfraError
from seldon_infra.drift.autoscaled import REPLICAS, Target, scaled
from seldon_infra.drift.collect import Facts, field_changes, is_drift_possible
from seldon_infra.drift.events import Step
from seldon_infra.drift.objects import STEPPED, Subject, subject


@dataclass
class Asked:
    """What clusters said, and what could not be asked."""

    facts: dict[str, Facts] = field(default_factory=dict)
    """By the object's URN."""
    notes: list[str] = field(default_factory=list)


def ask(engine: Engine, steps: Iterable[Step]) -> Asked:
    """Ask about every object of a cluster that differs."""
    asked = Asked()
    differing = [step for step in steps if is_drift_possible(step)]
    if not differing:
        return asked
    try:
        ways = engine.providers()
    except EngineFailed as failed:
        asked.notes.append(f"who changed something is not known, for the state cannot be read: {failed}")
        return asked
    stepped = [step for step in differing if step.type == STEPPED]
    for step in stepped:
        _ask_one(asked, step.old, [step])
    others = [step for step in differing if step not in stepped]
    for provider in dict.fromkeys(step.provider for step in others):
        _ask_one(asked, ways.get(provider, {}), [step for step in others if step.provider == provider])
    return asked


def _ask_one(asked: Asked, way: Mapping[str, object], steps: Iterable[Step]) -> None:
    try:
        cluster = Objects(way_to(way))
    except SeldonInfraError as error:
        asked.notes.append(f"who changed something is not known: {error}")
        return
    targets: dict[str, frozenset[Target]] = {}
    for step in steps:
        of = subject(step)
        try:
            found = cluster.get(of.api_version, of.kind, of.namespace, of.name)
        except NotFound:
            continue  # It went between the engine's look and this one.
        except SeldonInfraError as error:
            asked.notes.append(f"who changed {of} is not known: {error}")
            continue
        if _is_about_pods(step) and of.namespace not in targets:
            targets[of.namespace] = _scaled(asked, cluster, of)
        asked.facts[step.urn] = Facts(found, targets.get(of.namespace, frozenset()))


def _scaled(asked: Asked, cluster: Objects, of: Subject) -> frozenset[Target]:
    try:
        return frozenset(scaled(cluster.autoscalers(of.namespace)))
    except SeldonInfraError as error:
        asked.notes.append(f"whether an autoscaler decides the pods of {of} is not known: {error}")
        return frozenset()


def way_to(provider: Mapping[str, object]) -> live.Cluster:
    """Find the cluster that a provider was given, by its inputs in the state.

    Raises:
        SeldonInfraError: the way is a secret, or leads nowhere.
    """
    kubeconfig, context = provider.get("kubeconfig"), provider.get("context")
    named = context if isinstance(context, str) else None
    if kubeconfig is not None and not isinstance(kubeconfig, str):
        raise SeldonInfraError("the provider's kubeconfig is a secret of the state; give it the path of a file")
    return live.cluster(named, kubeconfig)


def _is_about_pods(step: Step) -> bool:
    return any(change.path[-1] == REPLICAS for change in field_changes(step))
