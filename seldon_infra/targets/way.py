"""The way to a target's cluster: what providers are given, and how the program itself talks to it.

A cluster that the stack makes can be talked to when it is made, and not in the preview before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.clusters.live import Cluster, cluster
from seldon_infra.core.errors import ClusterNotFound, ClusterNotReached, SeldonInfraError
from seldon_infra.core.model import is_known, is_later, known
from seldon_infra.eks.find import find
from seldon_infra.eks.gpu_software.render import Machines
from seldon_infra.eks.spec import EksCluster, ExistingCluster
from seldon_infra.targets.subject import Subject

if TYPE_CHECKING:
    from seldon_infra.core.model import Later
    from seldon_infra.targets.spec import Kubernetes


@dataclass(frozen=True)
class Seen:
    """A kubeconfig that is known while the program begins."""

    context: str | None = None
    kubeconfig: str | None = None


@dataclass(frozen=True)
class Unseen:
    """Why there is none yet."""

    why: str
    cluster: str = "of this stack"
    """What it is called in messages."""


@dataclass(frozen=True)
class NotMade(Unseen):
    """This very stack makes the cluster, and has not yet."""


@dataclass(frozen=True)
class Way:
    """How what is declared reaches the cluster, and how the program does."""

    place: Mapping[str, pulumi.Input[str] | None]
    """``context`` and ``kubeconfig``, as providers take them."""
    connect: Callable[[], Cluster]
    """Gives a client; it is called when something on the cluster has been made."""
    after: Sequence[pulumi.Resource] = ()
    """What has to be there before anything on the cluster."""
    outputs: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What the stack gives of a cluster that it makes itself."""
    machines: Machines | None = None
    """What machines take of a cluster that the stack makes, which join it beside its node groups."""


def seen(target: Kubernetes) -> Seen | Unseen:
    """Give the kubeconfig as far as it is known before anything is declared; a cluster at EKS is asked for.

    Raises:
        ClusterNotFound: AWS says that a cluster which has to be there is not.
    """
    there = target.cluster
    if there is None:
        return Seen(target.context, target.kubeconfig)
    if isinstance(there, EksCluster):
        return _found(there.name, there.region, there.account, "it is not made yet")
    if there.eks_name is not None:
        if not is_known(there.eks_name):
            return Unseen("the name of the cluster is known only later")
        return _found(there.eks_name, there.region, there.account)
    if is_later(there.kubeconfig):
        return Unseen("the kubeconfig is known only later")
    return Seen(there.context, known(there.kubeconfig))


def reach(target: Kubernetes, opts: pulumi.ResourceOptions | None = None) -> Way:
    """Declare the cluster where the stack makes it, and give the way to it.

    Raises:
        ClusterNotFound: AWS says that a cluster which has to be there is not.
        SeldonInfraError: AWS cannot be asked; in a preview the cluster is unknown then.
    """
    there = target.cluster
    if there is None:
        return _by_kubeconfig(target.context, target.kubeconfig)
    if isinstance(there, EksCluster):
        return _made(there, opts)
    if there.eks_name is not None:
        return _by_name(there)
    return _by_kubeconfig(there.context, there.kubeconfig)


@contextmanager
def telling_absence(provider: str, opts: pulumi.ResourceOptions | None) -> Iterator[None]:
    """Say at the cluster's provider that AWS has no such cluster.

    Args:
        provider: the name of the provider of Kubernetes.
        opts: what it is registered with.

    Raises:
        pulumi.RunError: there is none; nothing has been declared yet.
    """
    try:
        yield
    except ClusterNotFound as error:
        urn = pulumi.create_urn(provider, "pulumi:providers:kubernetes", parent=opts.parent if opts else None)
        pulumi.log.error(str(error), Subject(pulumi.Output.from_input(urn)))
        raise pulumi.RunError("1 problem with AWS as it is now; nothing was changed") from None


def _found(name: str, region: str | None, account: str | None, absent: str | None = None) -> Seen | Unseen:
    try:
        return Seen(name, find(name, region, account).kubeconfig)
    except ClusterNotFound:
        if absent is None:
            raise
        return NotMade(f"cluster '{name}': {absent}", name)
    except SeldonInfraError as error:
        return Unseen(str(error), name)


def _made(spec: EksCluster, opts: pulumi.ResourceOptions | None) -> Way:
    # Only who makes a cluster waits until all types of AWS are loaded.
    from seldon_infra.eks.component import EksClusterComponent

    made = EksClusterComponent(spec, opts)
    outputs = {
        "kubeconfig": made.kubeconfig,
        "cluster_name": made.cluster_name,
        "cluster_endpoint": made.endpoint,
        "cluster_oidc_issuer": made.oidc_issuer,
    }
    return replace(_later(spec.name, made.kubeconfig, [made], outputs), machines=made.machines)


def _by_name(there: ExistingCluster) -> Way:
    name: Later[str] = there.eks_name or ""
    if is_known(name):
        try:
            return _later(name, find(name, there.region, there.account).kubeconfig)
        except ClusterNotFound:
            raise
        except SeldonInfraError:
            if not pulumi.runtime.is_dry_run():
                raise
            return _later(name, _unknown())
    text = pulumi.Output.from_input(there.eks_name or "").apply(
        lambda come: find(come, there.region, there.account).kubeconfig
    )
    return _later("of EKS", text)


def _unknown() -> pulumi.Output[str]:
    """What a preview knows of a kubeconfig where AWS can't be asked."""
    nothing: Any = pulumi.output.UNKNOWN
    return pulumi.Output.from_input("").apply(lambda known: nothing)


def _by_kubeconfig(context: str | None, kubeconfig: Later[str] | None) -> Way:
    path = known(kubeconfig)
    if kubeconfig is not None and path is None:
        return _later(context or "of the current context", kubeconfig, context=context)
    return Way({"context": context, "kubeconfig": path}, lambda: cluster(context, path))


def _later(
    name: str,
    kubeconfig: pulumi.Input[str],
    after: Sequence[pulumi.Resource] = (),
    outputs: Mapping[str, pulumi.Input[str]] | None = None,
    context: str | None = None,
) -> Way:
    come: list[str] = []

    def keep(text: str) -> str:
        come.append(text)
        return text

    def connect() -> Cluster:
        if not come:
            raise ClusterNotReached(name, "kubeconfig", "it is not known yet")
        return cluster(context, come[-1])

    # Providers wait for it, so it has come before anything on the cluster is made.
    place = {"context": context, "kubeconfig": pulumi.Output.from_input(kubeconfig).apply(keep)}
    return Way(place, connect, after, outputs or {})
