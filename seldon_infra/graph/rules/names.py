"""Rules about names: what Kubernetes takes, used once, and short enough for the objects that the operator makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.names import LABEL_LIMIT, as_dns_label, is_dns_label, is_service_name
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.objects import pods
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in, used_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment

_LABEL = "must be at most 63 of a-z, 0-9 and '-', with a letter or digit at both ends"
_SERVICE = "must be at most 63 of a-z, 0-9 and '-', start with a letter and end with a letter or digit"


def deployment_name(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A deployment's name begins the names of Services, which are DNS labels that start with a letter."""
    if not is_service_name(deployment.name):
        yield Problem(
            f"SeldonDeployment '{deployment.name}'",
            f"name '{deployment.name}'",
            _SERVICE,
            f"write name='{_as_service_name(deployment.name)}'",
        )


def namespace(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A namespace is a DNS label."""
    name = known(deployment.namespace)
    if name is not None and not is_dns_label(name):
        fix = f"write namespace='{as_dns_label(name)}'"
        yield Problem(f"SeldonDeployment '{deployment.name}'", f"namespace '{name}'", _LABEL, fix)


def predictor_name(at: InPredictor) -> Iterator[Problem]:
    """A predictor's name is part of the names of Services."""
    yield from _label(at.path, at.predictor.name)


def node_name(at: InNode) -> Iterator[Problem]:
    """A node's name is its container's."""
    yield from _label(at.path, at.node.name)


def predictor_used_twice(deployment: SeldonDeployment) -> Iterator[Problem]:
    """The webhook refuses two predictors of one name."""
    for name in used_twice([predictor.name for predictor in deployment.predictors]):
        yield Problem(
            f"SeldonDeployment '{deployment.name}'",
            f"predictor name '{name}' is used twice",
            "must be unique within the deployment",
            f"rename one '{name}'",
        )


def node_used_twice(at: InPredictor) -> Iterator[Problem]:
    """Containers are matched to nodes by name, and routing is recorded by it."""
    for name in used_twice([inner.node.name for inner in nodes_in(at)]):
        yield Problem(
            at.path, f"node name '{name}' is used twice", "must be unique within the predictor", f"rename one '{name}'"
        )


def object_names_fit(at: InPredictor) -> Iterator[Problem]:
    """The operator cuts and hashes longer names, so that nobody finds the objects again."""
    for name in object_names(at, at.predictor.name):
        if len(name) > LABEL_LIMIT:
            yield Problem(
                at.path,
                f"object name '{name}' has {len(name)} characters",
                f"must have at most {LABEL_LIMIT}",
                f"shorten the names of deployment, predictor or nodes by {len(name) - LABEL_LIMIT}, "
                "or give a node a pod of its own",
            )


def service_name(at: InPredictor) -> Iterator[Problem]:
    """A Service's name of one's own keeps to the same rule."""
    name = known(at.predictor.service_name)
    if name is not None and not is_service_name(name):
        yield Problem(at.path, f"service_name '{name}'", _SERVICE, f"write service_name='{_as_service_name(name)}'")


def _label(path: str, name: str) -> Iterator[Problem]:
    if not is_dns_label(name):
        yield Problem(path, f"name '{name}'", _LABEL, f"write name='{as_dns_label(name)}'")


def _as_service_name(name: str) -> str:
    label = as_dns_label(name)
    return label if label[0].isalpha() else f"x-{label}"[:LABEL_LIMIT].rstrip("-")


def object_names(at: InPredictor, predictor: str) -> Iterator[str]:
    """Names that the operator composes for one predictor by its name, but those that a longer one here contains."""
    base = f"{at.deployment.name}-{predictor}"
    for index, inside in enumerate(pods(at)):
        yield f"{base}-{index}-{'-'.join(node.name for node in inside)}"
    if at.predictor.explainer:
        yield f"{base}-explainer"
    if at.deployment.engine_separate_pod:
        yield f"{base}-svc-orch"


DEPLOYMENT_RULES = (deployment_name, namespace, predictor_used_twice)
PREDICTOR_RULES = (predictor_name, node_used_twice, object_names_fit, service_name)
NODE_RULES = (node_name,)
