"""EKS's part of the types: a cluster, its node groups and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.plan.terraform.values import Inputs, Resource


def cluster(inputs: Inputs) -> Iterator[Resource]:
    """The control plane."""
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
            "force_update_version": inputs.get("force_update"),
            "zonal_shift_config": [{"enabled": inputs.get("zonal_shift", False)}],
            "deletion_protection": inputs.get("deletion_protection"),
            "tags": inputs.get("tags"),
        },
    )


def node_group(inputs: Inputs) -> Iterator[Resource]:
    """A node group."""
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
            "force_update_version": inputs.get("force_update"),
            "update_config": [
                {
                    "max_unavailable": update.get("max_unavailable"),
                    "max_unavailable_percentage": update.get("max_unavailable_percentage"),
                    "update_strategy": update.get("strategy"),
                }
            ],
            "node_repair_config": [{"enabled": inputs.get("auto_repair", False)}],
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


def addon(inputs: Inputs) -> Iterator[Resource]:
    """An add-on."""
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


def access_entry(inputs: Inputs) -> Iterator[Resource]:
    """Who may do what, with its policies."""
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


def pod_identity(inputs: Inputs) -> Iterator[Resource]:
    """The role that a service account's pods have."""
    kept = ("cluster_name", "namespace", "service_account", "role_arn", "tags")
    yield "aws_eks_pod_identity_association", "", {key: inputs.get(key) for key in kept}
