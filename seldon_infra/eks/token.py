"""A token by which the API of a cluster at EKS knows who asks: a question to STS that is signed and not yet asked.

EKS asks it itself and learns whose credentials signed it. Source: kubernetes-sigs/aws-iam-authenticator, README, "API
Authorization from Outside a Cluster" and pkg/token/token.go: prefix, header and life of a token.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.eks.aws_session import unshared

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
_URL_SECONDS = 60
LIFE = timedelta(minutes=14)
"""EKS takes a token for a quarter of an hour; a minute of it is left for the way."""


def token(cluster: str, region: str | None) -> str:
    """Sign a token for one cluster; no call of AWS is made.

    Raises:
        PartNotFound: boto3 is not installed.
        SeldonInfraError: there are no credentials, or no region.
    """
    url = _signed(unshared("sts", region), cluster)
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def credential(signed: str, now: datetime | None = None) -> dict[str, Any]:
    """Give a token in the form in which Kubernetes' clients take it from a command."""
    ends = (now or datetime.now(UTC)) + LIFE
    status = {"expirationTimestamp": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "token": signed}
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "spec": {},
        "status": status,
    }


def _signed(sts: Any, cluster: str) -> str:
    from botocore.exceptions import BotoCoreError

    def name_cluster(request: Any, **rest: object) -> None:
        request.headers[CLUSTER_HEADER] = cluster

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_cluster)
    try:
        return str(sts.generate_presigned_url("get_caller_identity", ExpiresIn=_URL_SECONDS, HttpMethod="GET"))
    except BotoCoreError as error:
        raise SeldonInfraError(
            f"no token for cluster '{cluster}': {error}; log in to AWS, or set AWS_PROFILE"
        ) from None
