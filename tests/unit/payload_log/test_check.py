"""Rules about a payload log and the loggers that lead to it, each with what breaks it and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import Kubernetes, MirrorGate, Monitoring, PayloadLog, PayloadVolume, Rollout, Stack
from seldon_infra.graph.spec import PayloadTopic, RequestLogQueue
from tests.unit.payload_log.cases import IMAGE, deployment

LOG, NODE = "Kubernetes → payload log", "SeldonDeployment 'fraud' → predictor 'main' → model 'score'"
KAFKA = {"request_log": RequestLogQueue(kafka=PayloadTopic(brokers="kafka:9092", topic="payloads"))}
SENT = {"url": "http://audit/"}
MIRRORED = {"rollout": Rollout(gates=[MirrorGate()])}
STEPS = "SeldonDeployment 'fraud' → rollout"


def said(log: PayloadLog | None, logger: dict[str, Any], **fields: Any) -> list[str]:
    made = deployment(**logger).model_copy(update=fields)
    return [str(problem) for problem in Stack(target=Kubernetes(payloads=log), deployments=[made]).check()]


def log(**fields: Any) -> PayloadLog:
    return PayloadLog(**{"image": IMAGE, "namespace": "logs", **fields})


BROKEN = {
    "an image that is none": (
        log(image="Payload Log"),
        SENT,
        {},
        f"{LOG}: image 'Payload Log', must be an image's name in lower case",
    ),
    "a namespace that is none": (
        log(namespace="Logs"),
        SENT,
        {},
        f"{LOG}: namespace 'Logs', must be a namespace's name",
    ),
    "a port that is none": (log(onward_ports=[0]), SENT, {}, f"{LOG}: onward_ports 0, must be between 1 and 65535"),
    "a volume of no size": (
        log(files=PayloadVolume(size="ten")),
        {},
        {},
        f"{LOG}: files.size 'ten', must be a quantity",
    ),
    "a volume too small for what is kept": (
        log(files=PayloadVolume(size="512Mi")),
        {},
        {},
        f"{LOG}: files.size '512Mi', must be a quantity of bytes that holds keep_bytes, 1073741824",
    ),
    "two pods for one volume": (
        log(files=PayloadVolume(), replicas=2),
        {},
        {},
        f"{LOG}: replicas 2 with files, must be 1: one pod writes a volume's files",
    ),
    "payloads that nobody keeps": (
        log(),
        {},
        {},
        f"{NODE}: logger.url is not set, must be set where the payload log keeps no files",
    ),
    "a share that is none": (log(), {**SENT, "sample": 10}, {}, f"{NODE}: logger.sample 10, must be above 0"),
    "something to take out, and nobody who does": (
        None,
        {"redact": ["card"]},
        {},
        f"{NODE}: logger.redact, must not be given for a cluster, whose executor sends every payload as it is; "
        "write Kubernetes(payloads=PayloadLog(…)), which does it, or remove redact",
    ),
    "something to take out of what goes to a topic": (
        log(),
        {"redact": ["card"]},
        KAFKA,
        f"{NODE}: logger.redact, must not be given with request_log.kafka",
    ),
    "a mirror gate, and nobody who keeps requests": (
        None,
        SENT,
        MIRRORED,
        f"{STEPS}: MirrorGate without payloads, must have the stack's payload log on a cluster: nobody else there "
        "keeps what clients ask; write Kubernetes(payloads=PayloadLog(…)), or use a DifferenceGate with rows of yours",
    ),
    "a mirror gate, and requests that go to a topic": (
        log(),
        {},
        {**KAFKA, **MIRRORED},
        f"{STEPS}: MirrorGate with request_log.kafka, must not be: what goes to Kafka does not pass the payload log",
    ),
    "a mirror gate, and answers alone": (
        log(),
        {"mode": "response"},
        MIRRORED,
        f"{NODE}: logger.mode 'response', must log requests: this is the first node, and a MirrorGate copies what it "
        "is asked; write logger=Logger(mode='request')",
    ),
    "a mirror gate, and requests that are not whole": (
        log(),
        {"redact": ["card"]},
        MIRRORED,
        f"{NODE}: logger.redact 'card' on a first node with a MirrorGate, must be empty: versions cannot be asked what "
        "was taken out; remove redact",
    ),
}
RIGHT: dict[str, tuple[PayloadLog | None, dict[str, Any], dict[str, Any]]] = {
    "all that a logger can say": (log(), {**SENT, "sample": 0.1, "largest": "64Ki", "redact": ["card"]}, {}),
    "files without an address": (log(files=PayloadVolume()), {"redact": ["card"]}, {}),
    "one pod for a volume, said": (log(files=PayloadVolume(), replicas=1), {}, {}),
    "a topic beside a log": (log(), {}, KAFKA),
    "no log at all": (None, {}, {}),
    "requests that a gate takes and nobody keeps": (log(), {"mode": "request", "sample": 0.5}, MIRRORED),
}


@pytest.mark.parametrize(("log", "logger", "fields", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_said_of_the_object_that_it_is(
    log: PayloadLog | None, logger: dict[str, Any], fields: dict[str, Any], text: str
) -> None:
    (found,) = said(log, logger, **fields)
    assert found.startswith(text)


@pytest.mark.parametrize(("log", "logger", "fields"), RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_let_through(log: PayloadLog | None, logger: dict[str, Any], fields: dict[str, Any]) -> None:
    assert said(log, logger, **fields) == []


def test_a_graph_that_is_too_large_is_said_and_not_walked_through() -> None:
    from seldon_infra import Logger, Model, Predictor, SeldonDeployment, SimpleModel

    node = Model(name="last", server=SimpleModel(), logger=Logger(mode="all"))
    for number in range(2000):
        node = Model(name=f"n{number}", server=SimpleModel(), children=(node,))
    deep = SeldonDeployment(name="deep", predictors=(Predictor(name="main", graph=node),))
    target = Kubernetes(
        payloads=PayloadLog(image=IMAGE, namespace="logs", files=PayloadVolume()), monitoring=Monitoring()
    )
    assert Stack(target=target, deployments=[deep]).check()
