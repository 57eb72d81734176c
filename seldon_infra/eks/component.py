"""A cluster on AWS as a Pulumi component: every object of it, in the order that they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from seldon_infra.eks import render
from seldon_infra.eks.gpu_software.render import Machines
from seldon_infra.eks.kinds import KINDS
from seldon_infra.eks.kubeconfig import kubeconfig
from seldon_infra.eks.parts import Built, Part, Ref
from seldon_infra.eks.spec import EksCluster
from seldon_infra.resources.handle import Component

TYPE = "seldon:index:EksCluster"


class EksClusterComponent(Component):
    """A cluster on AWS; what lands on it depends on the component, so that a destroy takes the cluster last."""

    cluster_name: pulumi.Output[str]
    """Its name at EKS."""
    endpoint: pulumi.Output[str]
    """URL of its API."""
    oidc_issuer: pulumi.Output[str]
    """URL that tokens of its service accounts are issued by."""
    machines: Machines
    """What machines that join beside the node groups take of it."""
    kubeconfig: pulumi.Output[str]
    """A kubeconfig as text, without a secret in it; it needs no AWS CLI."""

    def __init__(self, spec: EksCluster, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the cluster.

        Args:
            spec: what is declared; it has been checked.
            opts: of the component.
        """
        super().__init__(TYPE, spec.name, opts)
        self._provider_of_account = None if spec.account is None else self._held_to(spec.account)
        parts = render.cluster(spec)
        made: dict[Part, Any] = {}
        for part in parts.all:
            made[part] = self._register(part, made)
        control = made[parts.control_plane]
        role = next(made[part].role_name for part in parts.all if (part.kind, part.name) == ("IamRole", "nodes"))
        subnets = _filled(parts.control_plane.inputs["subnet_ids"], made)
        queue = next((made[part].queue_name for part in parts.all if part.kind == "SqsQueue"), None)
        self.machines = Machines(role, subnets, control.cluster_security_group_id, queue)
        self.cluster_name, self.endpoint, self.oidc_issuer = control.name, control.endpoint, control.oidc_issuer
        self.kubeconfig = pulumi.Output.all(control.name, control.endpoint, control.certificate_authority).apply(
            lambda known: kubeconfig(known[0], spec.region, known[1], known[2])
        )
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "endpoint": self.endpoint,
                "oidcIssuer": self.oidc_issuer,
                "kubeconfig": self.kubeconfig,
            }
        )

    def _held_to(self, account: str) -> pulumi.ProviderResource:
        """A provider that refuses any other account, in a destroy or refresh too, which do not run this program."""
        options = pulumi.ResourceOptions(parent=self)
        return pulumi.ProviderResource("seldon", f"account-{account}", {"awsAccount": account}, options)

    def _register(self, part: Part, made: Mapping[Part, Any]) -> Any:
        options = pulumi.ResourceOptions(
            parent=self,
            provider=self._provider_of_account,
            depends_on=[made[each] for each in part.after],
            ignore_changes=list(part.ignored),
        )
        inputs = {name: _filled(value, made) for name, value in part.inputs.items()}
        return KINDS[part.kind].register(part.name, options, **inputs)


def _filled(value: object, made: Mapping[Part, Any]) -> Any:
    """Put outputs of what is registered in the place of what stood for them."""
    match value:
        case Ref():
            return getattr(made[value.part], value.output)
        case Built():
            return pulumi.Output.all(*(_filled(each, made) for each in value.of)).apply(lambda come: value.make(*come))
        case Mapping():
            return {key: _filled(each, made) for key, each in value.items()}
        case list() | tuple():
            return [_filled(each, made) for each in value]
    return value
