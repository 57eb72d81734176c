"""Rules about Seldon's operator: somebody takes the deployment, and is new enough for what it uses.

Versions: the first tag of SeldonIO/seldon-core whose ``operator/`` has the field or reads the annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seldon_infra.clusters.facts import Facts, Operator
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster, operators_of, warning
from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import nodes_in, predictors, scaled_in
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.spec import HuggingFaceServer

Version = tuple[int, ...]


def _of_pods(field: str) -> Callable[[SeldonDeployment], Iterator[str]]:
    def used(deployment: SeldonDeployment) -> Iterator[str]:
        for at in predictors(deployment):
            yield from (path for path, holder in scaled_in(at) if getattr(holder, field, None))

    return used


def _of_predictors(field: str) -> Callable[[SeldonDeployment], Iterator[str]]:
    return lambda deployment: (at.path for at in predictors(deployment) if getattr(at.predictor, field) is not None)


def _huggingface(deployment: SeldonDeployment) -> Iterator[str]:
    for at in predictors(deployment):
        yield from (inner.path for inner in nodes_in(at) if isinstance(inner.node.server, HuggingFaceServer))


def _init_parameters(deployment: SeldonDeployment) -> Iterator[str]:
    explained = (at for at in predictors(deployment) if at.predictor.explainer)
    yield from (at.path for at in explained if at.predictor.explainer and at.predictor.explainer.init_parameters)


def _of_deployment(uses: Callable[[SeldonDeployment], object]) -> Callable[[SeldonDeployment], Iterator[str]]:
    return lambda deployment: iter([title(deployment)] if uses(deployment) else [])


SINCE: tuple[tuple[str, Version, Callable[[SeldonDeployment], Iterator[str]]], ...] = (
    ("ssl", (1, 3), _of_predictors("ssl")),
    ("keda", (1, 4), _of_pods("keda")),
    ("pdb", (1, 4), _of_pods("pdb")),
    ("istio.host", (1, 9), _of_deployment(lambda it: it.istio and it.istio.host)),
    ("explainer.init_parameters", (1, 12), _init_parameters),
    ("protocol 'v2'", (1, 13), _of_deployment(lambda it: it.protocol == "v2")),
    ("server HuggingFaceServer", (1, 14), _huggingface),
    ("progress_deadline_seconds", (1, 15), _of_predictors("progress_deadline_seconds")),
    ("hpa with metrics of autoscaling/v2", (1, 16), _of_pods("hpa")),
)
"""What came with which version of the operator: how messages name it, the version, and where a deployment uses it."""


def somebody_takes_it(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A deployment that no operator takes stays as it was declared, for ever."""
    if facts.operators is None or not facts.definition or "seldon_core" in declared.makes:
        return
    if not facts.operators and declared.deployments:
        got = "no Deployment has the label control-plane=seldon-controller-manager"
        want, fix = "must have one, Seldon's operator", "install Seldon Core, unless its operator runs elsewhere"
        yield warning(Problem(of_cluster(facts), got, want, fix))
        return
    for deployment in declared.deployments:
        if not operators_of(deployment, facts):
            yield error(_untaken(deployment, facts.operators), deployment.name)


def operator_runs(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """While it does not, its webhook refuses every change and nothing is rolled out."""
    for operator in facts.operators or ():
        if not operator.ready and "seldon_core" not in declared.makes:
            fix = f"look with: kubectl describe deployment -n {' '.join(operator.name.split('/'))}"
            problem = Problem(of_cluster(facts), f"operator {operator.name} has no ready pod", "must have one", fix)
            yield warning(problem)


def operator_is_new_enough(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An older operator passes over what it does not know."""
    if "seldon_core" in declared.makes:
        return
    for deployment in declared.deployments:
        for operator in operators_of(deployment, facts):
            yield from _too_old(deployment, operator)


def keda_is_switched_on(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An operator that was not told of KEDA makes no ScaledObject: there is one pod, whatever the load."""
    used = _of_pods("keda")
    for deployment in declared.deployments if "seldon_core" not in declared.makes else ():
        for operator in operators_of(deployment, facts):
            for path in used(deployment) if operator.settings.get("KEDA_ENABLED") == "false" else ():
                want = f"must be switched on in operator {operator.name}, which drops it in silence"
                fix = "set keda.enabled=true in its chart, or use hpa=Hpa(…)"
                yield error(Problem(path, "keda", want, fix), deployment.name)


def _too_old(deployment: SeldonDeployment, operator: Operator) -> Iterator[Finding]:
    there = _version(operator.version)
    for field, since, used in SINCE if there else ():
        for path in used(deployment) if there < since else ():
            first = ".".join(map(str, since))
            want = f"must have Seldon Core {first} or later; operator {operator.name} is {operator.version}"
            yield error(Problem(path, field, want, f"upgrade it, or remove {field.partition(' ')[0]}"), deployment.name)


def _untaken(deployment: SeldonDeployment, operators: tuple[Operator, ...]) -> Problem:
    ids = sorted({it.settings.get("CONTROLLER_ID", "") for it in operators})
    watched = sorted({it.watches for it in operators if it.watches})
    if deployment.controller_id or (ids and "" not in ids):
        got = f"controller_id {deployment.controller_id!r}"
        there = ", ".join(repr(name) if name else "none" for name in ids)
        fix = f"write controller_id={ids[0]!r}" if ids[0] else "remove controller_id"
        return Problem(title(deployment), got, f"must be an operator's; theirs are: {there}", fix)
    got = f"namespace '{deployment.namespace}'"
    want = f"must be one that an operator looks at: {', '.join(watched)}"
    return Problem(title(deployment), got, want, f"write namespace={watched[0]!r}" if watched else "install one for it")


def _version(text: str | None) -> Version:
    parts = (text or "").split("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


RULES = (somebody_takes_it, operator_runs, operator_is_new_enough, keda_is_switched_on)
