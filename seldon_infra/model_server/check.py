"""Rules about a model server on its own; those that it shares with a graph's node are the graph's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from seldon_infra.artifacts.spec import MlflowStorage, OciStorage
from seldon_infra.core.model import known, title
from seldon_infra.core.names import is_dns_label, is_image_reference, is_service_name, is_subdomain
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.check import check_cluster, check_local
from seldon_infra.graph.rules.references import image_is_a_reference
from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.model_server.catalogue import SERVERS, arguments, default_image
from seldon_infra.model_server.model_image import image_of_model
from seldon_infra.model_server.spec import ModelServer
from seldon_infra.servers.spec import TritonServer

_LAST_PORT = 65535
_WHOLE = re.compile(r"\A[^@]+(@sha256:[0-9a-f]{64})?\Z")
CONTAINER = "server"
"""Name of the container that serves."""


def check_model_server(spec: ModelServer) -> list[Problem]:
    """Find every problem that can be known without a cluster."""
    own = [problem for rule in RULES for problem in rule(spec)]
    if not isinstance(spec.server, SERVERS):
        return own
    # The name is judged by a rule of its own: an operator composes longer ones.
    node = as_deployment(spec, CONTAINER)
    # Nodes fetch an image by themselves; who reads it here is no credential of the pods.
    fetched = [each for each in spec.storage if not isinstance(each, OciStorage)]
    pods = {"predictors": (_with_pod(node.predictors[0], spec),), "storage": tuple(fetched)}
    shared = check_cluster(node.model_copy(update=pods))
    return [*own, *(replace(problem, path=title(spec)) for problem in shared)]


def check_model_server_locally(spec: ModelServer, *, portable: bool) -> list[Problem]:
    """Find what keeps a model server from running on this machine, as a deployment of one node."""
    found = check_local(as_deployment(spec, spec.name), portable=portable)
    return [replace(problem, path=title(spec)) for problem in found]


def as_deployment(spec: ModelServer, name: str) -> SeldonDeployment:
    """Give the deployment of one node that serves the same model, as this machine runs it."""
    node = Model(
        name=name,
        server=spec.server,
        model_uri=spec.model_uri,
        model_digest=spec.model_digest,
        trusted=spec.trusted,
        signed_by=spec.signed_by,
        env=spec.env,
        resources=spec.resources,
        env_secret_ref_name=spec.env_secret_ref_name,
        storage_initializer_image=spec.storage_initializer_image,
    )
    scaled = spec.hpa is not None or spec.keda is not None
    replicas = spec.replicas if not scaled or "replicas" in spec.model_fields_set else None
    predictor = Predictor(name="main", graph=node, replicas=replicas, hpa=spec.hpa, keda=spec.keda, pdb=spec.pdb)
    return SeldonDeployment(
        name=name,
        namespace=spec.namespace,
        protocol="v2",
        predictors=[predictor],
        security=spec.security,
        storage=spec.storage,
    )


def _with_pod(predictor: Predictor, spec: ModelServer) -> Predictor:
    """Give the predictor with the pod's template and image, which rules about pods read.

    An image with a model is a volume as a claim is, and is refused of a graph's node for the operator's sake alone.
    """
    node = predictor.graph
    if image_of_model(spec.model_uri) is not None:
        node = node.model_copy(update={"model_uri": "pvc://image"})
    if "image" in type(node.server).model_fields:
        server = node.server.model_copy(update={"image": image_of(spec)})
        node = node.model_copy(update={"server": server})
    return predictor.model_copy(update={"pod": spec.pod, "graph": node})


def name_is_a_service_s(spec: ModelServer) -> Iterator[Problem]:
    """Its Service has its name, and so a host of that name answers."""
    if not is_service_name(spec.name):
        want = "must be lower-case letters, digits and '-', begin with a letter and have at most 63 characters"
        yield Problem(title(spec), f"name '{spec.name}'", want, "write name='my-model'")


def server_runs_alone(spec: ModelServer) -> Iterator[Problem]:
    """Others speak no protocol v2, or only through Seldon's orchestrator."""
    if not isinstance(spec.server, SERVERS):
        names = ", ".join(kind.__name__ for kind in SERVERS)
        got = f"server {type(spec.server).__name__}"
        yield Problem(title(spec), got, f"must be one of {names}", "use one of them, or a SeldonDeployment")


def image_is_known(spec: ModelServer) -> Iterator[Problem]:
    """An image with a user's class in it has no name that the library could know; others are references."""
    if isinstance(spec.server, SERVERS) and image_of(spec) is None:
        fix = 'build an image with the class and write image="registry/name@sha256:…"'
        yield Problem(title(spec), "image is not set", f"must be set for {type(spec.server).__name__}", fix)
    yield from image_is_a_reference(title(spec), "image", spec.image)


def namespaces_are_names(spec: ModelServer) -> Iterator[Problem]:
    """Callers are namespaces."""
    for caller in filter(None, map(known, spec.callers)):
        if not is_dns_label(caller):
            yield Problem(title(spec), f"callers '{caller}'", "must be a namespace's name", "write callers=['my-team']")


def storage_is_a_store(spec: ModelServer) -> Iterator[Problem]:
    """Pods ask no registry of MLflow's, and nobody asks it for them: only graphs' nodes are resolved."""
    if any(isinstance(each, MlflowStorage) for each in spec.storage):
        want = "must be of a store, from which pods fetch files by themselves"
        yield Problem(title(spec), "storage has an MlflowStorage", want, "write the URI of its files in a store")


def ports_are_ports(spec: ModelServer) -> Iterator[Problem]:
    """A port that is none lets nothing through."""
    for port in spec.storage_ports:
        if not 1 <= port <= _LAST_PORT:
            want = f"must be between 1 and {_LAST_PORT}"
            yield Problem(title(spec), f"storage_ports {port}", want, "write storage_ports=[443]")


def monitor_has_an_interval(spec: ModelServer) -> Iterator[Problem]:
    """Prometheus reads durations."""
    interval = known(spec.service_monitor.interval) if spec.service_monitor else None
    if interval is not None and parse_duration(interval) is None:
        got = f"service_monitor.interval '{interval}'"
        yield Problem(title(spec), got, "must be a duration", "write interval='30s'")


def arguments_are_read(spec: ModelServer) -> Iterator[Problem]:
    """MLServer reads its settings from the environment; Triton's own command line says each thing once."""
    if spec.arguments and not isinstance(spec.server, TritonServer):
        got, want = f"arguments with server {type(spec.server).__name__}", "must be for a TritonServer alone"
        yield Problem(title(spec), got, want, "remove arguments, and write env")
    told = {word.partition("=")[0] for word in arguments(spec.model_copy(update={"arguments": ()}))}
    for word in spec.arguments:
        if not word.startswith("--") or word.partition("=")[0] in told:
            want = "must be one option of Triton's, --NAME=VALUE, that the library does not write"
            yield Problem(title(spec), f"arguments '{word}'", want, f"remove '{word}'")


def changes_reach_it(spec: ModelServer) -> Iterator[Problem]:
    """Only Triton looks for changed models, and only those of a claim change under a pod."""
    control, uri = spec.model_control, known(spec.model_uri)
    if control == "none":
        return
    if not isinstance(spec.server, TritonServer):
        got = f"model_control '{control}' with server {type(spec.server).__name__}"
        yield Problem(title(spec), got, "must be 'none' but for a TritonServer", "remove model_control")
    if uri is None or not uri.startswith("pvc://"):
        got = f"model_control '{control}' with model_uri {uri!r}"
        want = "must be of a claim: what is fetched from elsewhere never changes under a pod"
        yield Problem(title(spec), got, want, "write model_uri='pvc://CLAIM/PATH', or remove model_control")


def image_is_named(spec: ModelServer) -> Iterator[Problem]:
    """A node fetches the image with a model as it fetches others, by its reference."""
    image = image_of_model(spec.model_uri)
    if image is not None and not (is_image_reference(image.partition("@")[0]) and _WHOLE.search(image)):
        want = "must be oci:// and an image's name in lower case, with a tag or a whole digest at most"
        yield Problem(title(spec), f"model_uri '{spec.model_uri}'", want, "write model_uri='oci://registry/name:tag'")


def control_has_its_secret(spec: ModelServer) -> Iterator[Problem]:
    """Whoever reaches the port could unload models, but for a secret that goes with that mode alone."""
    if spec.model_control == "explicit" and spec.control_secret is None:
        got, fix = "model_control 'explicit' without control_secret", "write control_secret='NAME', with the key token"
        yield Problem(title(spec), got, "must have one, or whoever reaches the port unloads models", fix)
    if spec.model_control != "explicit" and spec.control_secret is not None:
        got = f"control_secret with model_control '{spec.model_control}'"
        yield Problem(title(spec), got, "must be with 'explicit' alone", "remove control_secret")
    name = known(spec.control_secret)
    if name is not None and not is_subdomain(name):
        got = f"control_secret '{name}'"
        yield Problem(title(spec), got, "must be the name of a Kubernetes object", "write control_secret='triton'")


def image_of(spec: ModelServer) -> object:
    """The server's image: its own, else the one that its server names, else the library's."""
    return spec.image or getattr(spec.server, "image", None) or default_image(spec.server)


RULES = (
    name_is_a_service_s,
    server_runs_alone,
    image_is_known,
    namespaces_are_names,
    storage_is_a_store,
    ports_are_ports,
    monitor_has_an_interval,
    arguments_are_read,
    changes_reach_it,
    control_has_its_secret,
    image_is_named,
)
