"""Each resource type of ours as the types of Terraform's AWS provider that it is, attributes by the names there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class IdOf:
    """The id of another resource that the same object of ours is, which only an apply brings."""

    kind: str


Inputs: TypeAlias = Mapping[str, Any]
Values: TypeAlias = dict[str, Any]
Resource: TypeAlias = tuple[str, str, Values]
"""Terraform's type, what its name ends in, and its attributes."""


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
            "policy": _document(policy) if policy else None,
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
            "assume_role_policy": _document(inputs["trust"]),
            "max_session_duration": inputs.get("max_session_seconds"),
            "permissions_boundary": inputs.get("permissions_boundary"),
            "tags": inputs.get("tags"),
        },
    )
    for arn in inputs.get("policy_arns", ()):
        yield "aws_iam_role_policy_attachment", arn.rpartition("/")[2], {"role": inputs["name"], "policy_arn": arn}
    for name, policy in inputs.get("policies", {}).items():
        yield "aws_iam_role_policy", name, {"name": name, "role": inputs["name"], "policy": _document(policy)}


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
            "policy": _document(policy) if policy else None,
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


def _cluster(inputs: Inputs) -> Iterator[Resource]:
    key = inputs.get("encryption_key_arn")
    public = inputs.get("endpoint_public_access", False)
    yield (
        "aws_eks_cluster",
        "",
        {
            "name": inputs["name"],
            "version": inputs["version"],
            "role_arn": inputs["role_arn"],
            "enabled_cluster_log_types": inputs.get("log_types"),
            "vpc_config": [
                {
                    "subnet_ids": inputs.get("subnet_ids"),
                    "security_group_ids": inputs.get("security_group_ids"),
                    "endpoint_private_access": inputs.get("endpoint_private_access"),
                    "endpoint_public_access": public,
                    "public_access_cidrs": inputs.get("public_access_cidrs") if public else [],
                }
            ],
            "encryption_config": [{"provider": [{"key_arn": key}], "resources": ["secrets"]}] if key else [],
            "access_config": [
                {
                    "authentication_mode": inputs.get("authentication_mode"),
                    "bootstrap_cluster_creator_admin_permissions": inputs.get("creator_is_admin"),
                }
            ],
            "upgrade_policy": [{"support_type": inputs.get("support_type")}],
            "kubernetes_network_config": [
                {"ip_family": inputs.get("ip_family"), "service_ipv4_cidr": inputs.get("service_ipv4_cidr")}
            ],
            "bootstrap_self_managed_addons": inputs.get("self_managed_addons"),
            "deletion_protection": inputs.get("deletion_protection"),
            "tags": inputs.get("tags"),
        },
    )


def _node_group(inputs: Inputs) -> Iterator[Resource]:
    remote, update = inputs.get("remote_access"), inputs.get("update") or {}
    yield (
        "aws_eks_node_group",
        "",
        {
            "cluster_name": inputs["cluster_name"],
            "node_group_name": inputs["name"],
            "node_role_arn": inputs["node_role_arn"],
            "subnet_ids": inputs.get("subnet_ids"),
            "scaling_config": [
                {
                    "min_size": inputs["min_size"],
                    "max_size": inputs["max_size"],
                    "desired_size": inputs.get("desired_size"),
                }
            ],
            "instance_types": inputs.get("instance_types"),
            "capacity_type": inputs.get("capacity_type"),
            "ami_type": inputs.get("ami_type"),
            "disk_size": inputs.get("disk_size"),
            "launch_template": [inputs["launch_template"]] if inputs.get("launch_template") else [],
            "version": inputs.get("version"),
            "release_version": inputs.get("release_version"),
            "labels": inputs.get("labels"),
            "taint": [dict(it) for it in inputs.get("taints", ())],
            "update_config": [{key: update.get(key) for key in ("max_unavailable", "max_unavailable_percentage")}],
            "remote_access": [
                {
                    "ec2_ssh_key": remote.get("ec2_ssh_key"),
                    "source_security_group_ids": remote.get("source_security_group_ids"),
                }
            ]
            if remote
            else [],
            "tags": inputs.get("tags"),
        },
    )


def _addon(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_eks_addon",
        "",
        {
            "cluster_name": inputs["cluster_name"],
            "addon_name": inputs["name"],
            "addon_version": inputs.get("version"),
            "service_account_role_arn": inputs.get("service_account_role_arn"),
            "resolve_conflicts_on_update": inputs.get("resolve_conflicts"),
            "preserve": inputs.get("preserve"),
            "tags": inputs.get("tags"),
        },
    )


def _access_entry(inputs: Inputs) -> Iterator[Resource]:
    whose = {"cluster_name": inputs["cluster_name"], "principal_arn": inputs["principal_arn"]}
    yield (
        "aws_eks_access_entry",
        "",
        {
            **whose,
            "type": inputs.get("type"),
            "kubernetes_groups": inputs.get("kubernetes_groups"),
            "user_name": inputs.get("username"),
            "tags": inputs.get("tags"),
        },
    )
    for policy in inputs.get("policies", ()):
        spaces = policy.get("namespaces") or []
        scope = {"type": "namespace" if spaces else "cluster", "namespaces": spaces}
        name = str(policy["arn"]).rpartition("/")[2]
        yield "aws_eks_access_policy_association", name, {**whose, "policy_arn": policy["arn"], "access_scope": [scope]}


def _pod_identity(inputs: Inputs) -> Iterator[Resource]:
    kept = ("cluster_name", "namespace", "service_account", "role_arn", "tags")
    yield "aws_eks_pod_identity_association", "", {key: inputs.get(key) for key in kept}


def _queue(inputs: Inputs) -> Iterator[Resource]:
    yield (
        "aws_sqs_queue",
        "",
        {
            "name_prefix": inputs["name"],
            "message_retention_seconds": inputs.get("retention_seconds"),
            "visibility_timeout_seconds": inputs.get("visibility_seconds"),
            "sqs_managed_sse_enabled": inputs.get("encrypted", True),
            "policy": _document(inputs.get("policy")),
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
            "event_pattern": _document(inputs["pattern"]),
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


def _document(policy: Any) -> Any:
    """A policy as text, as Terraform has it; one that is not known yet stays so."""
    return json.dumps(policy, sort_keys=True) if isinstance(policy, Mapping) else policy


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
    "EksCluster": _cluster,
    "EksNodegroup": _node_group,
    "EksAddon": _addon,
    "EksAccessEntry": _access_entry,
    "EksPodIdentityAssociation": _pod_identity,
}
"""By what the token ends in."""
