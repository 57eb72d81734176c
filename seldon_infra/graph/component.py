"""A SeldonDeployment on a cluster as one Pulumi component: what is its own, the custom resource, where it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from seldon_infra.graph.call import deployment_url, grpc_address, predict_curl
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.resources.cluster_rollout import CLUSTER_ROLLOUT
from seldon_infra.resources.handle import Component
from seldon_infra.resources.kubernetes_object import declare

TYPE = "seldon:index:SeldonDeployment"
Rollout = Callable[[pulumi.Resource, str, str], Awaitable[str]]
"""Waits until a deployment, given by its resource, namespace and name, is Available; gives the ingress's address."""
Manifests = Mapping[str, Mapping[str, Any]]
"""Manifests by kind, in the order in which they are made; values in them may be Outputs."""


@dataclass(frozen=True)
class Steps:
    """How a change of a spec arrives in steps."""

    inputs: Mapping[str, object]
    """Of what writes it then, but for the spec."""
    seconds: float
    """How long all of it may take."""


class ClusterDeployment(Component):
    """One SeldonDeployment on a cluster, with the outputs ``url``, ``grpc_endpoint`` and ``predict_curl``.

    They come when the operator reports it Available; a preview waits for nothing.
    """

    url: pulumi.Output[str]
    """The URL below which it answers REST."""
    grpc_endpoint: pulumi.Output[str]
    """Host and port that answer gRPC, with the metadata ``seldon: NAME`` and ``namespace: NAMESPACE``."""
    predict_curl: pulumi.Output[str]
    """A command that asks it."""

    def __init__(
        self,
        deployment: SeldonDeployment,
        manifests: Manifests,
        rollout: Rollout,
        base_url: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        steps: Steps | None = None,
    ) -> None:
        """Declare the objects.

        Args:
            deployment: what is declared.
            manifests: its own objects by kind, and ``SeldonDeployment``, the last.
            rollout: waits for it.
            base_url: address of the ingress; None takes the one that the rollout finds.
            opts: of the component: its provider, what has to be there first.
            steps: in which a change of its spec arrives; None changes it at once.
        """
        super().__init__(TYPE, deployment.name, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None)
        *others, last = manifests.values()
        own = [declare(deployment.name, manifest, inside) for manifest in others]
        # A state of before it had a component holds it beside the component.
        after = pulumi.ResourceOptions(depends_on=own, aliases=[pulumi.Alias(parent=_parent_of(opts))])
        if steps is not None:
            after.ignore_changes = ["spec"]
        custom: pulumi.CustomResource = declare(deployment.name, last, pulumi.ResourceOptions.merge(inside, after))
        if steps is not None:
            custom = _stepped(deployment.name, last, steps, pulumi.ResourceOptions(parent=self, depends_on=[custom]))
        namespace = pulumi.Output.from_input(last["metadata"]["namespace"])
        ingress = _rolled_out(custom, namespace, deployment.name, rollout, base_url)
        self.url = pulumi.Output.all(ingress, namespace).apply(lambda it: deployment_url(it[0], it[1], deployment.name))
        self.grpc_endpoint = ingress.apply(grpc_address)
        self.predict_curl = self.url.apply(lambda url: predict_curl(deployment, url))
        # They are outputs of the stack. Here they would come last of all, and each costs a write of the whole state.
        self.register_outputs({})


def _stepped(
    name: str, manifest: Mapping[str, Any], steps: Steps, opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    """Declare what brings the spec of an object to a change: the object's own provider ignores it from then on."""
    place = {part: manifest["metadata"][part] for part in ("namespace", "name")}
    limit = f"{steps.seconds:.0f}s"
    opts.custom_timeouts = pulumi.CustomTimeouts(create=limit, update=limit)
    made: pulumi.CustomResource = CLUSTER_ROLLOUT.register(name, opts, **place, spec=manifest["spec"], **steps.inputs)
    return made


def _rolled_out(
    custom: pulumi.CustomResource,
    namespace: pulumi.Output[str],
    name: str,
    rollout: Rollout,
    base_url: pulumi.Input[str] | None,
) -> pulumi.Output[str]:
    """Give the ingress's address, once the object has been applied and its rollout has ended well.

    A preview waits for nothing; there, an address that only the rollout finds stays unknown.
    """

    async def wait(come: Any) -> Any:
        _, namespace, known = come
        if pulumi.runtime.is_dry_run():
            return known or pulumi.output.UNKNOWN
        found = await rollout(custom, namespace, name)
        return known or found

    return pulumi.Output.all(custom.id, namespace, base_url).apply(wait)


def _parent_of(opts: pulumi.ResourceOptions | None) -> Any:
    return (opts.parent if opts else None) or pulumi.ROOT_STACK_RESOURCE
