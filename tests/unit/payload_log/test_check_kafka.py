"""Rules about topics of Kafka's that payloads go to, each with what breaks it and what does not; on both targets."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import KafkaLogin, KafkaTls, Kubernetes, Local, PayloadKafka, PayloadLog, Stack
from tests.unit.core.later import Later
from tests.unit.payload_log.cases import CERTIFICATE, IMAGE, KEY, deployment

PATH = "payload kafka"
TLS = KafkaTls(ca=CERTIFICATE)
LOGIN = KafkaLogin(username="payloads", password="hunter2")


def kafka(**fields: Any) -> PayloadKafka:
    return PayloadKafka(**{"brokers": "kafka-1:9093,kafka-2:9093", "topic": "payloads", **fields})


def said(to: PayloadKafka) -> list[str]:
    log = PayloadLog(image=IMAGE, namespace="logs", kafka=to)
    made = deployment().model_copy(update={"protocol": "v2"})
    here = [str(each) for each in Stack(target=Local(payload_kafka=to), deployments=[made]).check()]
    there = [str(each) for each in Stack(target=Kubernetes(payloads=log), deployments=[made]).check()]
    found = [each.removeprefix("Local → ") for each in here]
    assert found == [each.removeprefix("Kubernetes → payload log → ") for each in there]
    return found


BROKEN = {
    "a broker without a port": (
        kafka(brokers="kafka-1:9093,kafka-2"),
        f"{PATH}: brokers 'kafka-1:9093,kafka-2', must be HOST:PORT, with commas between; "
        "write brokers='kafka-1:9092,kafka-2:9092'",
    ),
    "a broker as an address of the web": (kafka(brokers="https://kafka:9093"), f"{PATH}: brokers 'https://kafka:9093'"),
    "a port that is none": (kafka(brokers="kafka:99999"), f"{PATH}: brokers 'kafka:99999', must be HOST:PORT"),
    "a topic with a blank": (
        kafka(topic="my payloads"),
        f"{PATH}: topic 'my payloads', must be 1 to 249 letters, digits, '.', '_' or '-'; rename it",
    ),
    "a topic that is too long": (kafka(topic="a" * 250), f"{PATH}: topic '{'a' * 250}', must be 1 to 249 letters"),
    "a topic that is a folder": (kafka(topic=".."), f"{PATH}: topic '..', must be 1 to 249 letters"),
    "a topic of a deployment": (kafka(topics={"fraud": "a/b"}), f"{PATH}: topics['fraud'] 'a/b', must be 1 to 249"),
    "a deployment that is none": (
        kafka(topics={"fruad": "t"}),
        f"{PATH}: topics['fruad'], must name a deployment of the stack; write fraud",
    ),
    "a password that goes in plain text": (
        kafka(login=KafkaLogin(username="payloads", password="hunter2", mechanism="PLAIN")),
        f"{PATH} → login: mechanism 'PLAIN' without tls, must not send a password in plain text; "
        "write tls=KafkaTls(), or mechanism='SCRAM-SHA-512'",
    ),
    "no password": (
        kafka(login=KafkaLogin(username="payloads", password="")),
        f"{PATH} → login: password is empty, must be that of a user of the brokers; write password=…",
    ),
    "a path in the place of a text": (
        kafka(tls=KafkaTls(ca="/etc/ssl/ca.pem")),
        f"{PATH} → tls: ca is no text of a PEM file, must hold BEGIN CERTIFICATE; write ca=Path('ca.pem').read_text()",
    ),
    "a certificate without its key": (
        kafka(tls=KafkaTls(certificate=CERTIFICATE)),
        f"{PATH} → tls: certificate is given without key, must be both or neither; write key=…",
    ),
    "a key without its certificate": (
        kafka(tls=KafkaTls(key=KEY)),
        f"{PATH} → tls: key is given without certificate, must be both or neither; write certificate=…",
    ),
    "a key with a passphrase": (
        kafka(tls=KafkaTls(certificate=CERTIFICATE, key=KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"))),
        f"{PATH} → tls: key has a passphrase, must have none; write it anew without one: openssl pkey",
    ),
    "a key that is none": (
        kafka(tls=KafkaTls(certificate=CERTIFICATE, key="hunter2")),
        f"{PATH} → tls: key is no text of a PEM file, must hold PRIVATE KEY; write key=",
    ),
}
RIGHT = {
    "brokers and a topic": kafka(),
    "a topic of a deployment's own": kafka(topics={"fraud": "fraud.payloads_1-a"}),
    "TLS by whom the system trusts": kafka(tls=KafkaTls()),
    "SCRAM without TLS": kafka(login=LOGIN),
    "PLAIN over TLS": kafka(tls=TLS, login=KafkaLogin(username="p", password="hunter2", mechanism="PLAIN")),
    "mutual TLS": kafka(tls=KafkaTls(ca=CERTIFICATE, certificate=CERTIFICATE, key=KEY)),
    "what comes late": kafka(
        brokers=Later(),
        topic=Later(),
        topics={"fraud": Later()},
        tls=KafkaTls(ca=Later(), certificate=Later(), key=Later()),
        login=KafkaLogin(username=Later(), password=Later()),  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize(("to", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_said_and_no_secret_is(to: PayloadKafka, text: str) -> None:
    (found,) = said(to)
    assert found.startswith(text)
    assert "hunter2" not in found


@pytest.mark.parametrize("to", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_let_through(to: PayloadKafka) -> None:
    assert said(to) == []


def test_a_password_is_shown_nowhere() -> None:
    assert "hunter2" not in repr(kafka(login=LOGIN, tls=KafkaTls(key="hunter2")))
