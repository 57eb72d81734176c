"""A real broker of Kafka's, alone with its controller: open, for who logs in over TLS, and for who has a certificate.

Its files are for one test session; :mod:`toolchain.kafka` fetches what Java loads. Who reads is another client library
than the one that sends.
"""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType
from kafka.errors import KafkaError

from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.ports import allocate, release
from tests.engine.waiting import wait_until
from toolchain import kafka

USER, PASSWORD = "payloads", "hunter2-of-the-log"
START_SECONDS = 240
"""What Java may take on a machine that is busy; it takes some five."""
_LISTENERS = {"open": "PLAINTEXT", "login": "SASL_SSL", "mutual": "SSL", "controller": "PLAINTEXT"}
_JAVA = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp")
_SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
_JAAS = "org.apache.kafka.common.security"


class Record(NamedTuple):
    """What a consumer got."""

    key: str
    value: bytes
    headers: Mapping[str, str]
    partition: int


class Signed(NamedTuple):
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


@dataclass
class Broker:
    """The process, which may be ended and started again with what it has."""

    folder: Path
    ports: Mapping[str, int]
    ca: str
    client: Signed
    process: subprocess.Popen[bytes] | None = None

    def address(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            words = [*_JAVA, f"{kafka.jars()}/*", "kafka.Kafka", str(self.folder / "server.properties")]
            self.process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, START_SECONDS)

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.process.wait(60)

    def make(self, *topics: str, **settings: str) -> None:
        with self._admin() as admin:
            admin.create_topics([NewTopic(name, 3, 1, topic_configs=settings) for name in topics])

    def records(self, topic: str) -> list[Record]:
        """All that a topic has, in the order of its partitions."""
        consumer = KafkaConsumer(bootstrap_servers=self.address("open"), auto_offset_reset="earliest")
        try:
            parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(parts)
            ends, found = consumer.end_offsets(parts), list[Record]()
            while any(consumer.position(part) < ends[part] for part in parts):
                found += [_record(each) for batch in consumer.poll(1000).values() for each in batch]
            return sorted(found, key=lambda record: record.partition)
        finally:
            consumer.close()

    @contextmanager
    def refusing(self, user: str) -> Iterator[None]:
        """Let a user write to no topic, nor be a producer at all."""
        places = {ACLOperation.WRITE: (ResourceType.TOPIC, "*")}
        places[ACLOperation.IDEMPOTENT_WRITE] = (ResourceType.CLUSTER, "kafka-cluster")
        rules = [
            ACL(f"User:{user}", "*", operation, ACLPermissionType.DENY, ResourcePattern(*place))
            for operation, place in places.items()
        ]
        with self._admin() as admin:
            admin.create_acls(rules)
            try:
                yield
            finally:
                admin.delete_acls(rules)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()
        if not is_ready("tcp", self.ports["open"], ""):
            return False
        try:
            with self._admin() as admin:
                parts = [part for topic in admin.describe_topics() for part in topic["partitions"]]
        except KafkaError:
            return False
        return all(part["leader_id"] >= 0 for part in parts)

    @contextmanager
    def _admin(self) -> Iterator[Any]:
        admin = KafkaAdminClient(bootstrap_servers=self.address("open"))
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def broker() -> Iterator[Broker]:
    """A broker that takes no topic but those that are made."""
    folder = Path(tempfile.mkdtemp(prefix="kafka-"))
    ca = _signed("authority", None)
    server, client = _signed("broker", ca), _signed("client", ca)
    made = Broker(folder, allocate(folder, tuple(_LISTENERS)), ca.certificate, client)
    (folder / "server.pem").write_text(server.key + server.certificate)
    (folder / "ca.pem").write_text(ca.certificate)
    (folder / "server.properties").write_text(_properties(made))
    users = [f"--add-scram={name}=[name={USER},password={PASSWORD}]" for name in _SCRAM]
    words = ["format", "--cluster-id=AAAAAAAAQACAAAAAAAAAAA", f"--config={folder / 'server.properties'}", *users]
    command = [*_JAVA, f"{kafka.jars()}/*", "kafka.tools.StorageTool", *words]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS)
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.process.kill()
            made.process.wait(60)
        release(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _properties(made: Broker) -> str:
    listeners = ",".join(f"{name.upper()}://{made.address(name)}" for name in _LISTENERS)
    return f"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{made.address("controller")}
listeners={listeners}
listener.security.protocol.map={",".join(f"{name.upper()}:{kind}" for name, kind in _LISTENERS.items())}
inter.broker.listener.name=OPEN
controller.listener.names=CONTROLLER
log.dirs={made.folder / "data"}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
ssl.keystore.type=PEM
ssl.keystore.location={made.folder / "server.pem"}
ssl.truststore.type=PEM
ssl.truststore.location={made.folder / "ca.pem"}
listener.name.mutual.ssl.client.auth=required
listener.name.login.sasl.enabled.mechanisms=PLAIN,{",".join(_SCRAM)}
listener.name.login.plain.sasl.jaas.config={_JAAS}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
listener.name.login.scram-sha-256.sasl.jaas.config={_JAAS}.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config={_JAAS}.scram.ScramLoginModule required;
"""


def _record(each: Any) -> Record:
    headers = {name: value.decode() for name, value in each.headers}
    return Record(each.key.decode(), each.value, headers, each.partition)


def _signed(name: str, by: Signed | None) -> Signed:
    """A certificate of this machine's loopback address; an authority's own where nobody signs it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, address = datetime.datetime.now(datetime.UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.load_pem_x509_certificate(by.certificate.encode()).subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    signer: Any = serialization.load_pem_private_key(by.key.encode(), None) if by else key
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Signed(builder.sign(signer, hashes.SHA256()).public_bytes(pem).decode(), private.decode())


def stranger() -> Signed:
    """A certificate that no authority of the broker's has signed."""
    return _signed("stranger", None)
