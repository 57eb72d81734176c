"""Rules about settings that nothing would read: they would be dropped in silence, so they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in, server_of
from seldon_infra.servers.spec import MLflowServer, SklearnServer, TensorFlowServer, XGBoostServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.servers.spec import Protocol, Server

_READ_ON_SELDON: tuple[tuple[type[Server], Protocol, tuple[str, ...]], ...] = (
    (SklearnServer, "v2", ("method", "version")),
    (XGBoostServer, "v2", ("version",)),
    (MLflowServer, "v2", ("version",)),
    (TensorFlowServer, "tensorflow", ("signature_name", "model_input", "model_output")),
)
_OF_A_SERVER = (
    "model_uri",
    "trusted",
    "signed_by",
    "model_digest",
    "env",
    "resources",
    "endpoint",
    "env_secret_ref_name",
    "service_account_name",
    "storage_initializer_image",
    "pod",
)
_OF_THE_ORCHESTRATOR = ("orchestrator", "engine_resources", "ssl")
_OF_THE_SHARED_POD = ("pod", "hpa", "keda", "pdb")


def server_reads_its_settings(at: InNode) -> Iterator[Problem]:
    """Some settings are those of Seldon's own image, which other protocols do not run."""
    protocol = at.deployment.protocol
    for kind, unread_on, fields in _READ_ON_SELDON:
        for field in fields if isinstance(at.node.server, kind) and protocol == unread_on else ():
            value = getattr(at.node.server, field)
            if value is not None:
                got = f"{kind.__name__} {field} {value!r} on protocol '{protocol}'"
                yield Problem(at.path, got, "must be on protocol 'seldon', where it is read", f"remove {field}")


def no_server_no_settings(at: InNode) -> Iterator[Problem]:
    """What the orchestrator does by itself has no container that could get them."""
    for field in _OF_A_SERVER if server_of(at.node) is None else ():
        if getattr(at.node, field) not in (None, ()):
            got = f"{field} with {type(at.node.server).__name__}"
            yield Problem(at.path, got, "must not be given, since no server runs", f"remove {field}")


def what_is_verified_is_there(at: InNode) -> Iterator[Problem]:
    """A key and a digest verify nothing by themselves."""
    for field in ("signed_by", "model_digest") if at.node.model_uri is None and server_of(at.node) else ():
        value = getattr(at.node, field)
        if value is not None:
            got, fix = f"{field} '{known(value) or '…'}' without model_uri", f"write model_uri=…, or remove {field}"
            yield Problem(at.path, got, "must have files to verify", fix)


def no_engine_no_logger(at: InNode) -> Iterator[Problem]:
    """It is the orchestrator that sends payloads on."""
    if at.predictor.no_engine and at.node.logger:
        got = f"logger with no_engine=True on predictor '{at.predictor.name}'"
        want = "must not be given: the orchestrator sends payloads on"
        yield Problem(at.path, got, want, "remove logger or no_engine=True")


def no_engine_no_settings(at: InPredictor) -> Iterator[Problem]:
    """Settings of an orchestrator that is not there."""
    for field in _OF_THE_ORCHESTRATOR if at.predictor.no_engine else ():
        if getattr(at.predictor, field) is not None:
            fix = f"remove {field} or no_engine=True"
            yield Problem(at.path, f"{field} with no_engine=True", "must not be given", fix)


def no_pod_no_settings(at: InPredictor) -> Iterator[Problem]:
    """A predictor's settings are those of the pod that its nodes share; where each has its own there is none."""
    if any(server_of(inner.node) and inner.node.pod is None for inner in nodes_in(at)):
        return
    for field in _OF_THE_SHARED_POD:
        if getattr(at.predictor, field) is not None:
            want = "must be given on nodes, because none is left in the predictor's own pod"
            yield Problem(at.path, field, want, f"move {field} into pod=Pod(…) of a node")


PREDICTOR_RULES = (no_engine_no_settings, no_pod_no_settings)
NODE_RULES = (server_reads_its_settings, no_server_no_settings, what_is_verified_is_there, no_engine_no_logger)
