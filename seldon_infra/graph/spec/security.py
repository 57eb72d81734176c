"""How far pods are locked up, and each way out by a name of its own."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later, Many, Spec

PullPolicy: TypeAlias = Literal["Always", "IfNotPresent", "Never"]
"""When an image is asked for at its registry."""
Seccomp: TypeAlias = Literal["RuntimeDefault", "Unconfined"]
"""Which system calls a container may make."""
HIGH_USER = 10001
"""No user of a node has a number as high as this."""


class _Security(Spec):
    """What both kinds share."""

    noun: ClassVar[str] = "security"

    run_as_user: Later[int] = HIGH_USER
    """Number of the user that processes run as. Default: 10001, which no image and no node knows."""
    run_as_group: Later[int] = HIGH_USER
    """Number of the group that processes run as. Default: 10001."""
    run_as_non_root: bool = True
    """Whether the node refuses to start it as root. Default: True. With False the container may be root."""
    read_only_root: bool = True
    """Whether the image's files stay as they are; ``/tmp`` can be written. Default: True, but for images that are known
    to need more. Source: readOnlyRootFilesystem."""
    privilege_escalation: bool = False
    """Whether a process may gain more rights than its parent. Default: False. Source: allowPrivilegeEscalation."""
    capabilities: Many[str] = ()
    """Capabilities that are kept: ``NET_BIND_SERVICE``. Default: none, all are dropped."""
    seccomp: Seccomp = "RuntimeDefault"
    """Which system calls may be made. Default: those of the container runtime's list. Source: seccompProfile."""
    image_pull_policy: PullPolicy = "Always"
    """When the image is asked for at its registry. Default: at each start, so that a moved tag and a lost right are
    noticed; layers that are there are not fetched again. Source: imagePullPolicy."""


class ContainerSecurity(_Security):
    """How far one container is locked up, in the place of what its pod says. Source: SecurityContext of Kubernetes."""


class PodSecurity(_Security):
    """How far pods are locked up: by default as the restricted Pod Security Standard wants, and further.

    Source: PodSecurityContext and SecurityContext of Kubernetes.
    """

    service_account_token: bool = False
    """Whether pods get a token of the API server. Default: False. Source: automountServiceAccountToken."""
    scratch: Later[str | int] = "1Gi"
    """How much may be written to ``/tmp``, all containers of a pod together. Default: 1Gi.
    Source: emptyDir.sizeLimit."""
    shared_memory: Later[str | int] = "1Gi"
    """How much Triton may put into ``/dev/shm``, through which instances of its python backend get their tensors: each
    takes 1 MiB and more as tensors need it, 64 MiB in Triton 21.08, which Seldon's chart runs, where a container has 64
    MiB by itself. It counts as memory of the pod. Default: 1Gi, 16 of those. Source: emptyDir.sizeLimit with medium
    Memory; "Managing Shared Memory" in the python backend's README."""
    model_space: Later[str | int] = "10Gi"
    """How much one node's model may hold. Default: 10Gi. Source: emptyDir.sizeLimit."""
    initializer: Literal["restricted", "operator"] = "restricted"
    """Who writes the container that fetches ``model_uri``: this library, locked up as all others, or Seldon's operator
    with its chart's image, limits and credentials. Default: ``restricted``."""
