"""Rules about rights: what an `up` makes in a namespace, whoever runs it has to be let make there.

They are warnings: a preview is often run by somebody who may only look.
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.clusters.facts import Facts, Grant, Resource
from seldon_infra.clusters.rules.finding import Declared, Finding, warning
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
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
        missing = {} if grants is None else {it: _missing(it, grants) for it in resources}
        if lacking := "; ".join(f"{', '.join(verbs)} {it}" for it, verbs in missing.items() if verbs):
            want = "must be granted to whoever runs an up"
            fix = f"ask for a Role in '{namespace}' with these verbs and resources"
            yield warning(Problem(f"namespace '{namespace}'", f"no right to {lacking}", want, fix))


def resources_of(deployment: SeldonDeployment) -> list[Resource]:
    """Give the kinds of objects that are made for a deployment, as rights name them."""
    return [*(RESOURCES[kind] for kind in own_objects(deployment)), Resource(GROUP, PLURAL)]


def _missing(resource: Resource, grants: tuple[Grant, ...]) -> list[str]:
    given = {verb for grant in grants if grant.covers(resource) for verb in grant.verbs}
    return [] if "*" in given else [verb for verb in VERBS if verb not in given]


RULES = (may_be_made,)
