"""Loggers whose payloads go through the stack's payload log, which reads in its address what they say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.spec import Logger
from seldon_infra.graph.walk import mapped

if TYPE_CHECKING:
    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import Node, SeldonDeployment


class LoggerThroughLog(Logger):
    """A logger whose payloads go to the log first; ``url`` is where the log sends them."""

    written: ClassVar[bool] = False
    log: str
    """Address of the log, without what it is told."""


def through_log(deployment: SeldonDeployment, log: str) -> SeldonDeployment:
    """Let all loggers of a deployment send to the log; a topic gets what executors send, and nothing else does."""
    if deployment.request_log is not None and deployment.request_log.kafka is not None:
        return deployment
    change = partial(_through, log)
    changed = [each.model_copy(update={"graph": mapped(each.graph, change)}) for each in deployment.predictors]
    return deployment.model_copy(update={"predictors": tuple(changed)})


def _through(log: str, node: Node) -> Node:
    if node.logger is None:
        return node
    said = {name: getattr(node.logger, name) for name in node.logger.model_fields_set}
    return node.model_copy(update={"logger": LoggerThroughLog(**said, log=log)})


def address_of(logger: Logger) -> Later[str] | None:
    """Where an executor sends a node's payloads; None where its operator says it."""
    if not isinstance(logger, LoggerThroughLog):
        return logger.url
    sample = {"sample": f"{logger.sample:g}"} if logger.sample != 1 else {}
    largest = int(parse_quantity(logger.largest) or 0)
    told = [*sample.items(), ("largest", str(largest)), *(("redact", name) for name in logger.redact)]
    return f"{logger.log}?{urlencode(told)}"
