"""Rules about the payload log of a cluster together with the loggers that send to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from seldon_infra.core.model import title
from seldon_infra.core.names import is_dns_label
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import InPredictor, nodes_in, predictors
from seldon_infra.graph.rules.references import image_is_a_reference
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.payload_log.check_kafka import check_kafka
from seldon_infra.payload_log.spec import PayloadLog

_LAST_PORT = 65535


def check(log: PayloadLog, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find every problem that can be known without a cluster."""
    path = f"Kubernetes{ARROW}{title(log)}"
    kafka = check_kafka(path, log.kafka, deployments) if log.kafka else ()
    return [*_parts_are_right(path, log), *kafka, *_loggers_lead_somewhere(log, deployments)]


def gates_find_requests(log: PayloadLog | None, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """A mirror gate copies what the payload log is sent: all that clients ask over REST, as they asked it."""
    for deployment in deployments:
        if deployment.rollout is None or not deployment.rollout.mirrors:
            continue
        path = f"{title(deployment)}{ARROW}rollout"
        kafka = deployment.request_log is not None and deployment.request_log.kafka is not None
        if log is None:
            want = "must have the stack's payload log on a cluster: nobody else there keeps what clients ask"
            fix = "write Kubernetes(payloads=PayloadLog(…)), or use a DifferenceGate with rows of yours"
            yield Problem(path, "MirrorGate without payloads", want, fix)
        elif kafka:
            want = "must not be: what goes to Kafka does not pass the payload log, which gives the gate its requests"
            yield Problem(path, "MirrorGate with request_log.kafka", want, "remove kafka, or use a DifferenceGate")
        else:
            yield from chain.from_iterable(map(_requests_are_logged, predictors(deployment)))


def _requests_are_logged(at: InPredictor) -> Iterator[Problem]:
    if at.predictor.shadow:
        return
    first = next(nodes_in(at))
    logger = first.node.logger
    if logger is None or logger.mode == "response":
        got = "no logger" if logger is None else f"logger.mode '{logger.mode}'"
        want = "must log requests: this is the first node, and a MirrorGate copies what it is asked"
        yield Problem(first.path, got, want, "write logger=Logger(mode='request')")
    elif logger.redact:
        got = f"logger.redact {', '.join(map(repr, logger.redact))} on a first node with a MirrorGate"
        want = "must be empty: versions cannot be asked what was taken out"
        yield Problem(first.path, got, want, "remove redact, or use a DifferenceGate with rows of yours")


def _parts_are_right(path: str, log: PayloadLog) -> Iterator[Problem]:
    yield from image_is_a_reference(path, "image", log.image)
    if not is_dns_label(log.namespace):
        yield Problem(path, f"namespace '{log.namespace}'", "must be a namespace's name", "write namespace='payloads'")
    for port in log.onward_ports:
        if not 1 <= port <= _LAST_PORT:
            yield Problem(
                path, f"onward_ports {port}", f"must be between 1 and {_LAST_PORT}", "write onward_ports=[443]"
            )
    if log.files is not None:
        size = parse_quantity(log.files.size)
        if size is None or size < log.files.keep_bytes:
            want = f"must be a quantity of bytes that holds keep_bytes, {log.files.keep_bytes}"
            yield Problem(path, f"files.size '{log.files.size}'", want, "write size='10Gi'")
        if "replicas" in log.model_fields_set and log.replicas != 1:
            got, want = f"replicas {log.replicas} with files", "must be 1: one pod writes a volume's files"
            yield Problem(path, got, want, "remove replicas, or files")


def _loggers_lead_somewhere(log: PayloadLog, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """What is neither kept nor sent on was logged for nothing."""
    for deployment in deployments if log.files is None and log.kafka is None else ():
        if deployment.rollout is not None and deployment.rollout.mirrors:
            continue  # A gate takes them.
        if deployment.request_log is not None and deployment.request_log.kafka is not None:
            continue
        for at in predictors(deployment):
            for inner in nodes_in(at):
                if inner.node.logger is not None and inner.node.logger.url is None:
                    got, want = "logger.url is not set", "must be set where the payload log keeps no files"
                    yield Problem(inner.path, got, want, "write url=…, or PayloadLog(files=PayloadVolume())")
