"""What has to be on a cluster before its deployments: namespaces, ingress, operator, in an order that works at once.

The ingress goes first: the operator watches objects of the ingress's kinds and does not start without their
definitions. Deployments come when the operator's webhook answers. A destroy goes the other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import is_later, known
from seldon_infra.eks.spec import EksCluster
from seldon_infra.ingress.render import ambassador, istio
from seldon_infra.ingress.render.deployments import behind
from seldon_infra.ingress.spec import Istio
from seldon_infra.model_server.spec import ServiceMonitor
from seldon_infra.monitoring import render as monitoring
from seldon_infra.seldon_core.executor_policy import executor_policy, policy_name
from seldon_infra.seldon_core.render import namespace_labels
from seldon_infra.servers.spec import TritonServer
from seldon_infra.tracing.render import of_mlserver, of_triton, ports_of, telemetry, traced, with_variables

if TYPE_CHECKING:
    import pulumi

    from seldon_infra.graph.render import InNamespace
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.monitoring.spec import Monitoring, PrometheusStack
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.way import Way
    from seldon_infra.tracing.spec import Tracing

MESH = {"istio-injection": "enabled"}
"""Label of a namespace whose pods get Istio's proxy, without which nobody there can talk by mutual TLS."""


@dataclass(frozen=True)
class Platform:
    """What deployments depend on, and where they answer."""

    ready: Sequence[pulumi.Input[pulumi.Resource]] = ()
    """What has to be there before a deployment."""
    url: pulumi.Output[str] | None = None
    """Where deployments answer; None where the stack does not declare its ingress."""
    after: Sequence[pulumi.Resource] = field(default=())
    """What deployments' own ingress objects need."""


def namespaces(target: Kubernetes, deployments: Sequence[InNamespace]) -> dict[str, dict[str, str]]:
    """Give every namespace that the stack makes objects in, each once, with its labels.

    Each has this one owner: no chart makes its own, for a second owner's delete would take the first one's objects.
    """
    core, ingress = target.seldon_core, target.ingress
    found: dict[str, dict[str, str]] = {}
    for deployment in deployments:
        if (name := known(deployment.namespace)) is not None:
            found[name] = pod_security_labels(target, name)
    if not core.existing:
        found.setdefault(core.namespace, {}).update(namespace_labels(core))
    if ingress is not None and not ingress.existing:
        found.setdefault(ingress.namespace, {})
    if target.payloads is not None:
        found.setdefault(target.payloads.namespace, pod_security_labels(target, target.payloads.namespace))
    if (installed := _installed(target)) is not None:
        # Its exporter of nodes' metrics runs in the nodes' own network, as no level of pod security would let it.
        found.setdefault(installed.namespace, {}).update({"pod-security.kubernetes.io/enforce": "privileged"})
    for name in ingress.mtls if ingress else ():
        if name in found:
            found[name].update(MESH)
    return dict(sorted(found.items()))


def pod_security_labels(target: Kubernetes, name: str) -> dict[str, str]:
    """Labels by which the API server holds a namespace's pods to a level; pods of charts are not ours to answer for."""
    core, ingress = target.seldon_core, target.ingress
    charts = {part.namespace for part in (core, ingress) if part is not None and not part.existing}
    charts |= {it.namespace for it in (_installed(target),) if it is not None}
    level = None if name in charts else target.pod_security
    return {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")} if level else {}


def _installed(target: Kubernetes) -> PrometheusStack | None:
    return target.monitoring.install if target.monitoring is not None else None


def closing_policy(target: Kubernetes, deployments: Sequence[SeldonDeployment], stack: str) -> list[dict[str, Any]]:
    """The policy under which pods with containers of the operator's pass the restricted level."""
    if target.pod_security != "restricted" or not deployments:
        return []
    names = [each.namespace for each in deployments]
    settled = sorted({name for name in map(known, names) if name is not None})
    return executor_policy(policy_name(stack), [*settled, *(name for name in names if is_later(name))])


def behind_ingress(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> list[SeldonDeployment]:
    """Give deployments with what ingress and tracing say for all filled in."""
    found = [behind(target.ingress, each) if target.ingress else each for each in deployments]
    return [traced(target.tracing, each) for each in found]


def payload_log(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> dict[str, dict[str, Any]]:
    """Give the objects of the stack's payload log by their kinds; deployments are behind it."""
    if target.payloads is None:
        return {}
    from seldon_infra.payload_log.render import objects

    return objects(target.payloads, deployments, target.monitoring)


def watched_servers(target: Kubernetes, servers: Sequence[ModelServer]) -> list[ModelServer]:
    """Give model servers with what the stack's monitoring and tracing say for those that say nothing of their own."""
    said = target.monitoring
    if target.tracing is not None:
        servers = [_traced_server(target.tracing, each) for each in servers]
    if said is None:
        return list(servers)
    namespace = {} if said.install is None else {"namespace": said.install.namespace}
    monitor = ServiceMonitor(labels=said.labels, interval=said.interval, **namespace)
    return [each if each.service_monitor else each.model_copy(update={"service_monitor": monitor}) for each in servers]


def _traced_server(tracing: Tracing, server: ModelServer) -> ModelServer:
    """Let a model server send spans; what its definition says of them stays."""
    triton = isinstance(server.server, TritonServer)
    ports = ports_of([tracing.triton_endpoint if triton else tracing.otlp_endpoint])
    told: dict[str, Any] = {"storage_ports": tuple(dict.fromkeys([*server.storage_ports, *ports]))}
    if not triton:
        told["env"] = with_variables(server.env, of_mlserver(tracing))
    elif not any(word.startswith("--trace-config") for word in server.arguments):
        told["arguments"] = (*server.arguments, *of_triton(tracing, server.name))
    return server.model_copy(update=told)


def spans(target: Kubernetes) -> list[dict[str, Any]]:
    """Give what lets Istio's proxies send spans of their own: the gateway's, and those of pods with mutual TLS."""
    tracing, ingress = target.tracing, target.ingress
    if tracing is None or tracing.istio_provider is None or not isinstance(ingress, Istio):
        return []
    proxies = [telemetry(tracing, "seldon-tracing", namespace) for namespace in ingress.mtls]
    return [telemetry(tracing, "seldon-tracing-gateway", ingress.namespace, ingress.selector), *proxies]


def objects(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> list[dict[str, Any]]:
    """Give the ingress's objects and what watches deployments, for those who look at manifests.

    Charts bring theirs by themselves.
    """
    watching = [monitoring.objects(target.monitoring, each) for each in deployments if target.monitoring]
    own = [made for each in watching for made in each.values()]
    logging = payload_log(target, deployments).values()
    return [*_ingress_objects(target, deployments), *spans(target), *watching_all(target), *own, *logging]


def watching_all(target: Kubernetes) -> list[dict[str, Any]]:
    """Give what watches the parts that serve all deployments, where the stack brings them; else somebody else does."""
    if target.monitoring is None:
        return []
    ingress, found = target.ingress, []
    if isinstance(ingress, Istio) and not ingress.existing:
        found.append(monitoring.istio_gateway(target.monitoring, ingress.namespace, ingress.selector))
    return [*found, *_watching_gpus(target), *_dashboards(target.monitoring)]


def _dashboards(watched: Monitoring) -> list[dict[str, Any]]:
    own = watched.install.namespace if watched.install is not None else None
    namespace = watched.dashboards_namespace or own
    if namespace is None:
        return []
    # Grafana's builders are an extra, and nothing that a stack without dashboards waits for.
    from seldon_infra.monitoring.dashboards import config_maps

    return config_maps(namespace)


def _watching_gpus(target: Kubernetes) -> list[dict[str, Any]]:
    if not isinstance(target.cluster, EksCluster) or target.monitoring is None:
        return []
    # A cluster that is only reached waits for none of this to load.
    from seldon_infra.eks.gpu_software.render import software
    from seldon_infra.eks.gpu_software.spec import GpuOperator

    said = software(target.cluster)
    if said is None or said.metrics is None:
        return []
    by_operator = isinstance(said.plugin, GpuOperator)
    label = {"app": "nvidia-dcgm-exporter"} if by_operator else {"app.kubernetes.io/name": "dcgm-exporter"}
    return [monitoring.gpu_exporter(target.monitoring, said.namespace, label)]


def _ingress_objects(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> list[dict[str, Any]]:
    ingress = target.ingress
    if ingress is None:
        return []
    if not isinstance(ingress, Istio):
        return ambassador.objects(ingress)
    bounds = [rule for each in deployments for rule in istio.destination_rules(ingress, each).values()]
    return [*istio.objects(ingress), *bounds]


def declare(
    target: Kubernetes, way: Way, made: Mapping[str, pulumi.Resource], opts: pulumi.ResourceOptions | None = None
) -> Platform:
    """Declare ingress and operator.

    Args:
        target: what of it.
        way: where, and how to ask there.
        made: the namespaces that are declared, by name.
        opts: of everything that is declared, such as its provider.
    """
    url, after = None, list[Any](made.values())
    if target.ingress is None and target.seldon_core.existing:
        return Platform()
    if target.ingress is not None:
        from seldon_infra.ingress.component import IngressGateway

        gateway = IngressGateway(target.ingress, way.place, lambda manifest: _ask(way, manifest), after, opts)
        url, after = gateway.url, [*after, gateway]
    return Platform(_operator(target, way, after, opts), url, after)


def _operator(
    target: Kubernetes, way: Way, after: list[Any], opts: pulumi.ResourceOptions | None
) -> list[pulumi.Input[pulumi.Resource]]:
    if target.seldon_core.existing:
        return after
    from seldon_infra.seldon_core.component import SeldonCoreOperator

    reached = operator_values(target)
    operator = SeldonCoreOperator(target.seldon_core, reached, lambda manifest: _ask(way, manifest), after, opts)
    return [*after, operator.ready]


def operator_values(target: Kubernetes) -> dict[str, Any]:
    """The part of the operator's values that says which ingress leads to deployments."""
    if target.ingress is None:
        return {}
    if isinstance(target.ingress, Istio):
        return istio.operator_values(target.ingress)
    return ambassador.operator_values(target.ingress)


def _ask(way: Way, manifest: Mapping[str, Any]) -> None:
    from seldon_infra.clusters.admission import judged

    judged(way.connect(), manifest)
