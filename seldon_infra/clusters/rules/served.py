"""Rules about the API: the definitions that a deployment needs are served, and know its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from seldon_infra.clusters.facts import Facts
from seldon_infra.clusters.needs import without_later
from seldon_infra.clusters.rules.finding import Autoscaled, Declared, Finding, error, of_cluster
from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.manifest import GROUP
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.rules.place import predictors, scaled_in
from seldon_infra.graph.spec import SeldonDeployment

MONITORING = ("monitoring.coreos.com", "v1")
"""Group and version of what Prometheus' operator reads."""
_APIS = {
    "keda": ("keda.sh", "v1alpha1", "install KEDA, or use hpa=Hpa(…)"),
    "hpa": ("autoscaling", "v2", "use a cluster of Kubernetes 1.23 or later"),
}
"""What an autoscaler's object needs: group, version, and what to do without."""
_OUR_NAMES = {"kedaSpec": "keda", "hpaSpec": "hpa", "pdbSpec": "pdb", "svcOrchSpec": "orchestrator"}


def definition_is_served(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Without Seldon's definition the API server knows no SeldonDeployment."""
    if facts.definition == {} and "seldon_core" not in declared.makes and declared.deployments:
        got, want = f"{GROUP}/v1 is not served", "must be, for a SeldonDeployment"
        fix = "install Seldon Core, or name another cluster by Kubernetes(context=…)"
        yield error(Problem(of_cluster(facts), got, want, fix))


def fields_are_known(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """What the definition does not know the API server drops in silence."""
    if not facts.definition or "seldon_core" in declared.makes:
        return
    for deployment in declared.deployments:
        spec = without_later(seldon_deployment(deployment))["spec"]
        schema = facts.definition.get("properties", {}).get("spec", {"x-kubernetes-preserve-unknown-fields": True})
        for path in dict.fromkeys(_unknown(spec, schema, "spec")):
            got = f"{_ours(path)} ({path})"
            want = f"must be known to the definition on {of_cluster(facts)}, which drops others in silence"
            fix = f"upgrade Seldon Core there, or remove {_ours(path)}"
            yield error(Problem(title(deployment), got, want, fix), deployment.name)


def autoscalers_are_served(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An autoscaler's object needs its API: KEDA's is installed separately."""
    of_deployments = (it for deployment in declared.deployments for it in _autoscalers(deployment))
    for it in (*of_deployments, *declared.autoscaled) if facts.served is not None else ():
        group, version, fix = _APIS[it.field]
        if version not in (facts.served or {}).get(group, frozenset()):
            want = f"must have {group}/{version} on {of_cluster(facts)}"
            yield error(Problem(it.path, it.field, want, fix), it.name)


def monitors_are_served(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Without the definitions of Prometheus' operator the API server knows neither monitors nor rules."""
    if facts.served is None or not declared.watched:
        return
    group, version = MONITORING
    if version not in facts.served.get(group, frozenset()):
        got, want = f"{group}/{version} is not served", "must be, for PodMonitor and PrometheusRule"
        fix = "install Prometheus' operator: Monitoring(install=PrometheusStack())"
        yield error(Problem(of_cluster(facts), got, want, fix))


def _autoscalers(deployment: SeldonDeployment) -> Iterator[Autoscaled]:
    for at in predictors(deployment):
        for path, holder in scaled_in(at):
            if holder.keda:
                yield Autoscaled(path, deployment.name, "keda")
            if holder.hpa:
                yield Autoscaled(path, deployment.name, "hpa")


def _unknown(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Give paths of fields that a schema does not have; what it leaves open is known."""
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, schema.get("items", {}), f"{path}[]")
    properties = schema.get("properties")
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-int-or-string")
    if isinstance(value, Mapping) and properties is not None and not open_ended:
        for name, item in value.items():
            if name not in properties:
                yield f"{path}.{name}"
            else:
                yield from _unknown(item, properties[name], f"{path}.{name}")


def _ours(path: str) -> str:
    """Name a field as a definition does: ``progressDeadlineSeconds`` is ``progress_deadline_seconds``."""
    name = path.rpartition(".")[2]
    return _OUR_NAMES.get(name) or re.sub(r"(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", name)


RULES = (definition_is_served, fields_are_known, autoscalers_are_served, monitors_are_served)
