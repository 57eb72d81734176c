"""What a user declares: one model server on a cluster without Seldon's operator."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.artifacts.spec import Storage
from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.graph.spec import EnvVar, Hpa, Keda, Pdb, PodSecurity, PodTemplate, Resources
from seldon_infra.servers.spec import Server


class ServiceMonitor(Spec):
    """How Prometheus finds a server's metrics. Source: ServiceMonitor, monitoring.coreos.com/v1."""

    noun: ClassVar[str] = "service monitor"

    namespace: Later[str] = "monitoring"
    """Namespace that Prometheus asks from; the server lets it in. Default: ``monitoring``."""
    labels: Mapping[str, Later[str]] = {}
    """Labels by which Prometheus chooses its monitors: ``{"release": "prometheus"}``. Default: none."""
    interval: Later[str] = "30s"
    """Time between two reads, as a duration. Default: ``"30s"``."""


class ModelServer(Spec):
    """Triton or MLServer on its own, on protocol v2: a Deployment, its Service and what keeps both safe.

    There is no graph, no traffic split and no ingress; a SeldonDeployment has those.
    """

    noun: ClassVar[str] = "model server"

    name: str
    """Name of all its objects, and of the model on the wire where MLServer serves it: a DNS label."""
    namespace: Later[str] = "default"
    """Namespace. Default: ``default``."""
    server: Server
    """What runs: ``TritonServer()``, or one that MLServer serves, such as ``SklearnServer()``."""
    model_uri: Later[str] | None = None
    """Where the model's files are: ``s3://``, ``gs://``, ``https://``, ``pvc://CLAIM/PATH``, or
    ``oci://REGISTRY/NAME:TAG``, an image with the model in ``/models``. Default: none."""
    model_digest: Later[str] | None = None
    """Digest that the model's files must have, ``sha256:`` and 64 hexadecimal digits; another one replaces the pods.
    Default: none, whatever is there is served."""
    trusted: Many[str] = ()
    """Names that the model's files may import beside those on their server's list, as a finding says them.
    Default: none."""
    signed_by: str | None = None
    """File of the project with the public key (PEM, elliptic curve) that the model's files must be signed with.
    Default: none, signatures are not looked at."""
    model_control: Literal["none", "poll", "explicit"] = "none"
    """How Triton gets changed models: by a new version of this definition (``none``), by a look at ``pvc://`` each 30 s
    (``poll``), or by its repository interface (``explicit``, with ``control_secret``). Default: none, which a rollout
    guards and can undo; a model from elsewhere is fetched once per pod, so nothing in it changes. Source:
    --model-control-mode."""
    control_secret: Later[str] | None = None
    """Secret whose key ``token`` a call of the repository interface must bring, as the header ``triton-operator``.
    Default: none, for the other modes."""
    arguments: Many[str] = ()
    """Further arguments of Triton's command line, such as ``"--log-verbose=1"``. Default: none. MLServer has none."""
    image: Later[str] | None = None
    """The server's image, best by digest. Default: MLServer 1.7.1 or Triton 24.10, by tag."""
    storage: Many[Storage] = ()
    """Credentials with which ``model_uri`` is fetched, as a SeldonDeployment has them; of ``OciStorage`` they are for
    judging on this machine, and its pods fetch by pull secrets. Default: none, the pods' own identity counts."""
    env_secret_ref_name: Later[str] | None = None
    """Secret that is there already, with credentials as RCLONE_CONFIG_* variables. Default: that of ``storage``."""
    storage_initializer_image: Later[str] | None = None
    """Image that fetches ``model_uri``. Default: Seldon's rclone one, in its last version under Apache-2.0."""
    service_account_annotations: Mapping[str, Later[str]] = {}
    """Annotations of its service account, such as the role of a cloud that it has. Default: none."""
    env: Many[EnvVar] = ()
    """Environment of the server. Default: what it needs."""
    resources: Resources | None = None
    """What the server asks for and may use; ``Amounts(gpu=1)`` gives it a GPU. Default: as for a node of a graph."""
    replicas: Later[int] = 2
    """Pods, where neither ``hpa`` nor ``keda`` decides. Default: 2, so that one may go."""
    hpa: Hpa | None = None
    """Autoscaling. Default: none, ``replicas`` decides."""
    keda: Keda | None = None
    """Autoscaling by events, such as Triton's ``QueueTime``; KEDA must be on the cluster. Default: none."""
    pdb: Pdb | None = None
    """What a drain of nodes must leave. Default: one pod at a time may go."""
    callers: Many[Later[str]] = ()
    """Namespaces that may call it beside its own. Default: none."""
    storage_ports: Many[int] = (443,)
    """Ports that it may reach, for its model; those of ``storage`` and of its collector are added. Default: 443."""
    service_monitor: ServiceMonitor | None = None
    """How Prometheus finds its metrics; the Prometheus operator must be on the cluster. Default: as the stack's
    ``Kubernetes(monitoring=…)`` says, else not at all."""
    security: PodSecurity | None = None
    """How far its pods are locked up. Default: as the restricted Pod Security Standard wants, and further."""
    pod: PodTemplate | None = None
    """Metadata of its pods and everything that the library does not wrap; its container is named ``server``.
    Default: none."""
