"""What AWS itself says about the objects of a test's stack, asked with boto3: the judge of what the plugin did."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.aws.account import Account


def tags_of(found: dict[str, Any]) -> dict[str, str]:
    """The tags that are the user's."""
    pairs = {it.get("Key", it.get("TagKey")): it.get("Value", it.get("TagValue")) for it in found.get("Tags", ())}
    return {key: value for key, value in pairs.items() if not key.startswith("seldon:")}


def facts(account: Account) -> dict[str, dict[str, Any]]:
    """Per resource of the stack, what AWS says about it."""
    asked = {
        "seldon:aws:Vpc": _vpc,
        "seldon:aws:Subnet": _subnet,
        "seldon:aws:InternetGateway": _gateway,
        "seldon:aws:NatGateway": _nat,
        "seldon:aws:RouteTable": _table,
        "seldon:aws:VpcEndpoint": _endpoint,
        "seldon:aws:SecurityGroup": _group,
        "seldon:aws:IamRole": _role,
        "seldon:aws:OidcProvider": _issuer,
        "seldon:aws:KmsKey": _key,
        "seldon:aws:LaunchTemplate": _template,
        "seldon:aws:SqsQueue": _queue,
        "seldon:aws:EventRule": _rule,
    }
    return {name: asked[it["type"]](account, it["id"]) for name, it in account.state().items()}


def _vpc(account: Account, id: str) -> dict[str, Any]:
    ec2 = account.ec2
    (vpc,) = ec2.describe_vpcs(VpcIds=[id])["Vpcs"]
    support = ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
    names = ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    return {"cidr": vpc["CidrBlock"], "dns": (support, names), "tags": tags_of(vpc)}


def _subnet(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_subnets(SubnetIds=[id])["Subnets"]
    return {
        "cidr": found["CidrBlock"],
        "zone": found["AvailabilityZone"],
        "vpc": found["VpcId"],
        "public": found["MapPublicIpOnLaunch"],
        "tags": tags_of(found),
    }


def _gateway(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    return {"vpc": [it["VpcId"] for it in found["Attachments"]], "tags": tags_of(found)}


def _nat(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
    (address,) = account.ec2.describe_addresses()["Addresses"]
    assert found["NatGatewayAddresses"][0]["AllocationId"] == address["AllocationId"]
    return {"subnet": found["SubnetId"], "state": found["State"], "tags": (tags_of(found), tags_of(address))}


def _table(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_route_tables(RouteTableIds=[id])["RouteTables"]
    routes = [it for it in found["Routes"] if it.get("Origin") == "CreateRoute" and "DestinationCidrBlock" in it]
    targets = ("GatewayId", "NatGatewayId")
    return {
        "routes": {it["DestinationCidrBlock"]: next(it[key] for key in targets if key in it) for it in routes},
        "subnets": sorted(it["SubnetId"] for it in found["Associations"] if "SubnetId" in it),
        "tags": tags_of(found),
    }


def _endpoint(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
    return {
        "service": (found["ServiceName"], found["VpcEndpointType"]),
        "tables": found["RouteTableIds"],
        "subnets": found["SubnetIds"],
        "groups": [it["GroupId"] for it in found["Groups"]],
        "dns": found["PrivateDnsEnabled"],
        "actions": [it["Action"] for it in json.loads(found["PolicyDocument"])["Statement"]],
        "tags": tags_of(found),
    }


def _group(account: Account, id: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    sides = {"in": found["IpPermissions"], "out": found["IpPermissionsEgress"]}
    return {
        "name": found["GroupName"][:-9],
        "description": found["Description"],
        **{
            side: sorted(line.replace(id, "self") for it in rules for line in _lines(it))
            for side, rules in sides.items()
        },
        "tags": tags_of(found),
    }


def _lines(permission: dict[str, Any]) -> list[str]:
    """A permission's rules in one line each."""
    ports = f"{permission['IpProtocol']} {permission.get('FromPort')}-{permission.get('ToPort')}"
    who = [*permission["IpRanges"], *permission["Ipv6Ranges"], *permission["UserIdGroupPairs"]]
    names = ("CidrIp", "CidrIpv6", "GroupId")
    return [f"{ports} {next(it[key] for key in names if key in it)} {it.get('Description', '')}".strip() for it in who]


def _role(account: Account, id: str) -> dict[str, Any]:
    iam = account.client("iam")
    role = iam.get_role(RoleName=id)["Role"]
    inline = iam.list_role_policies(RoleName=id)["PolicyNames"]
    documents = {name: iam.get_role_policy(RoleName=id, PolicyName=name)["PolicyDocument"] for name in inline}
    attached = iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]
    return {
        "name": role["RoleName"][:-17],
        "path": role["Path"],
        "trust": role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"],
        "description": role["Description"],
        "session": role["MaxSessionDuration"],
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "attached": sorted(it["PolicyName"] for it in attached),
        "inline": {name: _first(document)["Action"] for name, document in documents.items()},
        "tags": tags_of(role),
    }


def _first(document: dict[str, Any]) -> dict[str, Any]:
    statements = document["Statement"]
    return dict(statements[0] if isinstance(statements, list) else statements)


def _issuer(account: Account, id: str) -> dict[str, Any]:
    found = account.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=id)
    return {
        "url": found["Url"],
        "clients": sorted(found["ClientIDList"]),
        "thumbprints": found["ThumbprintList"],
        "tags": tags_of(found),
    }


def _key(account: Account, id: str) -> dict[str, Any]:
    kms = account.client("kms")
    found = kms.describe_key(KeyId=id)["KeyMetadata"]
    policy = json.loads(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"])
    return {
        "description": found["Description"],
        "state": found["KeyState"],
        "rotation": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
        "alias": [it["AliasName"] for it in kms.list_aliases(KeyId=id)["Aliases"]],
        "allowed": _first(policy)["Action"],
        "tags": tags_of(kms.list_resource_tags(KeyId=id)),
    }


def _template(account: Account, id: str) -> dict[str, Any]:
    ec2 = account.ec2
    (template,) = ec2.describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=["$Default"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    tagged = [(it["ResourceType"], it["Tags"]) for it in data.get("TagSpecifications", ())]
    return {
        "name": template["LaunchTemplateName"][:-9],
        "versions": (template["DefaultVersionNumber"], template["LatestVersionNumber"]),
        "image": data.get("ImageId"),
        "type": data.get("InstanceType"),
        "user data": base64.b64decode(data.get("UserData", "")).decode(),
        "disks": [(it["DeviceName"], it["Ebs"]) for it in data.get("BlockDeviceMappings", ())],
        "metadata": (data["MetadataOptions"]["HttpTokens"], data["MetadataOptions"]["HttpPutResponseHopLimit"]),
        "monitoring": data.get("Monitoring", {}).get("Enabled"),
        "groups": data.get("SecurityGroupIds", []),
        "tagged": [(kind, tags) for kind, tags in tagged if kind != "launch-template"],  # moto puts its own there too
        "market": data.get("InstanceMarketOptions", {}).get("MarketType"),
        "reservation": data.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget"),
        "tags": tags_of(template),
    }


def _queue(account: Account, id: str) -> dict[str, Any]:
    sqs = account.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["All"])["Attributes"]
    return {
        "name": id.rpartition("/")[2][:-17],
        "seconds": (found["MessageRetentionPeriod"], found["VisibilityTimeout"]),
        "encrypted": found["SqsManagedSseEnabled"],
        "allowed": _first(json.loads(found["Policy"]))["Action"],
        "tags": {
            key: it for key, it in sqs.list_queue_tags(QueueUrl=id)["Tags"].items() if not key.startswith("seldon:")
        },
    }


def _rule(account: Account, id: str) -> dict[str, Any]:
    events, name = account.client("events"), id.rpartition("/")[2]
    found = events.describe_rule(Name=name)
    return {
        "name": name[:-17],
        "description": found["Description"],
        "state": found["State"],
        "kinds": json.loads(found["EventPattern"])["detail-type"],
        "targets": {it["Id"]: it["Arn"] for it in events.list_targets_by_rule(Rule=name)["Targets"]},
        "tags": tags_of(events.list_tags_for_resource(ResourceARN=id)),
    }


def differing(account: Account, wanted: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What AWS says otherwise than it should, as `resource.fact`: (what it says, what it should say)."""
    found = facts(account)
    assert found.keys() == wanted.keys()
    each = ((f"{name}.{key}", (found[name].get(key), value)) for name in wanted for key, value in wanted[name].items())
    return {what: said for what, said in each if said[0] != said[1]}
