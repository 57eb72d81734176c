"""An ingress as a Pulumi component: its charts, its objects, and the address at which it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from seldon_infra.charts.component import install, once_answered
from seldon_infra.charts.render import over
from seldon_infra.ingress.render import ambassador, istio
from seldon_infra.ingress.spec import Ambassador, Istio
from seldon_infra.resources.cluster_definitions import DEFINITIONS
from seldon_infra.resources.handle import Component
from seldon_infra.resources.kubernetes_object import declare, read_status


class IngressGateway(Component):
    """What leads requests from outside to deployments, with the output ``url``."""

    url: pulumi.Output[str]
    """Where deployments answer: the first host that has a name, else the load balancer's address."""

    def __init__(
        self,
        ingress: Istio | Ambassador,
        place: Mapping[str, pulumi.Input[str] | None],
        ask: Callable[[Mapping[str, Any]], None],
        after: Sequence[pulumi.Input[pulumi.Resource]] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the ingress.

        Args:
            ingress: what is declared.
            place: ``context`` and ``kubeconfig`` of the cluster.
            ask: sends an object to the API server as a dry run, and returns when it was judged.
            after: what has to be there first: the namespaces that it makes objects in.
            opts: of the component, such as its provider.
        """
        super().__init__("seldon:index:Ingress", ingress.kind, opts)
        self._ingress, self._place, self._after = ingress, place, [*after]
        rendered = istio.objects(ingress) if isinstance(ingress, Istio) else ambassador.objects(ingress)
        last = None if ingress.existing else self._install()
        first = self._after if last is None else [once_answered(last, lambda: ask(rendered[-1]))]
        for manifest in rendered:
            declare(_name(manifest), manifest, pulumi.ResourceOptions(parent=self, depends_on=first))
        self.url = self._url(last)
        self.register_outputs({"url": self.url})

    def _install(self) -> Any:
        """Declare the charts, each when the one before is ready; give the last."""
        ingress = self._ingress
        render: Any = istio if isinstance(ingress, Istio) else ambassador
        rendered, last = render.values(ingress), self._kept_definitions()
        for name, chart in render.charts(ingress).items():
            values = over(rendered.get(name, {}), ingress.values.get(name, {}))
            options = pulumi.ResourceOptions(
                parent=self, depends_on=self._after if last is None else [*self._after, last]
            )
            last = install(chart, name, ingress.namespace, values, options)
        return last

    def _kept_definitions(self) -> Any:
        """Istio marks its CRDs to be kept; they go when nobody has objects of them and they came by this stack."""
        if not isinstance(self._ingress, Istio):
            return None
        options = pulumi.ResourceOptions(parent=self)
        return DEFINITIONS.register("istio-definitions", options, groups=list(istio.DEFINITIONS), **self._place)

    def _url(self, last: Any) -> pulumi.Output[str]:
        ingress = self._ingress
        scheme = "https" if ingress.tls else "http"
        named = [host for host in ingress.hosts if not host.startswith("*")]
        if named:
            return pulumi.Output.from_input(f"{scheme}://{named[0]}")
        at = f"{ingress.namespace}/{ingress.service}"
        id = at if last is None else last.status.apply(lambda status: at)
        status = read_status(ingress.service, "v1", "Service", id, pulumi.ResourceOptions(parent=self))
        inside = f"{ingress.service}.{ingress.namespace}.svc.cluster.local"
        return status.apply(lambda status: f"{scheme}://{address(status) or inside}")


def address(status: Any) -> str | None:
    """Read a load balancer's address in a Service's status, as objects of the SDK or plain data have it."""
    for name in ("load_balancer", "ingress"):
        status = _part(status, name)
    first = status[0] if status else None
    found = _part(first, "hostname") or _part(first, "ip")
    return None if found is None else str(found)


def _name(manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}.{metadata['name']}.{manifest['kind'].lower()}"


def _part(value: Any, name: str) -> Any:
    found = getattr(value, name, None)
    # The SDK's objects are mappings too, which warn where they are asked for a key.
    return value.get(to_camel(name)) if found is None and type(value) is dict else found
