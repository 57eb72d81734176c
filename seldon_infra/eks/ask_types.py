"""Asks EC2 what instance types have that are not in the library's table."""

from __future__ import annotations

from collections.abc import Sequence

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.eks.aws_session import client
from seldon_infra.eks.instance_types import InstanceType, described


def ask(region: str, names: Sequence[str]) -> dict[str, InstanceType]:
    """Give those that EC2 knows in a region; none where AWS gives no answer, for the table does without it."""
    try:
        ec2 = client("ec2", region)
    except SeldonInfraError:
        return {}
    from botocore.exceptions import BotoCoreError, ClientError

    # A filter passes over names that are none; asked by name, one of them would be an error.
    try:
        answer = ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": list(names)}])
    except (BotoCoreError, ClientError):
        return {}
    return {each["InstanceType"]: described(each) for each in answer["InstanceTypes"]}
