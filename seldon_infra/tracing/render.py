"""What processes and pods are told of traces, in environment variables of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import quote

from seldon_infra.graph.render_objects import policy_of, port_of
from seldon_infra.graph.render_values import Manifest, given
from seldon_infra.graph.spec import EnvVar, Node, Orchestrator, Predictor, SeldonDeployment
from seldon_infra.graph.walk import mapped
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import Server
from seldon_infra.tracing.spec import Tracing

MLSERVER = "MLSERVER_TRACING_SERVER"
"""Source: tracing_server of MLServer's settings, 1.7.1; its exporter reads OpenTelemetry's own variables besides."""
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_MOST = 2**31 - 1


def sampling(tracing: Tracing) -> dict[str, str]:
    """How many traces are kept, as OpenTelemetry's SDKs read it."""
    return {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": f"{tracing.sample:g}"}


def of_orchestrator(tracing: Tracing) -> dict[str, str]:
    """What an orchestrator of this machine is told, but for the headers."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": tracing.otlp_endpoint, **sampling(tracing)}


def of_mlserver(tracing: Tracing) -> dict[str, str]:
    """What an MLServer is told, but for the headers."""
    return {MLSERVER: tracing.otlp_endpoint, **sampling(tracing)}


def header_list(headers: Mapping[str, str]) -> str:
    """Write headers as OpenTelemetry reads them. Source: Baggage of W3C, without its properties."""
    return ",".join(f"{name}={quote(value, safe='')}" for name, value in headers.items())


def of_executor(tracing: Tracing) -> dict[str, str]:
    """What Seldon's executor is told. Source: InitTracing of the executor, FromEnv of jaeger-client-go's config."""
    if tracing.jaeger_endpoint is None:
        return {}
    return {
        "JAEGER_ENDPOINT": tracing.jaeger_endpoint,
        "JAEGER_SAMPLER_TYPE": "probabilistic",
        "JAEGER_SAMPLER_PARAM": f"{tracing.sample:g}",
        # Istio's proxies speak B3 too, and Jaeger's own header is known to nobody else.
        "JAEGER_TRACE_PROPAGATION_TYPE": "b3",
    }


def of_triton(tracing: Tracing, name: str) -> list[str]:
    """What a Triton is told on its command line. Source: ``--trace-config`` of tritonserver 2.51.

    Its ``rate`` is one of so many requests that begin a trace; one that brings a trace goes on with it, whatever its
    flag.
    """
    if tracing.triton_endpoint is None:
        return []
    settings = ("mode=opentelemetry", f"rate={rate(tracing.sample)}", "level=TIMESTAMPS")
    told = (f"url={tracing.triton_endpoint}", f"resource=service.name={name}")
    return [f"--trace-config={each}" for each in (*settings, *(f"opentelemetry,{each}" for each in told))]


def rate(share: float) -> int:
    """Say a share as one of so many; none at all is one of as many as Triton can count."""
    return min(round(1 / share), _MOST) if share > 0 else _MOST


def telemetry(tracing: Tracing, name: str, namespace: str, selector: Mapping[str, str] | None = None) -> Manifest:
    """Telemetry: Istio's own spans, of the pods of a namespace or of some that are selected there."""
    return {
        "apiVersion": "telemetry.istio.io/v1",
        "kind": "Telemetry",
        "metadata": {"name": name, "namespace": namespace},
        "spec": given(
            {
                "selector": {"matchLabels": dict(selector)} if selector else {},
                "tracing": [
                    {
                        "providers": [{"name": tracing.istio_provider}],
                        "randomSamplingPercentage": round(tracing.sample * 100, 2),
                    }
                ],
            }
        ),
    }


def traced(tracing: Tracing | None, deployment: SeldonDeployment) -> SeldonDeployment:
    """Give a deployment whose executors and MLServers send spans; variables that are set already stay."""
    if tracing is None:
        return deployment
    change = partial(_node, of_mlserver(tracing), deployment)
    predictors = [
        each.model_copy(update={"graph": mapped(each.graph, change), **_executor(of_executor(tracing), each)})
        for each in deployment.predictors
    ]
    let_out = let_through(deployment, (tracing.otlp_endpoint, tracing.jaeger_endpoint))
    return let_out.model_copy(update={"predictors": tuple(predictors)})


def let_through(deployment: SeldonDeployment, addresses: Iterable[str | None]) -> SeldonDeployment:
    """Let a deployment's pods reach addresses, where it has a policy."""
    policy = policy_of(deployment)
    if policy is None:
        return deployment
    opened = policy.model_copy(update={"egress_ports": (*policy.egress_ports, *ports_of(addresses))})
    return deployment.model_copy(update={"network_policy": opened})


def ports_of(addresses: Iterable[str | None]) -> list[int]:
    """Give the ports of addresses, of those that there are."""
    return [port for port in map(port_of, addresses) if port is not None]


def is_mlserver(node: Node) -> bool:
    """Tell whether a node's server on protocol v2 is an MLServer, by what the catalogue sets for it."""
    folder = node.server.folder if isinstance(node.server, Server) else None
    return folder is not None and runs_mlserver(folder)


def runs_mlserver(server: str) -> bool:
    """Tell whether a server of the catalogue is an MLServer."""
    return any(name.startswith("MLSERVER_") for name in catalogue.load(server).environment)


def _executor(told: Mapping[str, str], predictor: Predictor) -> dict[str, Orchestrator]:
    if not told or predictor.no_engine:
        return {}
    own = predictor.orchestrator or Orchestrator()
    return {"orchestrator": own.model_copy(update={"env": with_variables(own.env, told)})}


def _node(told: Mapping[str, str], deployment: SeldonDeployment, node: Node) -> Node:
    if deployment.protocol != "v2" or not is_mlserver(node):
        return node
    return node.model_copy(update={"env": with_variables(node.env, told)})


def with_variables(own: Iterable[EnvVar], told: Mapping[str, str]) -> tuple[EnvVar, ...]:
    """Add variables to those of a definition, which stay."""
    own = tuple(own)
    named = {each.name for each in own}
    return (*own, *(EnvVar(name=name, value=value) for name, value in told.items() if name not in named))
