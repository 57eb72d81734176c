"""Payload logs of clusters whose objects are kept as golden files.

python -m tests.unit.payload_log.cases    # writes the files anew; read the difference before you commit it
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seldon_infra.core.yaml import dump
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Logger, Model, Predictor, SeldonDeployment
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.payload_log.render import behind_log, objects
from seldon_infra.payload_log.spec import KafkaLogin, KafkaTls, PayloadKafka, PayloadLog, PayloadVolume
from seldon_infra.servers.spec import SklearnServer

GOLDEN = Path(__file__).parent / "golden"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"
KAFKA = PayloadKafka(
    brokers="kafka-1.kafka:9093,kafka-2.kafka:9094",
    topic="payloads",
    topics={"fraud": "fraud-payloads"},
    tls=KafkaTls(ca=CERTIFICATE),
    login=KafkaLogin(username="payloads", password="hunter2"),
)
IMAGE = f"ghcr.io/acme/payload-log@sha256:{'0a' * 32}"


class Case(NamedTuple):
    """A log, and what its file shows."""

    shows: str
    log: PayloadLog
    monitoring: Monitoring | None = None


def deployment(name: str = "fraud", namespace: Any = "shop", **logger: Any) -> SeldonDeployment:
    """Give a deployment of one node with a logger."""
    node = Model(
        name="score", server=SklearnServer(), model_uri="s3://models/fraud", logger=Logger(**{"mode": "all", **logger})
    )
    return SeldonDeployment(name=name, namespace=namespace, predictors=(Predictor(name="main", graph=node),))


CASES = {
    "files": Case(
        "Files on a volume, one logger with an address of its own; Prometheus reads what became of payloads.",
        PayloadLog(image=IMAGE, namespace="payload-log", files=PayloadVolume(size="20Gi")),
        Monitoring(),
    ),
    "sent-on": Case(
        "No files: two pods that send each payload to its logger's address.",
        PayloadLog(image=IMAGE, namespace="payload-log"),
    ),
    "kafka": Case(
        "To topics of Kafka as well; what brokers want to be shown is in a Secret, a file for each setting.",
        PayloadLog(image=IMAGE, namespace="payload-log", kafka=KAFKA),
    ),
}
DEPLOYMENTS = (deployment(url="https://audit.acme.io/events", sample=0.1, largest="64Ki", redact=["card", "owner"]),)


def rendered(case: Case, deployments: Sequence[SeldonDeployment] = DEPLOYMENTS) -> dict[str, Manifest]:
    """Give the log's objects by their kinds."""
    return objects(case.log, [behind_log(case.log, each) for each in deployments], case.monitoring)


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    return f"# {CASES[name].shows}\n{dump(*rendered(CASES[name]).values())}"


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
