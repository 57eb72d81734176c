"""Who may do what: people in a cluster (access entries), pods in AWS (pod identities, roles of service accounts).

Sources: EKS's API (CreateAccessEntry, AssociateAccessPolicy, CreatePodIdentityAssociation), IAM's OIDC providers.
"""

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import JsonObject, Later, Many, Spec

AccessLevel: TypeAlias = Literal["view", "edit", "admin", "cluster_admin"]
"""What an access entry may do, by EKS's own policies: AmazonEKSViewPolicy, …Edit…, …Admin…, …ClusterAdmin…."""


class AccessEntry(Spec):
    """An IAM role or user that may use the cluster's API."""

    noun: ClassVar[str] = "access entry"

    principal: Later[str]
    """ARN of an IAM role or user. A change makes another entry."""
    level: AccessLevel | None = None
    """What it may do. Default: None leaves it to ``groups`` and the cluster's own roles."""
    namespaces: Many[str] = ()
    """Where the level counts; a name may end in ``*``. Default: none is the whole cluster. ``cluster_admin`` always
    counts everywhere."""
    groups: Many[str] = ()
    """Kubernetes groups that it belongs to, which role bindings name. Default: none."""
    username: str | None = None
    """Its Kubernetes user name. Default: None makes it of the ARN."""


class PodIdentity(Spec):
    """What pods of a service account may do in AWS, by EKS Pod Identity: no key, no annotation.

    Either an own role is made, from ``policies`` and ``statements``, or ``role_arn`` names one.
    """

    noun: ClassVar[str] = "pod identity"

    namespace: str
    """Namespace of the service account."""
    service_account: str
    """Name of the service account."""
    policies: Many[Later[str]] = ()
    """ARNs of managed policies of the role that is made. Default: none."""
    statements: Many[JsonObject] = ()
    """Statements of the role's own policy, in IAM's language: ``{"Effect": "Allow", "Action": […], "Resource": …}``.
    Default: none."""
    role_arn: Later[str] | None = None
    """A role that is there, which trusts ``pods.eks.amazonaws.com``. Default: None makes one."""
    target_role: Later[str] | None = None
    """A role that pods have in the end, by way of the first: of the account, say, that the models are in. It has to
    trust the first one for ``sts:AssumeRole`` and ``sts:TagSession``; one that is made may take it. Default: none."""


class ServiceAccountRole(Spec):
    """A role that one service account takes by the cluster's OIDC issuer (IRSA), where software knows no pod identity.

    The service account carries its ARN as annotation ``eks.amazonaws.com/role-arn``.
    """

    noun: ClassVar[str] = "service account role"

    namespace: str
    """Namespace of the service account."""
    service_account: str
    """Name of the service account."""
    policies: Many[Later[str]] = ()
    """ARNs of managed policies. Default: none."""
    statements: Many[JsonObject] = ()
    """Statements of its own policy, in IAM's language. Default: none."""


__all__ = ["AccessEntry", "AccessLevel", "PodIdentity", "ServiceAccountRole"]
