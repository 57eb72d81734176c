"""Who may take a role, and what roles may: documents in IAM's language.

Sources: the EKS user guide, "Amazon EKS cluster IAM role", "Amazon EKS node IAM role", "Create IAM role with trust
policy required by EKS Pod Identity", "Assign IAM roles to Kubernetes service accounts".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_infra.resources.aws_words import partition

Document = dict[str, Any]

_VERSION = "2012-10-17"


def managed(region: str, name: str) -> str:
    """The ARN of a policy that AWS maintains."""
    return f"arn:{partition(region)}:iam::aws:policy/{name}"


def allowed(statements: Sequence[object]) -> Document:
    """A policy of a role's own."""
    return {"Version": _VERSION, "Statement": list(statements)}


def trust_of_service(service: str) -> Document:
    """A service of AWS takes the role."""
    who = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": _VERSION, "Statement": [who]}


def trust_of_pods(cluster: str, namespace: str | None, account: str) -> Document:
    """Pods of one service account of one cluster take the role, by the tags that EKS puts on their sessions."""
    tags = {
        "eks-cluster-name": cluster,
        **({"kubernetes-namespace": namespace} if namespace else {}),
        "kubernetes-service-account": account,
    }
    who = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tags.items()}},
    }
    return {"Version": _VERSION, "Statement": [who]}


def trust_of_issuer(provider: str, issuer: str, namespace: str, account: str) -> Document:
    """Whoever has a token of one service account that the cluster's issuer signed takes the role."""
    who = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"system:serviceaccount:{namespace}:{account}",
            }
        },
    }
    return {"Version": _VERSION, "Statement": [who]}
