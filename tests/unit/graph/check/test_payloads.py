from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import EnvVar, Logger, Orchestrator, PayloadTopic, RequestLogQueue, SeldonDeployment
from tests.unit.core.later import Later
from tests.unit.graph.check.build import DEPLOYMENT, NODE, PREDICTOR, Row, deployment, model, of_node, predictor

KAFKA = f"{DEPLOYMENT} → request_log.kafka"


def logging(**fields: Any) -> SeldonDeployment:
    return of_node(logger=Logger(**{"mode": "all", **fields}))


def to_topic(*env: EnvVar, logged: bool = True, **topic: Any) -> SeldonDeployment:
    graph = model(logger=Logger(mode="all") if logged else None)
    orchestrator = Orchestrator(env=env) if env else None
    log = RequestLogQueue(kafka=PayloadTopic(**{"brokers": "kafka:9092", **topic}))
    return deployment(predictor(graph=graph, orchestrator=orchestrator), request_log=log)


ROWS = {
    "a share of nothing": Row(
        logging(sample=0),
        f"{NODE}: logger.sample 0, must be above 0 and at most 1; write sample=0.1, or remove the logger",
        logging(sample=0.001),
    ),
    "a share in percent": Row(
        logging(sample=25),
        f"{NODE}: logger.sample 25, must be above 0 and at most 1; write sample=0.25",
        logging(sample=1),
    ),
    "a size that is none": Row(
        logging(largest="much"),
        f"{NODE}: logger.largest 'much', must be from 1 byte to 64Mi; write largest='64Ki'",
        logging(largest="64Mi"),
    ),
    "a size that no request has": Row(
        logging(largest="1Gi"),
        f"{NODE}: logger.largest '1Gi', must be from 1 byte to 64Mi; write largest='64Ki'",
        logging(largest=1),
    ),
    "a field without a name": Row(
        logging(redact=["card", ""]),
        f"{NODE}: logger.redact has an empty name, must name fields; remove it",
        logging(redact=["card"]),
    ),
    "a field that is named twice": Row(
        logging(redact=["card", "card"]),
        f"{NODE}: logger.redact names 'card' twice, must name it once; remove one 'card'",
        logging(redact=["card", "Card"]),
    ),
    "a topic that nothing is sent to": Row(
        to_topic(logged=False),
        f"{KAFKA}: is given without a logger, must have one; write logger=Logger(mode='all') on a node",
        to_topic(),
    ),
    "a broker without a port": Row(
        to_topic(brokers="kafka-1:9092,kafka-2"),
        f"{KAFKA}: brokers 'kafka-1:9092,kafka-2', must be HOST:PORT, with commas between; "
        "write brokers='kafka-1:9092,kafka-2:9092'",
        to_topic(brokers="kafka-1:9092,kafka-2:9093"),
    ),
    "a broker with a scheme": Row(
        to_topic(brokers="kafka://kafka:9092"),
        f"{KAFKA}: brokers 'kafka://kafka:9092', must be HOST:PORT, with commas between; "
        "write brokers='kafka-1:9092,kafka-2:9092'",
        to_topic(brokers=Later()),
    ),
    "a topic that Kafka refuses": Row(
        to_topic(topic="all payloads"),
        f"{KAFKA}: topic 'all payloads', must be 1 to 249 letters, digits, '.', '_' or '-'; rename it",
        to_topic(topic="all_payloads.v1"),
    ),
    "a topic that is written twice": Row(
        to_topic(EnvVar(name="LOGGER_KAFKA_TOPIC", value="other")),
        f"{PREDICTOR}: orchestrator.env sets 'LOGGER_KAFKA_TOPIC', must leave it to request_log.kafka; "
        "remove 'LOGGER_KAFKA_TOPIC'",
        to_topic(EnvVar(name="KAFKA_SECURITY_PROTOCOL", value="SSL")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []
