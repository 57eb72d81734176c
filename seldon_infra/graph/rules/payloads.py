"""Rules about payloads that are sent on: what is taken of them, and the topic that they go to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.logged import LoggerThroughLog
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in, predictors, used_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment

LARGEST_BYTES = 16 * 1024 * 1024
"""Three of them, the first, the last and what is between, are less than the log reads at once."""
BROKER_ENV, TOPIC_ENV = "LOGGER_KAFKA_BROKER", "LOGGER_KAFKA_TOPIC"
"""Source: executor/logger/dispatcher.go of SeldonIO/seldon-core 1.17.1."""
_BROKER = re.compile(r"[^\s:,/]+:([0-9]{1,5})", re.ASCII)
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}", re.ASCII)
_NOT_OF_THE_EXECUTOR = ("sample", "largest", "redact")


def share_is_one(at: InNode) -> Iterator[Problem]:
    """A share of nothing logs nothing, and one above all is a percentage."""
    sample = at.node.logger.sample if at.node.logger else 1.0
    if not 0 < sample <= 1:
        fix = f"write sample={sample / 100:g}" if 1 < sample <= 100 else "write sample=0.1, or remove the logger"
        yield Problem(at.path, f"logger.sample {sample:g}", "must be above 0 and at most 1", fix)


def largest_is_a_size(at: InNode) -> Iterator[Problem]:
    """Payloads are cut at a number of bytes that a request may have."""
    size = parse_quantity(at.node.logger.largest) if at.node.logger else 1
    if size is None or not 1 <= size <= LARGEST_BYTES:
        got, want = f"logger.largest '{at.node.logger and at.node.logger.largest}'", "must be from 1 byte to 16Mi"
        yield Problem(at.path, got, want, "write largest='64Ki'")


def redacted_names(at: InNode) -> Iterator[Problem]:
    """A field is taken out by its name."""
    names = at.node.logger.redact if at.node.logger else ()
    if "" in names:
        yield Problem(at.path, "logger.redact has an empty name", "must name fields", "remove it")
    for name in used_twice(names):
        yield Problem(at.path, f"logger.redact names '{name}' twice", "must name it once", f"remove one '{name}'")


def topic_is_read(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A topic gets what loggers send; the brokers are addresses, and stand in one place."""
    topic = deployment.request_log.kafka if deployment.request_log else None
    if topic is None:
        return
    path, brokers, name = f"{title(deployment)}{ARROW}request_log.kafka", known(topic.brokers), known(topic.topic)
    if not any(inner.node.logger for at in predictors(deployment) for inner in nodes_in(at)):
        yield Problem(path, "is given without a logger", "must have one", "write logger=Logger(mode='all') on a node")
    yield from brokers_are_addresses(path, brokers)
    yield from topic_is_a_name(path, f"topic '{name}'", name)


def brokers_are_addresses(path: str, brokers: str | None) -> Iterator[Problem]:
    """Find brokers that are none; what is not known yet is none of them."""
    if brokers is not None and not all(is_broker(each) for each in brokers.split(",")):
        fix = "write brokers='kafka-1:9092,kafka-2:9092'"
        yield Problem(path, f"brokers '{brokers}'", "must be HOST:PORT, with commas between", fix)


def topic_is_a_name(path: str, got: str, name: str | None) -> Iterator[Problem]:
    """Find a topic's name that is none. Source: LEGAL_CHARS and MAX_NAME_LENGTH of Topic.java of apache/kafka."""
    if name is not None and (not _TOPIC.fullmatch(name) or name in (".", "..")):
        yield Problem(path, got, "must be 1 to 249 letters, digits, '.', '_' or '-'", "rename it")


def topic_stands_once(at: InPredictor) -> Iterator[Problem]:
    """What ``request_log.kafka`` renders is not written beside it."""
    log = at.deployment.request_log
    for variable in at.predictor.orchestrator.env if at.predictor.orchestrator and log and log.kafka else ():
        if variable.name in (BROKER_ENV, TOPIC_ENV):
            got, want = f"orchestrator.env sets '{variable.name}'", "must leave it to request_log.kafka"
            yield Problem(at.path, got, want, f"remove '{variable.name}'")


def orchestrator_is_there(at: InNode) -> Iterator[Problem]:
    """On protocol tensorflow this machine's gateway asks servers itself."""
    if at.node.logger and at.deployment.protocol == "tensorflow":
        got, want = (
            "logger on protocol 'tensorflow'",
            "must have an orchestrator, and here it has none",
        )
        fix = f"remove it, set protocol='seldon' on {title(at.deployment)}, or use a cluster"
        yield Problem(at.path, got, want, fix)


def executor_sends_all_of_it(at: InNode) -> Iterator[Problem]:
    """Seldon's executor sends each payload, whole: that something stays out must not be believed."""
    logger = at.node.logger
    given = logger.model_fields_set if logger and not isinstance(logger, LoggerThroughLog) else ()
    to_topic = at.deployment.request_log is not None and at.deployment.request_log.kafka is not None
    for field in _NOT_OF_THE_EXECUTOR:
        if field in given and to_topic:
            want = "must not be given with request_log.kafka, where the executor sends every payload as it is"
            yield Problem(at.path, f"logger.{field}", want, f"remove {field}, or request_log.kafka")
        elif field in given:
            want = "must not be given for a cluster, whose executor sends every payload as it is"
            fix = f"write Kubernetes(payloads=PayloadLog(…)), which does it, or remove {field}"
            yield Problem(at.path, f"logger.{field}", want, fix)


def is_broker(text: str) -> bool:
    """Tell whether a text is HOST:PORT."""
    found = _BROKER.fullmatch(text)
    return found is not None and 1 <= int(found[1]) <= 65535


DEPLOYMENT_RULES = (topic_is_read,)
PREDICTOR_RULES = (topic_stands_once,)
NODE_RULES = (share_is_one, largest_is_a_size, redacted_names)
LOCAL_NODE_RULES = (orchestrator_is_there,)
MANIFEST_NODE_RULES = (executor_sends_all_of_it,)
