"""The resource types of AWS. boto3 is loaded by the first call to AWS, not by an import of these modules."""

from __future__ import annotations

from seldon_infra.provider.aws import eks
from seldon_infra.provider.aws.event_rule import EventRule
from seldon_infra.provider.aws.iam_role import IamRole
from seldon_infra.provider.aws.internet_gateway import InternetGateway
from seldon_infra.provider.aws.kms_key import KmsKey
from seldon_infra.provider.aws.launch_template import LaunchTemplate
from seldon_infra.provider.aws.nat_gateway import NatGateway
from seldon_infra.provider.aws.oidc_provider import OidcProvider
from seldon_infra.provider.aws.route_table import RouteTable
from seldon_infra.provider.aws.security_group import SecurityGroup
from seldon_infra.provider.aws.sqs_queue import SqsQueue
from seldon_infra.provider.aws.subnet import Subnet
from seldon_infra.provider.aws.vpc import Vpc
from seldon_infra.provider.aws.vpc_endpoint import VpcEndpoint

RESOURCES = (
    Vpc,
    Subnet,
    InternetGateway,
    NatGateway,
    RouteTable,
    VpcEndpoint,
    SecurityGroup,
    IamRole,
    OidcProvider,
    KmsKey,
    LaunchTemplate,
    SqsQueue,
    EventRule,
    *eks.RESOURCES,
)
"""Every type of AWS that the plugin serves."""
