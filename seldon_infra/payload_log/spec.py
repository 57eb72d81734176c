"""What a user declares of the payload log: how files are kept, which topics of Kafka get payloads, and where its
process runs on a cluster.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.graph.spec import PodSecurity, Resources

LoginMechanism: TypeAlias = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]
"""How Kafka is shown a password: ``PLAIN`` sends it, SCRAM shows that it is known."""


class _Files(Spec):
    """What both kinds share."""

    rotate_seconds: float = Field(
        default=30.0, gt=0, description="How long payloads gather until a file of them is written, in seconds."
    )
    rotate_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1024, description="Bytes of payloads of which a file is written at once."
    )
    keep_bytes: int = Field(
        default=1024 * 1024 * 1024,
        ge=1024,
        description="Bytes that a deployment's files have together; beyond them the oldest go.",
    )


class PayloadFiles(_Files):
    """Parquet files with what loggers take, in ``payloads/NAMESPACE/NAME`` of the stack's folder."""


class PayloadVolume(_Files):
    """The same files on a volume of the cluster, in ``NAMESPACE/NAME``; the stack declares its claim.

    Source: PersistentVolumeClaim, v1.
    """

    noun: ClassVar[str] = "payload volume"

    size: str = "10Gi"
    """What the volume holds. Default: 10Gi. Source: resources.requests.storage."""
    storage_class: Later[str] | None = None
    """Whose volume it is. Default: the cluster's default class. Source: storageClassName."""


class KafkaTls(Spec):
    """TLS to brokers, whose certificates must hold their names. Texts are those of PEM files."""

    noun: ClassVar[str] = "tls"

    ca: Later[str] | None = None
    """Who must have signed brokers' certificates. Default: one of those that the system trusts. Source: ssl.ca.pem of
    librdkafka."""
    certificate: Later[str] | None = None
    """The log's own certificate, for brokers that want one (mutual TLS). Default: none. Source: ssl.certificate.pem."""
    key: Later[str] | None = Field(default=None, repr=False)
    """Its private key, without a passphrase; a secret in Pulumi's state whatever is given. Default: none. Source:
    ssl.key.pem."""


class KafkaLogin(Spec):
    """A user and password that brokers want (SASL)."""

    noun: ClassVar[str] = "login"

    username: Later[str]
    """The user. Source: sasl.username of librdkafka."""
    password: Later[str] = Field(repr=False)
    """The password; a secret in Pulumi's state whatever is given. Source: sasl.password."""
    mechanism: LoginMechanism = "SCRAM-SHA-512"
    """How it is shown. Default: SCRAM-SHA-512. Source: sasl.mechanism."""


class PayloadKafka(Spec):
    """Topics of Kafka that the payload log sends to, beside files and loggers' ``url``, as CloudEvents in binary mode.

    Unlike ``PayloadTopic``, to which Seldon's executors send by themselves, whole and without an id.
    """

    noun: ClassVar[str] = "payload kafka"

    brokers: Later[str]
    """Brokers as HOST:PORT, with commas between: some of the cluster's, which tell the others. Source:
    bootstrap.servers of librdkafka."""
    topic: Later[str]
    """The topic, which is there already or which brokers make by themselves."""
    topics: Mapping[str, Later[str]] = {}
    """Other topics by deployment: ``{"fraud": "fraud-payloads"}``. Default: none."""
    tls: KafkaTls | None = None
    """TLS. Default: none, payloads go in plain text."""
    login: KafkaLogin | None = None
    """Who the log is. Default: nobody, or with ``tls`` whose certificate it has."""
    key: Literal["request", "deployment"] = "request"
    """Which payloads have one key, and so one partition and their order: those of a request, with its feedback, or
    those of a deployment. Default: request."""
    acks: Literal["all", "leader"] = "all"
    """Whose word counts as sent: all replicas in sync, or their leader's alone. With ``all`` a payload is tried again,
    and stored once even so; with ``leader`` it is tried once. Default: all. Source: acks, enable.idempotence."""
    wait_seconds: float = Field(default=30.0, ge=1)
    """How long a payload may wait for brokers, in seconds; then it is dropped. Default: 30. Source:
    delivery.timeout.ms."""


class PayloadLog(Spec):
    """A process between Seldon's executors and what keeps payloads: it samples, redacts, cuts, keeps and sends on.

    With it loggers mean on a cluster what they mean on this machine. Executors send to it whole, within the cluster.
    """

    noun: ClassVar[str] = "payload log"

    image: Later[str]
    """The image that ``seldon-infra payload-image`` writes the Containerfile of, best by its digest."""
    namespace: str
    """Its namespace, where its objects are called ``payload-log``: another stack's log is in another one."""
    files: PayloadVolume | None = None
    """Keep payloads as files; one pod writes them. Default: none, each goes to ``kafka`` or its ``url`` alone."""
    kafka: PayloadKafka | None = None
    """Send each payload to Kafka as well. Default: none."""
    replicas: int = Field(default=2, ge=1)
    """Pods, where there are no files. Default: 2, so that one may go."""
    onward_ports: Many[int] = ()
    """Ports that it may reach beside those of loggers' ``url`` and of ``kafka.brokers``, such as those of addresses
    that are Outputs, or of brokers that others name. Default: none."""
    resources: Resources | None = None
    """What a pod asks for and may use. Default: 100m and 256Mi, at most one CPU and 1Gi."""
    security: PodSecurity | None = None
    """How far its pods are locked up. Default: as the restricted Pod Security Standard wants, and further."""
