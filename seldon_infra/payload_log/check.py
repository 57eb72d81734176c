"""Rules about the payload log of a cluster together with the loggers that send to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seldon_infra.core.model import title
from seldon_infra.core.names import is_dns_label
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import nodes_in, predictors
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
        if deployment.request_log is not None and deployment.request_log.kafka is not None:
            continue
        for at in predictors(deployment):
            for inner in nodes_in(at):
                if inner.node.logger is not None and inner.node.logger.url is None:
                    got, want = "logger.url is not set", "must be set where the payload log keeps no files"
                    yield Problem(inner.path, got, want, "write url=…, or PayloadLog(files=PayloadVolume())")
