"""How AWS names things, as the plugin and the program both need it: partitions, actions, refusals of who asks."""

from __future__ import annotations

from typing import Final

LOGGED_OUT: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes of refusals that say that nobody is logged in, or no longer."""
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_SERVICES = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}


def partition(region: str) -> str:
    """The part of AWS that a region belongs to, as ARNs name it."""
    return next((part for start, part in _PARTITIONS.items() if region.startswith(start)), "aws")


def action(service: str, operation: str) -> str:
    """An action as policies name it: ``ec2:CreateVpc``, where boto3 names the service otherwise too."""
    return f"{_SERVICES.get(service, service)}:{operation}"
