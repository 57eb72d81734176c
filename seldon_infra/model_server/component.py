"""A model server as a Pulumi component: its objects, and where it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from seldon_infra.graph.call import model_server_curl
from seldon_infra.graph.render_values import Manifest
from seldon_infra.model_server.catalogue import GRPC, HTTP
from seldon_infra.resources.handle import Component
from seldon_infra.resources.kubernetes_object import declare

TYPE = "seldon:index:ModelServer"
_BEFORE_PODS = ("ServiceAccount", "Secret", "NetworkPolicy", "Service", "PodDisruptionBudget")


class ModelServerComponent(Component):
    """Triton or MLServer on its own; ready when its pods are."""

    url: pulumi.Output[str]
    """Where it answers REST, inside the cluster."""
    grpc_endpoint: pulumi.Output[str]
    """Where it answers gRPC, inside the cluster."""
    predict_curl: pulumi.Output[str]
    """A command that asks it, inside the cluster."""

    def __init__(
        self,
        name: str,
        model: str,
        objects: Mapping[str, Manifest],
        opts: pulumi.ResourceOptions | None = None,
        provider: pulumi.ProviderResource | None = None,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Declare the objects.

        Args:
            name: the model server's name.
            model: what it calls its model.
            objects: its objects by kind, in the order in which they are made.
            opts: of the component.
            provider: of the cluster.
            after: what has to be there first, such as its namespace.
        """
        super().__init__(TYPE, name, opts)
        made: dict[str, pulumi.Resource] = {}
        for kind, manifest in objects.items():
            # Nobody is let near pods before their policy stands; whatever scales them comes after they do.
            before = [] if kind in _BEFORE_PODS else [made[each] for each in _BEFORE_PODS if each in made]
            options = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[*after, *before])
            made[kind] = declare(name, manifest, options)
        where = objects["Service"]["metadata"]
        host = pulumi.Output.concat(where["name"], ".", where["namespace"], ".svc.cluster.local")
        ready = pulumi.Output.all(host, made["Deployment"].urn).apply(lambda known: str(known[0]))
        self.url = ready.apply(lambda at: f"http://{at}:{HTTP}")
        self.grpc_endpoint = ready.apply(lambda at: f"{at}:{GRPC}")
        self.predict_curl = self.url.apply(lambda url: model_server_curl(model, url))
        # They are outputs of the stack. Here they would come last of all, and each costs a write of the whole state.
        self.register_outputs({})
