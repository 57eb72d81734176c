"""This machine: each deployment becomes artifacts, processes and one route of the ``seldon`` provider.

Resources know each other's addresses, so the engine itself puts a change in order: the new process starts and becomes
ready, what is behind it follows, the route moves, and only then is the old process deleted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import pulumi

from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Later, Spec, pending
from seldon_infra.experiments.rollout import Rollout
from seldon_infra.graph.call import predict_curl
from seldon_infra.graph.check import check_local
from seldon_infra.graph.spec import Explainer, Node, Predictor, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.resources.handle import Component
from seldon_infra.resources.local_artifact import ARTIFACT
from seldon_infra.resources.local_gateway import GATEWAY
from seldon_infra.resources.local_process import PROCESS
from seldon_infra.resources.local_route import ROUTE
from seldon_infra.servers.explainers import EXPLAINER
from seldon_infra.servers.spec import Server
from seldon_infra.targets import local_render as render
from seldon_infra.targets import local_tracing, stepped
from seldon_infra.targets.explainer_files import unfit_explainers
from seldon_infra.targets.landed import Landed
from seldon_infra.targets.later import after, when_known, when_valid
from seldon_infra.targets.local_files import (
    hostile_files,
    kind_of,
    missing_files,
    other_files,
    unlisted_servers,
    unread_models,
    unsigned_files,
)
from seldon_infra.targets.saved_models import wrong_saved_models
from seldon_infra.targets.signatures import unfit_tensors
from seldon_infra.targets.spec import Local
from seldon_infra.targets.torchscript import wrong_torchscript
from seldon_infra.targets.triton_files import misplaced_files
from seldon_infra.targets.triton_tensors import unlike_tensors

_OF_FILES = (
    unlisted_servers,
    missing_files,
    unread_models,
    other_files,
    hostile_files,
    unsigned_files,
    unfit_tensors,
    misplaced_files,
    unlike_tensors,
    wrong_saved_models,
    wrong_torchscript,
    unfit_explainers,
)
"""What is known of a deployment by the files that it names."""


def declare(
    target: Local,
    deployments: Sequence[SeldonDeployment],
    project: Path,
    opts: pulumi.ResourceOptions | None = None,
) -> Landed:
    """Declare the gateway, then every deployment behind it, and who watches them.

    Raises:
        InvalidSpec: files that a deployment names are not there or not where their server reads them, are hostile,
            or say that tensors do not fit along an edge; all of them at once, and nothing is declared.
    """
    problems = [found for deployment in deployments for check in _OF_FILES for found in check(deployment, project)]
    if problems:
        raise InvalidSpec(problems)
    stack_dir = str(project / ".seldon" / pulumi.get_stack())
    spans = local_tracing.of_gateway(target.tracing)
    gateway = GATEWAY.register("gateway", opts, stack_dir=stack_dir, port=target.gateway_port, tracing=spans)
    hosts = Hosts(target, stack_dir, opts)
    payloads = None
    if any(map(render.logs_payloads, deployments)):
        from seldon_infra.targets import local_payloads

        payloads = local_payloads.declare(target, stack_dir, opts)
    place = Place(stack_dir, str(project), gateway.address, hosts, payloads)
    made = {deployment.name: LocalDeployment(deployment, target, place, opts) for deployment in deployments}
    if target.monitoring is None:
        return Landed(made)
    # Most stacks watch nothing here, and wait for none of it to load.
    from seldon_infra.targets import local_monitoring

    asked = [local_monitoring.of_gateway(gateway.address)]
    asked += [each for component in made.values() for each in component.asked]
    if payloads is not None:
        asked.append(local_monitoring.of_payload_log(payloads))
    url = local_monitoring.declare(target.monitoring, stack_dir, asked, deployments, opts)
    return Landed(made, outputs={"prometheus_url": url})


@dataclass(frozen=True)
class Place:
    """Where a deployment lands on this machine."""

    stack_dir: pulumi.Input[str]
    project: str
    gateway: pulumi.Output[str]
    hosts: Hosts
    payloads: pulumi.Output[str] | None
    """Where the payload log is, if a deployment has one."""


class Hosts:
    """The processes that serve the models of several nodes, declared with the first of these: one per server."""

    def __init__(self, target: Local, stack_dir: str, opts: pulumi.ResourceOptions | None) -> None:
        self._target, self._stack_dir, self._opts = target, stack_dir, opts
        self._declared: dict[str, pulumi.Output[str]] = {}

    def of(self, server: str) -> pulumi.Output[str]:
        """Give the id of the process of one server of the catalogue."""
        if server not in self._declared:
            parts = render.host(server, self._target)
            more = local_tracing.of_server(self._target.tracing, server)
            parts["environment"] = local_tracing.told(parts["environment"], more)
            process = PROCESS.register(server, self._opts, stack_dir=self._stack_dir, name=server, **parts)
            self._declared[server] = process.id
        return self._declared[server]


class LocalDeployment(Component):
    """One SeldonDeployment on this machine, with the outputs ``url``, ``grpc_endpoint`` and ``predict_curl``."""

    url: pulumi.Output[str]
    grpc_endpoint: pulumi.Output[str]
    predict_curl: pulumi.Output[str]

    def __init__(
        self,
        deployment: SeldonDeployment,
        target: Local,
        place: Place,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seldon:index:SeldonDeployment", deployment.name, opts)
        self._deployment, self._target = deployment, target
        valid = when_valid(deployment, partial(check_local, portable=target.portable))
        stack_dir = after(valid, place.stack_dir)
        self._place = Place(stack_dir, place.project, place.gateway, place.hosts, place.payloads)
        settings = deployment.model_copy(update={"predictors": ()})
        self._silence = _later(settings, partial(render.silence, target=target), render.SILENCE_PARTS)
        self._child = pulumi.ResourceOptions(parent=self)
        self.asked: list[pulumi.Output[Mapping[str, Any]]] = []
        """Whom Prometheus asks for metrics, where there is one."""
        predictors = [self._predictor(predictor) for predictor in deployment.predictors]
        declared = deployment.rollout
        route = ROUTE.register(
            deployment.name,
            _with_time_for(declared, self._child),
            stack_dir=self._place.stack_dir,
            gateway=place.gateway,
            predictors=predictors,
            drain_seconds=target.drain_seconds,
            max_in_flight=target.max_in_flight,
            rollout=stepped.rollout(declared, place.project) if declared else None,
            **_later(deployment, render.route, render.ROUTE_PARTS),
        )
        self.url, self.grpc_endpoint = route.url, route.grpc_endpoint
        self.predict_curl = route.url.apply(lambda url: predict_curl(deployment, url))
        self.register_outputs({"url": self.url, "grpcEndpoint": self.grpc_endpoint, "predictCurl": self.predict_curl})

    def _predictor(self, predictor: Predictor) -> Mapping[str, object]:
        """Declare a predictor's processes; what comes back is its entry in the route."""
        servers = {
            node.name: self._server(predictor, node).addresses
            for node in nodes(predictor.graph)
            if render.has_process(node)
        }
        if render.asks_server_directly(self._deployment):
            addresses = servers[predictor.graph.name]
        else:
            addresses = self._orchestrator(predictor, servers).addresses
        if self._target.monitoring:
            self._watch(predictor, servers, addresses)
        if predictor.explainer:
            self._explain(predictor, predictor.explainer, addresses)
        share = _later(predictor, partial(render.share, deployment=self._deployment), render.SHARE_PARTS)
        return {**share, "rest": addresses.apply(itemgetter("http")), "grpc": addresses.apply(itemgetter("grpc"))}

    def _watch(
        self,
        predictor: Predictor,
        servers: Mapping[str, pulumi.Output[Mapping[str, str]]],
        addresses: pulumi.Output[Mapping[str, str]],
    ) -> None:
        from seldon_infra.targets import local_monitoring as monitoring

        if not render.asks_server_directly(self._deployment):
            self.asked.append(monitoring.of_orchestrator(self._deployment, predictor, addresses))
        for node in nodes(predictor.graph):
            if node.name in servers:
                self.asked += monitoring.of_server(self._deployment, predictor, node, servers[node.name])

    def _explain(self, predictor: Predictor, explainer: Explainer, addresses: pulumi.Output[Mapping[str, str]]) -> None:
        """Declare what explains a predictor's answers, beside it."""
        # Most deployments have none, and wait for none of it to load.
        from seldon_infra.targets import local_explainers as explainers

        name = _joined(self._deployment.name, predictor.name, EXPLAINER)
        if not pulumi.runtime.is_dry_run():
            explainers.install(explainer)
        files = {
            "uri": explainer.model_uri,
            "server": EXPLAINER,
            "trusted": list(explainer.trusted) or None,
            "signed_by": explainer.signed_by,
            "model_digest": explainer.model_digest,
            "storage": _store_of(explainer.model_uri, self._deployment),
        }
        paths = {
            "model": self._artifact(_joined(name, "model"), files).path,
            explainers.INFER: addresses.apply(itemgetter("http")),
        }
        if explainers.reads_model(explainer):
            paths[explainers.INSIDE] = self._artifact(_joined(name, "inside"), self._model_of(predictor.graph)).path
        process = explainers.process(self._deployment, predictor, explainer, self._target)
        made = self._process(name, {key: _with_paths(value, paths) for key, value in process.items()})
        route = made.addresses.apply(lambda it: explainers.route(self._deployment, predictor, explainer, it))
        parts = {part: route.apply(itemgetter(part)) for part in explainers.ROUTE_PARTS}
        ROUTE.register(
            name,
            self._child,
            stack_dir=self._place.stack_dir,
            gateway=self._place.gateway,
            drain_seconds=self._target.drain_seconds,
            **parts,
        )

    def _server(self, predictor: Predictor, node: Node) -> Any:
        """Declare a node's model server and the files that it reads."""
        name = _joined(self._deployment.name, predictor.name, node.name)
        if not pulumi.runtime.is_dry_run():
            render.install(node)
        assert isinstance(node.server, Server)
        model = self._model_of(node)
        # The code that a server is given by its own definition is the user's, and not judged.
        parts = {"model": model, "source": {"uri": getattr(node.server, "source", None)}}
        paths = {what: self._artifact(_joined(name, what), part).path for what, part in parts.items() if part["uri"]}
        process = _later(
            node,
            partial(render.server, deployment=self._deployment, predictor=predictor, target=self._target),
            render.SERVER_PARTS,
        )
        more = local_tracing.of_server(self._target.tracing, node.server.folder)
        process = {**process, "environment": local_tracing.told(process["environment"], more)}
        if node.server.catalogue and render.shares_process(node, self._target):
            process = {**render.hosted(process), "host": self._place.hosts.of(node.server.catalogue)}
        return self._process(name, {key: _with_paths(value, paths) for key, value in process.items()})

    def _model_of(self, node: Node) -> Mapping[str, object]:
        """Give what a copy of a node's model is made from."""
        assert isinstance(node.server, Server)
        return {
            "uri": node.model_uri,
            "server": kind_of(node.server),
            "trusted": list(node.trusted) or None,
            "signed_by": node.signed_by,
            "model_digest": node.model_digest,
            "storage": _store_of(node.model_uri, self._deployment),
        }

    def _artifact(self, name: str, part: Mapping[str, object]) -> Any:
        return ARTIFACT.register(
            name, self._child, stack_dir=self._place.stack_dir, project=self._place.project, **part
        )

    def _orchestrator(self, predictor: Predictor, servers: Mapping[str, pulumi.Output[Mapping[str, str]]]) -> Any:
        """Declare the process that leads a request through a predictor's graph."""
        name = _joined(self._deployment.name, predictor.name)
        # The other predictors' late values would only make this one's unknown for longer.
        settings = self._deployment.model_copy(update={"predictors": ()})
        models = render.models(self._deployment)
        payloads = self._place.payloads if render.logs_payloads(self._deployment) else None
        graph = pulumi.Output.all(when_known(settings), when_known(predictor), servers, payloads).apply(
            lambda it: render.orchestrator_config(it[0], it[1], models, it[2], self._target, it[3])
        )
        parts = render.orchestrator(sys.executable, self._target)
        environment = local_tracing.of_orchestrator(self._target.tracing)
        return self._process(name, {"files": {"graph.json": graph}, "environment": environment, **parts})

    def _process(self, name: str, parts: Mapping[str, object]) -> Any:
        live = pulumi.Output.all(parts["live"], self._silence).apply(lambda it: {**it[0], **it[1]})
        return PROCESS.register(
            name, self._child, stack_dir=self._place.stack_dir, name=name, **{**parts, "live": live}
        )


def _store_of(uri: Later[str] | None, deployment: SeldonDeployment) -> pulumi.Output[Any] | None:
    """Give the credentials for what a URI leads to, a secret as a whole."""
    if not deployment.storage or uri is None:
        return None
    stores = [store_settings(each) for each in deployment.storage]
    found = pulumi.Output.all(uri, stores).apply(lambda it: settings_for(it[0], it[1]))
    return pulumi.Output.secret(found)


def _with_time_for(rollout: Rollout | None, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    if rollout is None:
        return opts
    update = pulumi.CustomTimeouts(update=f"{stepped.rollout_seconds(rollout):.0f}s")
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(custom_timeouts=update))


def _joined(*names: str) -> str:
    """Name what belongs to several objects: no name holds a dot, so two lists of names never give one."""
    return ".".join(names)


def _later(spec: Spec, rendered: Callable[[Any], Mapping[str, object]], parts: Sequence[str]) -> dict[str, object]:
    """Render a value now, or each of the result's parts as an Output where the value holds Outputs."""
    if not pending(spec):
        return dict(rendered(spec))
    whole = when_known(spec).apply(rendered)
    return {part: whole.apply(itemgetter(part)) for part in parts}


def _with_paths(value: object, paths: Mapping[str, pulumi.Output[str]]) -> object:
    """Put the copies' folders in the place of ``{model}`` and ``{source}``, anywhere in a value."""
    if not paths:
        return value
    return pulumi.Output.all(value, dict(paths)).apply(lambda it: render.fill(it[0], it[1]))
