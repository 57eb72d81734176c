"""Payloads as CloudEvents over Kafka, in the binary mode of its protocol binding.

A record's value is the payload as it is, ``content-type`` says what that is, and each attribute is a header ``ce_NAME``
in UTF-8: who reads may choose by headers alone, and neither a text that was cut nor a message of gRPC has to be put
into JSON. It is also the mode in which executors and this log send over HTTP. Source: 3.2 of Kafka Protocol Binding for
CloudEvents 1.0.2, cloudevents/bindings/kafka-protocol-binding.md of cloudevents/spec.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from seldon_infra.runtime.payloads.kafka_settings import Settings
from seldon_infra.runtime.payloads.payload import Origin, Payload, attributes
from seldon_infra.runtime.payloads.words import Seldom

MOST_WAITING = 20_000
"""Payloads that wait for brokers."""
MOST_WAITING_KIB = 64 * 1024
"""What may wait for them together, however few payloads that is."""
FLUSH_SECONDS = 5.0
RENEW_SECONDS = 30.0
"""How long until it is tried anew whether brokers let it in that have shut it out for good."""
_POLL_SECONDS = 0.25
_OWN: Mapping[str, str | int] = {
    "client.id": "seldon-infra-payloads",
    "queue.buffering.max.messages": MOST_WAITING,
    "queue.buffering.max.kbytes": MOST_WAITING_KIB,
    "message.max.bytes": 32 * 1024 * 1024,  # above all that a logger keeps: brokers say what is too large
    "linger.ms": 50,
    "reconnect.backoff.max.ms": 2_000,
    "partitioner": "murmur2_random",  # the same key has the same partition as with Kafka's own clients
    "log_level": 2,  # it would say it with each attempt; what goes wrong is said below
}
"""Settings that nobody chooses, by librdkafka's names."""
_CAUSES: Mapping[int, str] = {
    KafkaError._AUTHENTICATION: "dropped: login refused",
    KafkaError.SASL_AUTHENTICATION_FAILED: "dropped: login refused",
    KafkaError._SSL: "dropped: TLS refused",
    KafkaError._UNKNOWN_TOPIC: "dropped: unknown topic",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "dropped: unknown topic",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "dropped: not allowed",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "dropped: not allowed",
    KafkaError.MSG_SIZE_TOO_LARGE: "dropped: too large",
    KafkaError._TRANSPORT: "dropped: brokers unreachable",
    KafkaError._RESOLVE: "dropped: brokers unreachable",
    KafkaError._ALL_BROKERS_DOWN: "dropped: brokers unreachable",
}
"""What became of payloads, by librdkafka's errors; others are ``_NOT_TAKEN``."""
_NOT_TAKEN = "dropped: not taken"
OUTCOMES: Mapping[str, str] = {
    "dropped: login refused": "see to login",
    "dropped: TLS refused": "see to tls",
    "dropped: unknown topic": "make it, or see to topic and topics",
    "dropped: not allowed": "let the log's user write there",
    "dropped: too large": "raise the topic's max.message.bytes, or let loggers keep less (largest)",
    "dropped: brokers unreachable": "see to brokers, and whether they may be reached from here",
    _NOT_TAKEN: "see to brokers",
}
"""What became of payloads, and what to do, in the words of ``PayloadKafka``."""
_SAYS_NOTHING = (KafkaError._MSG_TIMED_OUT, KafkaError._FATAL)
"""Errors of payloads whose cause is one of the connection's."""
_OF_TLS = ("SSL handshake failed", "tls alert")
"""What librdkafka says of a connection that ends by TLS, some of it under the error of one that ends by itself."""
_KEYS: Mapping[str, Callable[[Payload], str]] = {
    "request": lambda payload: payload.request_id,
    "deployment": lambda payload: payload.origin.deployment,
}


def headers_of(payload: Payload) -> list[tuple[str, str | bytes | None]]:
    """Headers of a record; ``content-type`` alone has no prefix."""
    told = {f"ce_{name}": value for name, value in attributes(payload).items()}
    return [(name, utf8(value)) for name, value in {"content-type": payload.content_type, **told}.items()]


def utf8(text: str) -> bytes:
    """Write a text in UTF-8. What came in headers of HTTP was read byte by byte, and is again as it came."""
    with suppress(UnicodeError):
        wire = text.encode("latin-1")
        wire.decode()
        return wire
    return text.encode("utf-8", "replace")


class Topics:
    """The topics that payloads are sent to, each once; brokers that are slow or gone keep nobody waiting.

    Raises:
        ValueError: a setting is none, or a certificate or key cannot be read.
    """

    def __init__(self, settings: Settings, count: Callable[[Origin, str], None]) -> None:
        self._settings, self._count = settings, count
        self._key = _KEYS[settings.key]
        self._trouble: KafkaError | None = None
        self._said: dict[str, Seldom] = defaultdict(Seldom)
        self._read = _changed(settings.secrets)
        self._start()

    def put(self, payload: Payload) -> None:
        """Take a payload if there is room."""
        origin = payload.origin
        topic = self._settings.topics.get(origin.deployment, self._settings.topic)
        key, headers = utf8(self._key(payload)), headers_of(payload)
        told = partial(self._told, origin)
        try:
            self._producer.produce(topic, payload.body, key, headers=headers, on_delivery=told)
        except BufferError:
            self._count(origin, "dropped: queue full")
        except KafkaException as error:
            self._lose(origin, error.args[0])
            # One that brokers have shut out or forgotten takes nothing any more.
            if error.args[0].code() == KafkaError._FATAL and time.monotonic() - self._since > RENEW_SECONDS:
                self._start()

    def flushed(self) -> int:
        """Wait until all is sent, for a while; give how many payloads are not."""
        try:
            return self._producer.flush(FLUSH_SECONDS)
        except KafkaException:  # shut out for good
            return len(self._producer)

    def is_outdated(self) -> bool:
        """Tell whether its secrets have changed since it read them: a Secret that is mounted does while it runs."""
        return _changed(self._settings.secrets) != self._read

    def _start(self) -> None:
        said = {**_OWN, **self._settings.client, **_secrets(self._settings)}
        self._since = time.monotonic()
        try:
            self._producer = Producer({**said, "error_cb": self._worry})
        except KafkaException as error:
            raise ValueError(f"Kafka: {error.args[0].str()}") from None
        threading.Thread(target=self._work, args=(self._producer,), daemon=True).start()

    def _work(self, producer: Producer) -> None:
        while producer is self._producer or len(producer):
            try:
                producer.poll(_POLL_SECONDS)
            except KafkaException as error:  # it is shut out for good, which is told here and not to error_cb
                self._trouble = error.args[0]

    def _worry(self, error: KafkaError) -> None:
        """Keep why payloads wait: one that has waited too long says that alone."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN or self._trouble is None:
            self._trouble = error

    def _told(self, origin: Origin, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._lose(origin, error)
            return
        self._trouble = None
        self._count(origin, "sent")

    def _lose(self, origin: Origin, error: KafkaError) -> None:
        cause = self._trouble if self._trouble and error.code() in _SAYS_NOTHING else error
        outcome = _outcome(cause)
        brokers, what = self._settings.client.get("bootstrap.servers"), outcome.partition(": ")[2]
        self._said[outcome].say(f"Kafka at {brokers}: payloads are lost, {what} ({cause.str()}); {OUTCOMES[outcome]}")
        self._count(origin, outcome)


def _outcome(cause: KafkaError) -> str:
    if any(word in cause.str() for word in _OF_TLS):
        return "dropped: TLS refused"
    return _CAUSES.get(cause.code(), _NOT_TAKEN)


def _secrets(settings: Settings) -> dict[str, str]:
    files = settings.secrets.iterdir() if settings.secrets else ()
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.is_file()}


def _changed(folder: Path | None) -> int:
    return folder.stat().st_mtime_ns if folder else 0
