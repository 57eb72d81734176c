"""Rules about how pods are locked up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import MOST, InNode, InPredictor, below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import ContainerSecurity, PodSecurity, SeldonDeployment

_CAPABILITY = re.compile(r"[A-Z][A-Z_]*\Z", re.ASCII)


def deployment_is_locked_up(deployment: SeldonDeployment) -> Iterator[Problem]:
    """What pods of a deployment say can hold together."""
    if deployment.security:
        path = title(deployment)
        yield from _is_heard(path, deployment)
        yield from security_holds(path, deployment.security)
        yield from volumes_have_sizes(path, deployment.security)


def node_is_locked_up(at: InNode) -> Iterator[Problem]:
    """The same for the container of a node."""
    if at.node.security:
        yield from _is_heard(at.path, at.deployment)
        yield from security_holds(at.path, at.node.security)


def explainer_is_locked_up(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer's container."""
    if at.predictor.explainer and at.predictor.explainer.security:
        yield from _is_heard(at.path, at.deployment)
        yield from security_holds(at.path, at.predictor.explainer.security)


def security_holds(path: str, security: PodSecurity | ContainerSecurity) -> Iterator[Problem]:
    """Numbers of users fit, capabilities are names, and nobody is root by a number alone."""
    for field in ("run_as_user", "run_as_group"):
        yield from below(path, f"security.{field}", getattr(security, field), 0)
    if known(security.run_as_user) == 0 and security.run_as_non_root:
        got = "security.run_as_user 0 with run_as_non_root True"
        yield Problem(path, got, "must not be root, which never starts", "write run_as_non_root=False, or another user")
    for capability in security.capabilities:
        if not _CAPABILITY.match(capability) or capability.startswith("CAP_"):
            want = "must be a capability as Kubernetes writes it"
            fix = f"write '{capability.upper().removeprefix('CAP_')}'"
            yield Problem(path, f"security.capabilities '{capability}'", want, fix)


def volumes_have_sizes(path: str, security: PodSecurity) -> Iterator[Problem]:
    """Space is an amount of bytes, and more than none."""
    for field, example in (("scratch", "1Gi"), ("shared_memory", "1Gi"), ("model_space", "10Gi")):
        said = known(getattr(security, field))
        size = None if said is None else parse_quantity(said)
        if said is not None and (size is None or not 0 < size <= MOST * 2**32):
            want = "must be an amount of bytes"
            yield Problem(path, f"security.{field} {said!r}", want, f"write {field}='{example}'")


def _is_heard(path: str, deployment: SeldonDeployment) -> Iterator[Problem]:
    if deployment.pod_defaults == "operator":
        got = "security with pod_defaults 'operator'"
        want = "must be one of them, for then nothing is added to pods"
        yield Problem(path, got, want, f"remove pod_defaults from {title(deployment)}, or security")


DEPLOYMENT_RULES = (deployment_is_locked_up,)
PREDICTOR_RULES = (explainer_is_locked_up,)
NODE_RULES = (node_is_locked_up,)
