"""Rules about rights: what an `up` makes and asks in a namespace, whoever runs it has to be let make and ask there.

They are warnings: a preview is often run by somebody who may only look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seldon_infra.clusters.facts import Facts, Grant, Resource
from seldon_infra.clusters.gates import rights
from seldon_infra.clusters.rules.finding import Declared, Finding, warning
from seldon_infra.core.model import known, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.graph.spec import SeldonDeployment

VERBS = ("get", "create", "patch")
"""What a server-side apply of an object takes, and a look at it first."""
RESOURCES = {
    "ServiceAccount": Resource("", "serviceaccounts"),
    "Secret": Resource("", "secrets"),
    "NetworkPolicy": Resource("networking.k8s.io", "networkpolicies"),
}


def may_be_made(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Somebody without the rights meets a refusal in the middle of an `up`."""
    wanted: dict[str, dict[Resource, None]] = {}
    for deployment in declared.deployments:
        if (namespace := known(deployment.namespace)) is not None:
            wanted.setdefault(namespace, {}).update(dict.fromkeys(resources_of(deployment)))
    for namespace, resources in wanted.items():
        grants = facts.namespaces[namespace].grants if namespace in facts.namespaces else None
        if lacking := _lacking(dict.fromkeys(resources, VERBS), grants):
            want = "must be granted to whoever runs an up"
            fix = f"ask for a Role in '{namespace}' with these verbs and resources"
            yield warning(Problem(f"namespace '{namespace}'", f"no right to {lacking}", want, fix))


def gates_may_ask(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Somebody without the rights to ask pods meets a refusal when the first change arrives in steps."""
    for deployment in declared.deployments:
        wanted: dict[str, dict[Resource, tuple[str, ...]]] = {}
        for namespace, resource, verbs in rights(deployment, declared.log):
            wanted.setdefault(namespace, {})[resource] = verbs
        for namespace, resources in wanted.items():
            there = facts.namespaces.get(namespace)
            grants = there.grants if there else facts.grants.get(namespace)
            if lacking := _lacking(resources, grants):
                want = "must be granted to whoever runs an up, since gates ask pods through the API server"
                fix = f"ask for a Role in '{namespace}' with these verbs and resources, or remove the gates"
                path = f"{title(deployment)}{ARROW}rollout"
                yield warning(Problem(path, f"no right in '{namespace}' to {lacking}", want, fix), deployment.name)


def resources_of(deployment: SeldonDeployment) -> list[Resource]:
    """Give the kinds of objects that are made for a deployment, as rights name them."""
    return [*(RESOURCES[kind] for kind in own_objects(deployment)), Resource(GROUP, PLURAL)]


def _lacking(wanted: Mapping[Resource, tuple[str, ...]], grants: tuple[Grant, ...] | None) -> str:
    """Name the verbs and resources that are not granted; nothing where nobody knows what is."""
    missing = {} if grants is None else {it: _missing(it, verbs, grants) for it, verbs in wanted.items()}
    return "; ".join(f"{', '.join(verbs)} {it}" for it, verbs in missing.items() if verbs)


def _missing(resource: Resource, verbs: tuple[str, ...], grants: tuple[Grant, ...]) -> list[str]:
    given = {verb for grant in grants if grant.covers(resource) for verb in grant.verbs}
    return [] if "*" in given else [verb for verb in verbs if verb not in given]


RULES = (may_be_made, gates_may_ask)
