"""Rules about names that are taken: what a stack declares must not be somebody else's already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seldon_infra.clusters.facts import Facts, Found
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster, warning
from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.manifest import KIND
from seldon_infra.graph.render import STACK_MARK
from seldon_infra.graph.rules.objects import made_of
from seldon_infra.graph.spec import SeldonDeployment


def deployment_is_ours(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Two who declare one object undo each other's work, and whoever is destroyed first takes it along."""
    for deployment, objects in _with_objects(declared, facts):
        found = objects.get((KIND, deployment.name))
        if found is not None and found.stack != declared.stack:
            yield _taken(title(deployment), f"kubectl annotate sdep {found.name}", found, declared, deployment)


def made_objects_are_ours(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """The operator writes over a Service or Deployment of the name that it composes, whoever made it."""
    for deployment, objects in _with_objects(declared, facts):
        for kind, name in made_of(deployment):
            found = objects.get((kind, name))
            if found is not None and found.controller != f"{KIND} '{deployment.name}'":
                got = f"{kind} '{name}', which Seldon's operator will make, is there already, made by {_whose(found)}"
                fix = f"rename the deployment or a part of it, or remove {kind} '{name}'"
                yield error(Problem(title(deployment), got, "must not be there", fix), deployment.name)


def namespace_is_there(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A namespace that nobody makes is missed by the first object in it."""
    inside = [(title(it), it.name, known(it.namespace) or "") for it in declared.deployments]
    inside += [(need.path, need.deployment, need.namespace or "") for need in declared.others]
    for path, owner, name in inside if not declared.creates_namespaces else ():
        if name in facts.namespaces and facts.namespaces[name].exists is False:
            got, want = f"namespace '{name}'", f"must be on {of_cluster(facts)}, with create_namespaces=False"
            yield error(Problem(path, got, want, f"run: kubectl create namespace {name}"), owner)


def namespace_is_ours(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """What a stack declares it also destroys: a namespace with everything in it."""
    for name, namespace in facts.namespaces.items() if declared.creates_namespaces else ():
        found = namespace.found
        if found is None or found.stack == declared.stack:
            continue
        got = f"is there already, made by {_whose(found)}"
        fix = "set create_namespaces=False on Kubernetes(…)"
        if found.stack is not None:
            yield error(Problem(f"namespace '{name}'", got, "must be declared by one stack alone", fix))
        else:
            want = "must not be declared, or `destroy` of this stack takes it away with all that is in it"
            yield warning(Problem(f"namespace '{name}'", got, want, fix))


def _with_objects(
    declared: Declared, facts: Facts
) -> Iterator[tuple[SeldonDeployment, Mapping[tuple[str, str], Found]]]:
    """Give deployments, each with what is in its namespace by kind and name."""
    there = {name: _by_name(namespace.objects) for name, namespace in facts.namespaces.items()}
    for deployment in declared.deployments:
        objects = there.get(known(deployment.namespace) or "")
        if objects is not None:
            yield deployment, objects


def _by_name(objects: Mapping[str, tuple[Found, ...] | None]) -> dict[tuple[str, str], Found]:
    return {(kind, it.name): it for kind, found in objects.items() for it in found or ()}


def _taken(path: str, annotate: str, found: Found, declared: Declared, deployment: SeldonDeployment) -> Finding:
    got = f"is there already, made by {_whose(found)}"
    if found.stack is None and found.tool is None and found.controller is None:
        want = "is taken over by this stack, whose `destroy` then takes it away"
        return warning(Problem(path, got, want, "rename this one, if that is not meant"), deployment.name)
    mark = f"{annotate} -n {known(deployment.namespace)} {STACK_MARK}={declared.stack} --overwrite"
    fix = f"rename this one, or hand it over, then run: {mark}" if found.tool is None else "rename this one"
    return error(Problem(path, got, "must be declared by one alone", fix), deployment.name)


def _whose(found: Found) -> str:
    if found.stack is not None:
        return f"stack '{found.stack}'"
    return found.tool or found.controller or (f"'{found.managers[0]}'" if found.managers else "somebody else")


RULES = (deployment_is_ours, made_objects_are_ours, namespace_is_there, namespace_is_ours)
