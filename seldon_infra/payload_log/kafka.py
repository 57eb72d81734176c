"""What the payload log's process is told of Kafka: words that anybody may read, and secrets as files of a folder.

Settings have the names of librdkafka, CONFIGURATION.md of confluentinc/librdkafka 2.16.
"""

from __future__ import annotations

from collections.abc import Mapping

from seldon_infra.core.model import Later
from seldon_infra.payload_log.spec import PayloadKafka

_ACKS: Mapping[str, Mapping[str, str]] = {
    "all": {"acks": "all", "enable.idempotence": "true"},
    "leader": {"acks": "1", "enable.idempotence": "false", "retries": "0"},
}
"""With neither is a payload stored twice: brokers know one that is tried again, or it is not tried again."""


def words(kafka: PayloadKafka, folder: str) -> list[Later[str]]:
    """Give arguments of the log's process.

    Args:
        kafka: what is declared.
        folder: where its secrets are, if it has any.
    """
    return [
        *(word for pair in _settings(kafka).items() for word in ("--kafka", *pair)),
        *(["--kafka-secrets", folder] if secrets(kafka) else []),
        *("--topic", kafka.topic),
        *(word for pair in sorted(kafka.topics.items(), key=_name) for word in ("--topic-of", *pair)),
        *("--key", kafka.key),
    ]


def secrets(kafka: PayloadKafka) -> dict[str, Later[str]]:
    """Give settings that stand in no argument, by their names."""
    found: dict[str, Later[str] | None] = {}
    if (tls := kafka.tls) is not None:
        found |= {"ssl.ca.pem": tls.ca, "ssl.certificate.pem": tls.certificate, "ssl.key.pem": tls.key}
    if (login := kafka.login) is not None:
        found |= {"sasl.username": login.username, "sasl.password": login.password}
    return {name: value for name, value in found.items() if value is not None}


def _settings(kafka: PayloadKafka) -> dict[str, Later[str]]:
    milliseconds = round(kafka.wait_seconds * 1000)
    return {
        "bootstrap.servers": kafka.brokers,
        "security.protocol": f"{'SASL_' if kafka.login else ''}{'SSL' if kafka.tls else 'PLAINTEXT'}",
        **({"sasl.mechanism": kafka.login.mechanism} if kafka.login else {}),
        **_ACKS[kafka.acks],
        "delivery.timeout.ms": str(milliseconds),
        # A topic that is not there by then is told as such, rather than as brokers that are slow.
        "topic.metadata.propagation.max.ms": str(milliseconds // 2),
    }


def _name(pair: tuple[str, Later[str]]) -> str:
    return pair[0]
