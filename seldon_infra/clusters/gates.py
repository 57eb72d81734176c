"""How the gates of a rollout ask pods on a cluster, and the rights that whoever runs an `up` has to have for it.

Sources: which requests they send, ``provider/cluster/pods.py`` and ``mirror.py``; a forwarded port takes ``get``, and
``create`` as well from Kubernetes 1.35 on (``clusters/forwarded.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.clusters.facts import Resource
from seldon_infra.core.model import known
from seldon_infra.experiments.rollout import ASKING, asked_over, calls_over_grpc
from seldon_infra.graph.spec import SeldonDeployment

PODS, PROXY, PORTS = Resource("", "pods"), Resource("", "pods/proxy"), Resource("", "pods/portforward")


def transports(protocol: str, transport: str | None, *, has_certificate: bool) -> tuple[str, ...]:
    """Give the transports over which gates ask a predictor.

    Args:
        protocol: the deployment's.
        transport: the only one that it serves; None for both.
        has_certificate: whether its orchestrator has one: nobody vouches for it to gRPC, and the API server asks REST.
    """
    served = (transport,) if transport else ("rest", "grpc")
    return tuple(each for each in asked_over(protocol, served) if each == "rest" or not has_certificate)


def rights(deployment: SeldonDeployment, log: str | None) -> Iterator[tuple[str, Resource, tuple[str, ...]]]:
    """Give namespaces with the resources that the gates of a deployment take there, and their verbs.

    Args:
        deployment: what is declared.
        log: namespace of the payload log, from which a mirror gate takes requests.
    """
    gates = deployment.rollout.gates if deployment.rollout else ()
    namespace = known(deployment.namespace)
    if not gates or namespace is None:
        return
    kinds = {gate.kind for gate in gates}
    spoken = (deployment.protocol, known(deployment.transport))
    asked = [transports(*spoken, has_certificate=bool(it.ssl)) for it in deployment.predictors]
    posts = "mirror" in kinds or (bool(kinds & ASKING) and any("rest" in each for each in asked))
    yield namespace, PODS, ("list",)
    # Whether pods are reached is asked before anything is moved, whatever the gates.
    yield namespace, PROXY, ("get", "create") if posts else ("get",)
    if any(calls_over_grpc(kinds, each) for each in asked):
        yield namespace, PORTS, ("get", "create")
    if "mirror" in kinds and log is not None:
        yield log, PODS, ("list",)
        yield log, PORTS, ("get", "create")
