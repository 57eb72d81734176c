"""Each resource type of ours as the types of Terraform's AWS provider that it is, attributes by the names there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from seldon_infra.plan.terraform import eks_types
from seldon_infra.plan.terraform.values import IdOf, Inputs, Resource, Values, document


def _vpc(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_vpc",
        "",
        {
            "cidr_block": inputs["cidr"],
            "enable_dns_support": inputs.get("dns_support"),
            "enable_dns_hostnames": inputs.get("dns_hostnames"),
            "tags": inputs.get("tags"),
        },
    )


def _subnet(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_subnet",
        "",
        {
            "vpc_id": inputs["vpc_id"],
            "availability_zone": inputs["availability_zone"],
            "cidr_block": inputs["cidr"],
            "map_public_ip_on_launch": inputs.get("public_addresses", False),
            "tags": inputs.get("tags"),
        },
    )


def _internet_gateway(inputs: Inputs) -> Iterator[Resource]:
    yield "aws_internet_gateway", "", {"vpc_id": inputs["vpc_id"], "tags": inputs.get("tags")}


def _nat_gateway(inputs: Inputs) -> Iterator[Resource]:
    yield "aws_eip", "", {"domain": "vpc", "tags": inputs.get("tags")}
    yield (
        "aws_nat_gateway",
        "",
        {
            "subnet_id": inputs["subnet_id"],
            "allocation_id": IdOf("aws_eip"),
            "connectivity_type": "public",
            "tags": inputs.get("tags"),
        },
    )


def _route_table(inputs: Inputs) -> Iterator[Resource]:
    yield "aws_route_table", "", {"vpc_id": inputs["vpc_id"], "tags": inputs.get("tags")}
    for number, (to, by) in enumerate(inputs.get("routes", {}).items()):
        key = "nat_gateway_id" if str(by).startswith("nat-") else "gateway_id"
        yield (
            "aws_route",
            str(number),
            {"route_table_id": IdOf("aws_route_table"), "destination_cidr_block": to, key: by},
        )
    for number, subnet in enumerate(inputs.get("subnet_ids", ())):
        yield (
            "aws_route_table_association",
            str(number),
            {"subnet_id": subnet, "route_table_id": IdOf("aws_route_table")},
        )


def _endpoint(inputs: Inputs) -> Iterator[Resource]:
    policy = inputs.get("policy")
    yield (
        "aws_vpc_endpoint",
        "",
        {
            "vpc_id": inputs["vpc_id"],
            "service_name": f"com.amazonaws.{inputs['region']}.{inputs['service']}",
            "vpc_endpoint_type": inputs.get("kind", "Gateway"),
            "route_table_ids": inputs.get("route_table_ids"),
            "subnet_ids": inputs.get("subnet_ids"),
            "security_group_ids": inputs.get("security_group_ids"),
            "private_dns_enabled": inputs.get("private_dns"),
            "policy": document(policy) if policy else None,
            "tags": inputs.get("tags"),
        },
    )


def _security_group(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_security_group",
        "",
        {
            "name": inputs["name"],
            "description": inputs.get("description"),
            "vpc_id": inputs["vpc_id"],
            "ingress": [_rule(it) for it in inputs.get("ingress", ())],
            "egress": [_rule(it) for it in inputs.get("egress", ())],
            "tags": inputs.get("tags"),
        },
    )


def _rule(rule: Inputs) -> Values:
    ports, peer = str(rule.get("ports", "all")), str(rule["peer"])
    first, _, last = ports.partition("-")
    every = ports == "all"
    return {
        "protocol": "-1" if rule.get("protocol") == "all" else rule.get("protocol", "tcp"),
        "from_port": 0 if every else int(first),
        "to_port": (0 if rule.get("protocol") == "all" else 65535) if every else int(last or first),
        "cidr_blocks": [peer] if "/" in peer and ":" not in peer else [],
        "ipv6_cidr_blocks": [peer] if ":" in peer else [],
        "security_groups": [peer] if peer.startswith("sg-") else [],
        "prefix_list_ids": [peer] if peer.startswith("pl-") else [],
        "self": peer == "self",
        "description": rule.get("description", ""),
    }


def _role(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_iam_role",
        "",
        {
            "name": inputs["name"],
            "path": inputs.get("path"),
            "description": inputs.get("description"),
            "assume_role_policy": document(inputs["trust"]),
            "max_session_duration": inputs.get("max_session_seconds"),
            "permissions_boundary": inputs.get("permissions_boundary"),
            "tags": inputs.get("tags"),
        },
    )
    for arn in inputs.get("policy_arns", ()):
        yield "aws_iam_role_policy_attachment", arn.rpartition("/")[2], {"role": inputs["name"], "policy_arn": arn}
    for name, policy in inputs.get("policies", {}).items():
        yield "aws_iam_role_policy", name, {"name": name, "role": inputs["name"], "policy": document(policy)}


def _issuer(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_iam_openid_connect_provider",
        "",
        {
            "url": inputs["url"],
            "client_id_list": inputs.get("client_ids"),
            "thumbprint_list": inputs.get("thumbprints"),
            "tags": inputs.get("tags"),
        },
    )


def _key(inputs: Inputs) -> Iterator[Resource]:
    policy = inputs.get("policy")
    yield (
        "aws_kms_key",
        "",
        {
            "description": inputs.get("description"),
            "enable_key_rotation": inputs.get("rotation"),
            "is_enabled": inputs.get("enabled"),
            "deletion_window_in_days": inputs.get("deletion_days"),
            "multi_region": inputs.get("multi_region"),
            "policy": document(policy) if policy else None,
            "tags": inputs.get("tags"),
        },
    )
    if inputs.get("alias"):
        yield "aws_kms_alias", "", {"name": inputs["alias"], "target_key_id": IdOf("aws_kms_key")}


def _launch_template(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_launch_template",
        "",
        {
            "name": inputs["name"],
            "image_id": inputs.get("image_id"),
            "instance_type": inputs.get("instance_type"),
            "vpc_security_group_ids": inputs.get("security_group_ids"),
            "block_device_mappings": [_disk(it) for it in inputs.get("disks", ())],
            "metadata_options": [
                {
                    "http_endpoint": "enabled",
                    "http_tokens": inputs.get("metadata_tokens"),
                    "http_put_response_hop_limit": inputs.get("metadata_hops"),
                }
            ],
            "monitoring": [{"enabled": inputs.get("detailed_monitoring", False)}],
            "tag_specifications": [{"resource_type": "instance", "tags": inputs.get("instance_tags")}],
            "tags": inputs.get("tags"),
        },
    )


def _disk(disk: Inputs) -> Values:
    volume = {
        "volume_size": disk["size_gib"],
        "volume_type": disk.get("kind"),
        "encrypted": str(disk.get("encrypted", True)).lower(),
        "kms_key_id": disk.get("kms_key"),
        "delete_on_termination": "true",
    }
    return {"device_name": disk.get("device"), "ebs": [volume]}


def _queue(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_sqs_queue",
        "",
        {
            "name_prefix": inputs["name"],
            "message_retention_seconds": inputs.get("retention_seconds"),
            "visibility_timeout_seconds": inputs.get("visibility_seconds"),
            "sqs_managed_sse_enabled": inputs.get("encrypted", True),
            "policy": document(inputs.get("policy")),
            "tags": inputs.get("tags"),
        },
    )


def _event_rule(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_cloudwatch_event_rule",
        "",
        {
            "name_prefix": inputs["name"],
            "description": inputs.get("description"),
            "event_pattern": document(inputs["pattern"]),
            "state": "ENABLED" if inputs.get("enabled", True) else "DISABLED",
            "tags": inputs.get("tags"),
        },
    )
    for id, arn in inputs.get("targets", {}).items():
        yield (
            "aws_cloudwatch_event_target",
            id,
            {"rule": IdOf("aws_cloudwatch_event_rule"), "target_id": id, "arn": arn},
        )


TYPES: Mapping[str, Callable[[Inputs], Iterator[Resource]]] = {
    "Vpc": _vpc,
    "Subnet": _subnet,
    "InternetGateway": _internet_gateway,
    "NatGateway": _nat_gateway,
    "RouteTable": _route_table,
    "VpcEndpoint": _endpoint,
    "SecurityGroup": _security_group,
    "IamRole": _role,
    "OidcProvider": _issuer,
    "KmsKey": _key,
    "LaunchTemplate": _launch_template,
    "SqsQueue": _queue,
    "EventRule": _event_rule,
    "EksCluster": eks_types.cluster,
    "EksNodegroup": eks_types.node_group,
    "EksAddon": eks_types.addon,
    "EksAccessEntry": eks_types.access_entry,
    "EksPodIdentityAssociation": eks_types.pod_identity,
}
"""By what the token ends in."""
