"""Rules that hold on one target alone: what this machine cannot run, and what a cluster cannot reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.artifacts.spec import MlflowStorage
from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules import bandits, commands, explainers, payloads, tensorflow, triton_gpus
from seldon_infra.graph.rules.place import InNode, InPredictor, environments_in, listed, server_of
from seldon_infra.graph.spec import ABTest
from seldon_infra.servers.detectors import Detector
from seldon_infra.servers.spec import (
    CatalogueServer,
    ContainerServer,
    MLServerRuntime,
    OnnxServer,
    PythonServer,
    Server,
    TorchServeServer,
    TritonModel,
    TritonServer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import SeldonDeployment

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII)
_SERVED_BY_TRITON: dict[type[Server], tuple[str, str]] = {
    OnnxServer: ("ONNX Runtime", "model.onnx"),
    TorchServeServer: ("TorchServe", "model.pt"),
}
"""Servers that Seldon has no image for: what they are, and the file of theirs that Triton reads as well."""


def requests_are_calls(deployment: SeldonDeployment) -> Iterator[Problem]:
    """There is no Kafka on this machine."""
    if deployment.server_type == "kafka":
        got = "server_type 'kafka'"
        yield Problem(title(deployment), got, "must be 'rpc' on this machine", "remove server_type, or use a cluster")


def server_runs_here(at: InNode) -> Iterator[Problem]:
    """A server is in the catalogue for this machine, in the deployment's protocol."""
    server, protocol = server_of(at.node), at.deployment.protocol
    if server is None or isinstance(server, (ContainerServer, CatalogueServer)):
        return  # a command of the user's own, or a folder that says what it speaks
    if protocol not in server.protocols or protocol in server.local_protocols:
        return
    name, spoken = type(server).__name__, [f"'{local}'" for local in server.local_protocols]
    if not spoken:
        got, fix = f"server {name}", "use a cluster, or a PythonServer or MLServerRuntime with the model in it"
        yield Problem(at.path, got, "must be one that servers/ holds for this machine", fix)
    else:
        got, want = f"server {name} on protocol '{protocol}'", f"must be on {listed(spoken)} on this machine"
        yield Problem(at.path, got, want, f"set protocol={spoken[0]} on {title(at.deployment)}, or use a cluster")


def call_exists_here(at: InNode) -> Iterator[Problem]:
    """Protocol v2 has no calls but predict; what Seldon's executor does itself, it does on protocol 'seldon' alone."""
    built_in = at.node.implementation in ("SIMPLE_MODEL", "AVERAGE_COMBINER")
    # An A/B test is the orchestrator's own here, on every protocol.
    asked = (
        server_of(at.node) is not None and at.node.type in ("ROUTER", "COMBINER") and not isinstance(at.node, ABTest)
    )
    if at.deployment.protocol == "v2" and (built_in or asked):
        got = f"{at.node.type} with server {type(at.node.server).__name__} on protocol 'v2'"
        fix = f"set protocol='seldon' on {title(at.deployment)}"
        yield Problem(at.path, got, "must be on protocol 'seldon'", fix)


def env_has_values_here(at: InPredictor) -> Iterator[Problem]:
    """There are no Secrets and ConfigMaps on this machine."""
    for path, field, variables in environments_in(at):
        for variable in variables:
            if variable.value_from is not None:
                got, fix = f"{field} '{variable.name}' has value_from", "write value=…, from the stack's settings"
                yield Problem(path, got, "must have a value on this machine", fix)


def model_is_in_reach(at: InNode) -> Iterator[Problem]:
    """A cluster cannot read a folder of this machine."""
    yield from _in_reach(at, "model_uri", at.node.model_uri)


def explainer_is_in_reach(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer."""
    if at.predictor.explainer:
        yield from _in_reach(at, "explainer.model_uri", at.predictor.explainer.model_uri)


def _in_reach(at: InNode | InPredictor, field: str, later: Later[str] | None) -> Iterator[Problem]:
    """Name a URI that no pod of the operator's can fetch.

    A volume that is an image is unknown to the operator and lost on its way into a Deployment: its types are those of
    k8s.io/api 0.23.6 (operator/go.mod of seldon-core), and image volumes came with 0.31.
    """
    uri, path = known(later), at.path
    if uri and (not _SCHEME.match(uri) or uri.startswith("file:")):
        fix = "copy it to a store and write model_uri='s3://bucket/model'"
        yield Problem(path, f"{field} '{uri}'", "must be a URI on a cluster", fix)
    elif uri and uri.startswith("oci:"):
        want = "must be of a store that rclone fetches from: Seldon's operator knows no volumes that are images"
        yield Problem(path, f"{field} '{uri}'", want, "write the URI of its files in a store, or use a ModelServer")
    elif uri and uri.startswith("models:"):
        yield from _is_registered(at.deployment, path, f"{field} '{uri}'")


def _is_registered(deployment: SeldonDeployment, path: str, got: str) -> Iterator[Problem]:
    """A registry says where files are, and pods have one store for each scheme."""
    mlflow = next((each for each in deployment.storage if isinstance(each, MlflowStorage)), None)
    if mlflow is None:
        want = "must have a registry that says in a preview where its files are"
        fix = f"write storage=[MlflowStorage(…)] on {title(deployment)}, or the URI of the files in a store"
        yield Problem(path, got, want, fix)
    elif mlflow.artifacts is not None and mlflow.artifacts.scheme in {each.scheme for each in deployment.storage}:
        want = f"must not have two storages for '{mlflow.artifacts.scheme}', of which pods could have one"
        yield Problem(path, f"{got} has artifacts in a store beside another", want, "give them one deployment each")


def image_holds_the_class(at: InNode) -> Iterator[Problem]:
    """A cluster runs images, not files of the project."""
    server = at.node.server
    if isinstance(server, (PythonServer, MLServerRuntime)) and server.image is None and server.build is None:
        got = f"image is not set, the class {server.class_name} is in {server.source}"
        fix = f'build an image with the class and write {type(server).__name__}(…, image="registry/name@sha256:…")'
        yield Problem(at.path, got, "must be set for a cluster, which runs images", fix)
    elif isinstance(server, CatalogueServer) and server.image is None:
        fix = 'build an image of it and write CatalogueServer(…, image="registry/name@sha256:…")'
        yield Problem(at.path, "CatalogueServer has no image", "must be given for a cluster, which runs images", fix)
    elif isinstance(server, Detector) and server.image is None:
        name = type(server).__name__
        fix = f'write {name}(image="registry/name@sha256:…") with the runtime of servers/{server.catalogue} in it'
        yield Problem(at.path, f"{name} has no image", "must be given for a cluster: Seldon has none for it", fix)
    elif isinstance(server, (OnnxServer, TorchServeServer)) and server.image is None:
        name, (what, file) = type(server).__name__, _SERVED_BY_TRITON[type(server)]
        got, want = f"{name} has no image", f"must be given for a cluster: Seldon has none for {what}"
        fix = (
            f"use TritonServer() on a model repository with {at.node.name}/1/{file}, or write "
            f'{name}(image="registry/name@sha256:…") with the runtime of servers/{server.catalogue} in it'
        )
        yield Problem(at.path, got, want, fix)


def repository_is_whole(at: InNode) -> Iterator[Problem]:
    """Nobody writes a file into the store from which a cluster's Triton reads its models."""
    server = at.node.server if isinstance(at.node.server, TritonServer) else None
    want = "must not be given for a cluster, where Triton reads model_uri alone"
    fix = "with the model's files beside it, and use TritonServer() on it"
    if server is not None and server.config is not None:
        name = at.node.name
        write = f"write config_pbtxt(config, '{name}') to {name}/config.pbtxt in a model repository"
        yield Problem(at.path, "TritonServer(config=…)", want, f"{write}, {fix}")
    if server is not None and server.repository is not None:
        write = "write the texts of repository_files(repository) into a model repository"
        yield Problem(at.path, "TritonServer(repository=…)", want, f"{write}, {fix}")


def instances_run_here(at: InNode) -> Iterator[Problem]:
    """The catalogue's Triton is one for CPUs."""
    for model in at.node.server.models if isinstance(at.node.server, TritonServer) else ():
        if isinstance(model, TritonModel) and any(group.kind == "GPU" for group in model.instance_groups):
            got = f"'{model.name or at.node.name}' has instances of kind 'GPU'"
            fix = "write kind='AUTO', which is a GPU where there is one"
            yield Problem(at.path, got, "must run on CPUs on this machine", fix)


LOCAL_DEPLOYMENT_RULES = (requests_are_calls, *tensorflow.LOCAL_DEPLOYMENT_RULES)
LOCAL_PREDICTOR_RULES = (*explainers.LOCAL_PREDICTOR_RULES, env_has_values_here, *tensorflow.LOCAL_PREDICTOR_RULES)
LOCAL_NODE_RULES = (server_runs_here, *commands.LOCAL_NODE_RULES, *payloads.LOCAL_NODE_RULES, instances_run_here)
LOCAL_ONLY_NODE_RULES = (call_exists_here,)
"""For stacks that stay on this machine; what also goes to a cluster is held to more than that."""
MANIFEST_NODE_RULES = (
    image_holds_the_class,
    *commands.MANIFEST_NODE_RULES,
    repository_is_whole,
    *payloads.MANIFEST_NODE_RULES,
    *bandits.MANIFEST_NODE_RULES,
)
"""What a manifest would lack, or drop in silence."""
CLUSTER_PREDICTOR_RULES = (explainer_is_in_reach, *explainers.CLUSTER_PREDICTOR_RULES)
CLUSTER_NODE_RULES = (model_is_in_reach, *MANIFEST_NODE_RULES, *triton_gpus.CLUSTER_NODE_RULES)
