"""Payloads from the real orchestrator through the real log to a real broker, read by another client; and its faults."""

from __future__ import annotations

import argparse
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.payload_log.kafka import secrets, words
from seldon_infra.payload_log.spec import KafkaLogin, KafkaTls, PayloadKafka
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.payloads.frames import EVENTS_PATH, to_wire
from seldon_infra.runtime.payloads.kafka import Topics
from seldon_infra.runtime.payloads.kafka_settings import add_arguments, settings_of
from tests.engine.waiting import wait_until
from tests.local.kafka_broker import PASSWORD, USER, Broker, broker, stranger
from tests.local.orchestrator.graphs import Graph, orchestrator
from tests.local.payloads import LOCAL, Logged, deployment, start_log
from tests.local.scene import Scene, ask
from tests.unit.runtime.test_payloads import PAYLOAD

pytestmark = pytest.mark.local
WAIT = 8.0
"""Seconds that a payload waits for a broker which is not to have it; by then the broker has said why."""


@pytest.fixture(scope="module")
def kafka() -> Iterator[Broker]:
    with broker() as made:
        made.make("payloads", "fraud", "kept", "stopped", "secure")
        made.make("small", **{"max.message.bytes": "2000"})
        yield made


@dataclass
class Sink:
    """What sends to topics as the log's process has it, with what became of payloads."""

    folder: Path
    kafka: PayloadKafka
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name, text in secrets(self.kafka).items():
            (self.folder / name).write_text(str(text))
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        settings = settings_of(parser.parse_args([str(word) for word in words(self.kafka, str(self.folder))]))
        assert settings is not None
        self.topics = Topics(settings, lambda _, outcome: self.outcomes.update([outcome]))

    def put(self, *ids: str, **changed: Any) -> None:
        for id in ids:
            self.topics.put(PAYLOAD._replace(id=id, **changed))


@pytest.fixture
def sink(tmp_path: Path) -> Callable[..., Sink]:
    def made(brokers: str, topic: str, **more: Any) -> Sink:
        to = PayloadKafka(brokers=brokers, topic=topic, **{"wait_seconds": WAIT, **more})
        return Sink(tmp_path / f"sink-{len(list(tmp_path.iterdir()))}", to)

    return made


@pytest.fixture(scope="module")
def logged(new_scene: Callable[[], Scene], kafka: Broker) -> Logged:
    """A deployment whose log sends to the broker, which a test ends and starts again."""
    scene = new_scene()
    to = PayloadKafka(brokers=kafka.address("open"), topic="payloads", wait_seconds=8)
    log = start_log(scene, to)
    record = orchestrator(scene, deployment("fraud"), {}, LOCAL, f"127.0.0.1:{log.ports['http']}")
    return Logged(Graph(scene, {}, record), log, "fraud")


def said(logged: Logged) -> str:
    return (logged.graph.scene.processes.folder(logged.log.id) / "log").read_text()


def test_a_topic_gets_what_files_have_as_cloud_events_in_binary_mode(logged: Logged, kafka: Broker) -> None:
    logged.predict("both")
    rows = {row["id"]: row for row in logged.rows_of("both", 4)}
    wait_until(lambda: logged.kept("kafka") == {"sent": 4})
    records = {record.headers["ce_id"]: record for record in kafka.records("payloads")}
    assert records.keys() == rows.keys()
    for id, row in rows.items():
        record = records[id]
        assert record.value.decode() == row["payload"]
        assert record.key == "both"
        assert record.headers == {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": id,
            "ce_type": f"io.seldon.serving.inference.{row['event']}",
            "ce_source": f"http://127.0.0.1:{logged.graph.orchestrator.ports['http']}/",
            "ce_time": row["time"].isoformat().replace("+00:00", "Z"),
            "ce_requestid": "both",
            "ce_modelid": row["node"],
            "ce_inferenceservicename": "fraud",
            "ce_namespace": "ns",
            "ce_endpoint": "main",
            "ce_protocol": "seldon",
            "ce_size": str(len(record.value)),
            "ce_truncated": "false",
        }
    assert len({record.partition for record in records.values()}) == 1, "what has one key is in one partition"


SECURE: Mapping[str, Callable[[Broker], Mapping[str, Any]]] = {
    "SCRAM-SHA-512": lambda kafka: {"login": KafkaLogin(username=USER, password=PASSWORD)},
    "SCRAM-SHA-256": lambda kafka: {"login": KafkaLogin(username=USER, password=PASSWORD, mechanism="SCRAM-SHA-256")},
    "PLAIN": lambda kafka: {"login": KafkaLogin(username=USER, password=PASSWORD, mechanism="PLAIN")},
    "mutual TLS": lambda kafka: {
        "tls": KafkaTls(ca=kafka.ca, certificate=kafka.client.certificate, key=kafka.client.key),
        "acks": "leader",
    },
}


def test_brokers_are_shown_what_they_want(kafka: Broker, sink: Callable[..., Sink]) -> None:
    sinks = {}
    for how, of in SECURE.items():
        fields = {"tls": KafkaTls(ca=kafka.ca), "topics": {"fraud": "secure"}, "wait_seconds": 60, **of(kafka)}
        sinks[how] = sink(kafka.address("login" if "login" in fields else "mutual"), "elsewhere", **fields)
        sinks[how].put(how, origin=PAYLOAD.origin._replace(deployment="fraud"))
    wait_until(lambda: all(each.outcomes for each in sinks.values()))
    assert {how: dict(each.outcomes) for how, each in sinks.items()} == {how: {"sent": 1} for how in SECURE}
    assert sorted(record.headers["ce_id"] for record in kafka.records("secure")) == sorted(SECURE)


LOST: Mapping[str, tuple[str, str, Callable[[Broker], Mapping[str, Any]]]] = {
    "login refused": (
        "login",
        "Authentication failed during authentication due to invalid credentials",
        lambda kafka: {"tls": KafkaTls(ca=kafka.ca), "login": KafkaLogin(username=USER, password="wrong-password")},
    ),
    "TLS refused": ("login", "certificate verify failed", lambda kafka: {"tls": KafkaTls(ca=stranger().certificate)}),
    "TLS refused ": ("mutual", "alert bad certificate", lambda kafka: {"tls": KafkaTls(ca=kafka.ca)}),
    "unknown topic": ("open", "Unknown topic", lambda kafka: {"topics": {"d": "nowhere"}}),
    "too large": ("open", "Message size too large", lambda kafka: {"topics": {"d": "small"}}),
    "brokers unreachable": ("none", "Connection refused", lambda kafka: {}),
}
"""What becomes of payloads: where they go, what is said, and how."""


def test_what_brokers_do_not_take_is_counted_and_said_once_without_a_secret(
    kafka: Broker, sink: Callable[..., Sink], capfd: pytest.CaptureFixture[str]
) -> None:
    sinks = {}
    for name, (listener, _, how) in LOST.items():
        address = "127.0.0.1:1" if listener == "none" else kafka.address(listener)
        sinks[name] = sink(address, "payloads", **how(kafka))
        sinks[name].put("one", "two", "three", body=bytes(3000))
    wait_until(lambda: all(each.outcomes.total() == 3 for each in sinks.values()))
    assert {name: dict(each.outcomes) for name, each in sinks.items()} == {
        name: {f"dropped: {name.strip()}": 3} for name in LOST
    }
    lines = capfd.readouterr().err.splitlines()
    for name, (_, why, _) in LOST.items():
        (line,) = (each for each in lines if f"payloads are lost, {name.strip()} (" in each and why in each)
        assert line.startswith("Kafka at 127.0.0.1:")
    assert not any("wrong-password" in line for line in lines)


def test_a_log_that_is_shut_out_for_good_is_let_in_again(
    kafka: Broker, sink: Callable[..., Sink], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seldon_infra.runtime.payloads.kafka.RENEW_SECONDS", 1.0)
    login = KafkaLogin(username=USER, password=PASSWORD)
    with kafka.refusing(USER):
        refused = sink(kafka.address("login"), "secure", tls=KafkaTls(ca=kafka.ca), login=login, wait_seconds=60)
        refused.put("first")
        wait_until(lambda: refused.outcomes.total() == 1)

        def is_shut_out() -> bool:
            refused.put("more")
            return refused.outcomes["dropped: not allowed"] > 10

        wait_until(is_shut_out)
        assert refused.outcomes.keys() == {"dropped: not allowed"}

    def is_let_in() -> bool:
        refused.put("later")
        return refused.outcomes["sent"] > 0

    wait_until(is_let_in)
    assert capfd.readouterr().err.count("payloads are lost, not allowed (") == 1


def test_a_broker_that_hangs_keeps_nobody_waiting_and_gets_each_payload_once(
    kafka: Broker, sink: Callable[..., Sink]
) -> None:
    patient = sink(kafka.address("open"), "stopped", wait_seconds=60, key="deployment")
    patient.put("first")
    wait_until(lambda: patient.outcomes["sent"] == 1)
    ids = [str(number) for number in range(300)]
    kafka.kill(signal.SIGSTOP)
    try:
        patient.put(*ids)  # returns, though nobody takes them
        assert patient.outcomes == {"sent": 1}
    finally:
        kafka.kill(signal.SIGCONT)
    wait_until(lambda: patient.outcomes == {"sent": 301})
    records = kafka.records("stopped")
    assert [record.headers["ce_id"] for record in records] == ["first", *ids], "one key has one order"
    assert {record.key for record in records} == {"d"}


def test_a_broker_that_is_killed_costs_no_request_and_stores_nothing_twice(
    logged: Logged, kafka: Broker, sink: Callable[..., Sink]
) -> None:
    earlier = logged.kept("kafka").get("sent", 0)
    patient = sink(kafka.address("open"), "kept", wait_seconds=600)
    patient.put("first")
    wait_until(lambda: patient.outcomes["sent"] == 1)
    patient.put(*(f"before-{number}" for number in range(2000)))
    kafka.kill()
    for number in range(20):
        logged.predict(f"while-{number}")
    patient.put(*(f"while-{number}" for number in range(100)))
    wait_until(lambda: logged.kept("kafka").get("dropped: brokers unreachable") == 80)
    kafka.start()
    logged.predict("after")
    wait_until(lambda: logged.kept("kafka") == {"sent": earlier + 4, "dropped: brokers unreachable": 80})
    wait_until(lambda: patient.outcomes["sent"] == 2101)
    kept = Counter(record.headers["ce_id"] for record in kafka.records("kept"))
    assert kept == Counter(["first", *(f"before-{n}" for n in range(2000)), *(f"while-{n}" for n in range(100))])
    stored = Counter(record.headers["ce_id"] for record in kafka.records("payloads"))
    assert set(stored.values()) == {1}
    assert len(stored) == earlier + 4
    assert len(logged.rows()) == earlier + 84, "files have it all"
    assert said(logged).count("payloads are lost, brokers unreachable (") == 1


def test_a_log_whose_secret_changes_starts_anew_with_it(new_scene: Callable[[], Scene], kafka: Broker) -> None:
    scene = new_scene()
    login = KafkaLogin(username=USER, password="yesterday's")
    to = PayloadKafka(brokers=kafka.address("login"), topic="secure", tls=KafkaTls(ca=kafka.ca), login=login)
    log = start_log(scene, to)
    pid, folder = scene.pid(log), scene.processes.folder(log.id)
    (folder / "new").write_text(PASSWORD)
    (folder / "new").replace(folder / "kafka" / "sasl.password")
    wait_until(lambda: scene.pid(log) != pid and is_ready("http", log.ports["http"], "/live"))
    wire = to_wire([PAYLOAD._replace(id="changed")])
    assert ask(log.ports["http"], EVENTS_PATH, "POST", wire).status == 200
    wait_until(lambda: "changed" in {record.headers["ce_id"] for record in kafka.records("secure")})
    text = (folder / "log").read_text()
    assert "secrets for Kafka have changed" in text
    assert not any(word in text for word in ("yesterday", PASSWORD))
