"""What keeps a part of a network from being removed, or outlives a cluster, in the words by which a user finds it."""

from __future__ import annotations

from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.ec2 import filters
from seldon_infra.provider.aws.tags import from_pairs
from seldon_infra.provider.aws.trouble import AwsError

_CLAIM = "kubernetes.io/created-for/pvc/name"


def interfaces(api: Api, filter: str, id: str) -> list[str]:
    """Network interfaces, which tell of load balancers, endpoints and instances by what they say they are for."""
    found = api.every("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters((filter, id)))
    return [_named(it, it["NetworkInterfaceId"], it.get("Description") or it.get("InterfaceType", "")) for it in found]


def in_network(api: Api, vpc_id: str) -> list[str]:
    """Everything in a network that is not removed with it."""
    there = filters(("vpc-id", vpc_id))
    subnets = api.every("ec2", "describe_subnets", "Subnets", Filters=there)
    groups = api.every("ec2", "describe_security_groups", "SecurityGroups", Filters=there)
    gateways = api.every(
        "ec2", "describe_internet_gateways", "InternetGateways", Filters=filters(("attachment.vpc-id", vpc_id))
    )
    return [
        *interfaces(api, "vpc-id", vpc_id),
        *(_named(it, it["SubnetId"]) for it in subnets),
        *(_named(it, it["GroupId"], it["GroupName"]) for it in groups if it["GroupName"] != "default"),
        *(_named(it, it["InternetGatewayId"]) for it in gateways),
    ]


def of_group(api: Api, group_id: str) -> list[str]:
    """Whoever is in a security group, and the groups that refer to it."""
    referring = filters(("ip-permission.group-id", group_id))
    groups = api.every("ec2", "describe_security_groups", "SecurityGroups", Filters=referring)
    others = [it for it in groups if it["GroupId"] != group_id]
    return [
        *interfaces(api, "group-id", group_id),
        *(f"a rule of {_named(it, it['GroupId'], it['GroupName'])}" for it in others),
    ]


def public_addresses(api: Api, vpc_id: str) -> list[str]:
    """What in a network has a public address, which keeps its internet gateway."""
    found = api.every("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters(("vpc-id", vpc_id)))
    return [_named(it, it["NetworkInterfaceId"], it.get("Description", "")) for it in found if it.get("Association")]


def volumes_of(api: Api, cluster: str) -> list[str]:
    """Volumes that a cluster made for its pods, with their claims; none where nobody may look.

    Source of the tags: aws-ebs-csi-driver, docs/tagging.md; EKS' add-on sets the cluster's.
    """
    owned = filters((f"tag:kubernetes.io/cluster/{cluster}", "owned"))
    try:
        found = api.every("ec2", "describe_volumes", "Volumes", Filters=owned)
    except AwsError:
        return []
    return [
        _named({}, it["VolumeId"], from_pairs(it.get("Tags", ())).get(_CLAIM, ""))
        for it in found
        if it["State"] != "deleting"
    ]


def _named(seen: Answer, id: str, more: str = "") -> str:
    """An id with its name or what it is for."""
    name = from_pairs(seen.get("Tags") or seen.get("TagSet") or ()).get("Name") or more
    return f"{id} ({name})" if name else id
