"""Finds a cluster at EKS by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seldon_infra.core.errors import ClusterNotFound, ClusterNotReached, NotPermitted
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.aws_session import client
from seldon_infra.eks.kubeconfig import kubeconfig

_NOT_THERE = frozenset({"ResourceNotFoundException"})
_NOT_READY = "is not ready yet"
_MOST_NAMED = 10


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
        ClusterNotFound: there is none of that name; it says which there are.
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
            raise _none_such(eks, name) from None
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
            raise NotPermitted(
                f"cluster '{name}': {said or code}; allow eks:DescribeCluster, or log in again"
            ) from None
        raise ClusterNotReached(name, f"EKS in {place}", said or code) from None
    except BotoCoreError as error:
        raise ClusterNotReached(name, f"EKS in {place}", str(error)) from None


def _none_such(eks: Any, name: str) -> ClusterNotFound:
    """Say which clusters there are in the region instead."""
    from difflib import get_close_matches  # only a mistake pays for it

    region, names = eks.meta.region_name, _names(eks)
    want = f"must be a cluster at EKS in {region}"
    if names is None:
        fix = f"look with: aws eks list-clusters --region {region}"
    elif not names:
        want, fix = f"{want}, where there is none", "write the region that it is in, or make it by EksCluster(…)"
    else:
        listed = [f"'{each}'" for each in names[:_MOST_NAMED]]
        more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
        want = f"{want}: there are {', '.join([*listed, *more])}" if len(names) > 1 else f"{want}: there is {listed[0]}"
        fix = f"write eks_name='{(get_close_matches(name, names, 1) or names)[0]}', or the region that it is in"
    return ClusterNotFound(str(Problem(f"Kubernetes{ARROW}existing cluster", f"eks_name '{name}'", want, fix)))


def _names(eks: Any) -> list[str] | None:
    """All clusters of the region; None where who asks may not list them."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = eks.get_paginator("list_clusters").paginate()
        return sorted(name for page in pages for name in page["clusters"])
    except (BotoCoreError, ClientError):
        return None
