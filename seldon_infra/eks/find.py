"""Finds a cluster at EKS by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seldon_infra.core.errors import ClusterNotReached, NotFound, NotPermitted
from seldon_infra.eks.aws_session import client
from seldon_infra.eks.kubeconfig import kubeconfig

_NOT_THERE = frozenset({"ResourceNotFoundException"})
_NOT_READY = "is not ready yet"


@dataclass(frozen=True)
class Found:
    """A cluster that is there."""

    name: str
    region: str
    endpoint: str
    certificate_authority: str

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig of it."""
        return kubeconfig(self.name, self.region, self.endpoint, self.certificate_authority)


def find(name: str, region: str | None = None, account: str | None = None) -> Found:
    """Ask EKS for a cluster.

    Args:
        name: its name.
        region: its region; None takes the credentials' own.
        account: the account that it has to be in; None takes any.

    Raises:
        NotFound: there is none of that name.
        NotPermitted: who asks may not, or has credentials of another account.
        ClusterNotReached: AWS gave no answer, or the cluster is not made yet.
        PartNotFound: boto3 is not installed.
    """
    body = _described(name, region)
    _, _, _, at, owner, _ = str(body["arn"]).split(":", 5)
    if account is not None and owner != account:
        raise NotPermitted(f"cluster '{name}' is in account {owner}, not in {account}: use credentials of that one")
    authority = body.get("certificateAuthority", {}).get("data", "")
    if not body.get("endpoint") or not authority:
        raise ClusterNotReached(name, f"EKS in {at}", f"{_NOT_READY}: {body.get('status', 'without an endpoint')}")
    return Found(name, at, body["endpoint"], authority)


def _described(name: str, region: str | None) -> dict[str, Any]:
    eks, place = client("eks", region), region or "the credentials' region"
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return dict(eks.describe_cluster(name=name)["cluster"])
    except ClientError as error:
        code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in _NOT_THERE:
            raise NotFound(f"cluster '{name}' is not at EKS in {place}: look with: aws eks list-clusters") from None
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
            raise NotPermitted(
                f"cluster '{name}': {said or code}; allow eks:DescribeCluster, or log in again"
            ) from None
        raise ClusterNotReached(name, f"EKS in {place}", said or code) from None
    except BotoCoreError as error:
        raise ClusterNotReached(name, f"EKS in {place}", str(error)) from None
