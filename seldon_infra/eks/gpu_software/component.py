"""GPU software and autoscaler as a Pulumi component: a namespace, charts, and Karpenter's objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from seldon_infra.charts.component import install
from seldon_infra.eks.gpu_software import render
from seldon_infra.eks.spec import EksCluster
from seldon_infra.resources.handle import Component
from seldon_infra.resources.kubernetes_object import declare


class ClusterSoftware(Component):
    """What a cluster runs so that pods get GPUs, and nodes come when pods need them."""

    ready: list[pulumi.Resource]
    """What has to be there before models, and to go after them: whatever adds nodes and hands out GPUs."""

    def __init__(
        self, cluster: EksCluster, machines: render.Machines, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the software.

        Args:
            cluster: what is declared.
            machines: what Karpenter's machines take of the cluster.
            opts: of the component, such as its provider.
        """
        super().__init__("seldon:index:ClusterSoftware", cluster.name, opts)
        namespaces = {name: self._namespace(name, labels) for name, labels in render.namespaces(cluster).items()}
        made: dict[str, pulumi.Resource] = {}
        for each in render.releases(cluster, machines.queue):
            needed = [namespaces.get(each.namespace), made.get(each.after or "")]
            after = [it for it in needed if it is not None]
            options = pulumi.ResourceOptions(parent=self, depends_on=after)
            made[each.name] = install(each.chart, each.name, each.namespace, each.values, options)
        self.ready = [*made.values(), *self._pools(cluster, machines, [*made.values()][-1:])]
        self.register_outputs({})

    def _namespace(self, name: str, labels: Mapping[str, str]) -> pulumi.Resource:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        return declare(name, manifest, pulumi.ResourceOptions(parent=self))

    def _pools(
        self, cluster: EksCluster, machines: render.Machines, after: list[pulumi.Resource]
    ) -> Iterator[pulumi.Resource]:
        """Declare Karpenter's objects, each pool after its class of machines."""
        for manifest in render.pools(cluster, machines):
            name = f"{manifest['metadata']['name']}.{manifest['kind'].lower()}"
            made = declare(name, manifest, pulumi.ResourceOptions(parent=self, depends_on=after))
            yield made
            after = [*after, made]
