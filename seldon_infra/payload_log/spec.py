"""What a user declares of the payload log: how files are kept, and where its process runs on a cluster."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar

from pydantic import Field

from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.graph.spec import PodSecurity, Resources


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
    """Keep payloads as files; one pod writes them. Default: none, each goes to its logger's ``url`` alone."""
    replicas: int = Field(default=2, ge=1)
    """Pods, where there are no files. Default: 2, so that one may go."""
    onward_ports: Many[int] = ()
    """Ports that it may reach beside those of loggers' ``url``, such as those of addresses that are Outputs. Default:
    none."""
    resources: Resources | None = None
    """What a pod asks for and may use. Default: 100m and 256Mi, at most one CPU and 1Gi."""
    security: PodSecurity | None = None
    """How far its pods are locked up. Default: as the restricted Pod Security Standard wants, and further."""
