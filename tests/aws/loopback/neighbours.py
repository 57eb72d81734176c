"""What EKS asks of other services: moto has them. A cluster in subnets that are not there is refused, as AWS does."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.aws.loopback.wire import AwsError


@functools.cache
def beside(service: str, endpoint: str, region: str) -> Any:
    """A client of moto, past the loopback; made once, for making one takes a tenth of a second."""
    known = {"aws_access_key_id": "eks", "aws_secret_access_key": "eks", "region_name": region}
    return boto3.client(service, endpoint_url=endpoint, **known)


class Neighbours:
    """The account's networks, roles and launch templates in one region."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._ec2 = beside("ec2", endpoint, region)
        self._iam = beside("iam", endpoint, region)

    def vpc_of(self, subnets: list[str]) -> str:
        """The VPC of these subnets, which must be there and in two zones at least."""
        try:
            found = self._ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
        except ClientError as error:
            raise AwsError("InvalidParameterException", error.response["Error"]["Message"]) from None
        if len({subnet["AvailabilityZone"] for subnet in found}) < 2:
            raise AwsError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
        return str(found[0]["VpcId"])

    def require_role(self, arn: str) -> None:
        """Refuse a role that is not there."""
        try:
            self._iam.get_role(RoleName=arn.rpartition("/")[2])
        except ClientError:
            raise AwsError(
                "InvalidParameterException",
                f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not "
                "correct",
            ) from None

    def launch_template(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A launch template by id or name, with its version as a number."""
        if ("id" in asked) == ("name" in asked):
            raise AwsError("InvalidParameterException", "Either provide launch template ID or launch template name")
        key = {"LaunchTemplateIds": [asked["id"]]} if "id" in asked else {"LaunchTemplateNames": [asked["name"]]}
        version = asked.get("version", "$Default")
        try:
            (found,) = self._ec2.describe_launch_templates(**key)["LaunchTemplates"]
            id = found["LaunchTemplateId"]
            (data,) = self._ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=[version])[
                "LaunchTemplateVersions"
            ]
        except (ClientError, ValueError):
            raise AwsError("InvalidParameterException", f"Launch template {asked} couldn't be found") from None
        name, number = found["LaunchTemplateName"], data["VersionNumber"]
        return {"id": id, "name": name, "version": str(number), "data": data["LaunchTemplateData"]}

    def make_cluster_group(self, cluster: str, vpc: str) -> str:
        """The security group that EKS makes for a cluster."""
        made = self._ec2.create_security_group(
            GroupName=f"eks-cluster-sg-{cluster}", Description="EKS created security group", VpcId=vpc
        )
        return str(made["GroupId"])

    def remove_group(self, id: str) -> None:
        """Take that security group away again."""
        with contextlib.suppress(ClientError):
            self._ec2.delete_security_group(GroupId=id)
