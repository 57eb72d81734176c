"""Rules about Kafka as where payloads go, on this machine and on clusters: what can be known without brokers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seldon_infra.core.model import Later, known, title
from seldon_infra.core.problems import ARROW, Problem, nearest
from seldon_infra.graph.rules.payloads import brokers_are_addresses, topic_is_a_name
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.payload_log.spec import KafkaLogin, KafkaTls, PayloadKafka

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


def check_kafka(path: str, kafka: PayloadKafka, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """Find every problem of topics and of how brokers are reached.

    Args:
        path: the object that it belongs to.
        kafka: what is declared.
        deployments: those of the stack.
    """
    path = f"{path}{ARROW}{title(kafka)}"
    yield from brokers_are_addresses(path, known(kafka.brokers))
    yield from topic_is_a_name(path, f"topic '{known(kafka.topic)}'", known(kafka.topic))
    for name, topic in kafka.topics.items():
        yield from topic_is_a_name(path, f"topics['{name}'] '{known(topic)}'", known(topic))
        there = [deployment.name for deployment in deployments]
        if name not in there:
            yield Problem(path, f"topics['{name}']", "must name a deployment of the stack", nearest(name, there))
    if kafka.tls is not None:
        yield from _tls_is_whole(f"{path}{ARROW}{title(kafka.tls)}", kafka.tls)
    if kafka.login is not None:
        yield from _login_is_kept(f"{path}{ARROW}{title(kafka.login)}", kafka.login, kafka.tls)


def _tls_is_whole(path: str, tls: KafkaTls) -> Iterator[Problem]:
    for field in ("ca", "certificate"):
        yield from _is_pem(path, field, getattr(tls, field), _CERTIFICATE)
    yield from _is_pem(path, "key", tls.key, _KEY)
    if "ENCRYPTED" in (known(tls.key) or ""):
        fix = "write it anew without one: openssl pkey -in key.pem -out open.pem"
        yield Problem(path, "key has a passphrase", "must have none", fix)
    if (tls.certificate is None) != (tls.key is None):
        one, other = ("certificate", "key") if tls.key is None else ("key", "certificate")
        yield Problem(path, f"{one} is given without {other}", "must be both or neither", f"write {other}=…")


def _is_pem(path: str, field: str, text: Later[str] | None, mark: str) -> Iterator[Problem]:
    """A path in the place of a file's text is the mistake that one makes."""
    if (told := known(text)) is not None and mark not in told:
        fix = f"write {field}=Path('{field}.pem').read_text()"
        yield Problem(path, f"{field} is no text of a PEM file", f"must hold {mark.strip('-')}", fix)


def _login_is_kept(path: str, login: KafkaLogin, tls: KafkaTls | None) -> Iterator[Problem]:
    for field in ("username", "password"):
        if known(getattr(login, field)) == "":
            yield Problem(path, f"{field} is empty", "must be that of a user of the brokers", f"write {field}=…")
    if login.mechanism == "PLAIN" and tls is None:
        want = "must not send a password in plain text"
        yield Problem(path, "mechanism 'PLAIN' without tls", want, "write tls=KafkaTls(), or mechanism='SCRAM-SHA-512'")
