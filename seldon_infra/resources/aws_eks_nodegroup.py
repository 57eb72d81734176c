"""``seldon:aws:EksNodegroup``: machines that EKS manages for a cluster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType


class EksTaint(ResourceModel):
    """What keeps pods away that do not tolerate it."""

    key: str = Field(min_length=1, max_length=63, description="Key.")
    value: str = Field(default="", max_length=63, description="Value.")
    effect: Literal["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"] = Field(description="What it does.")


class EksLaunchTemplate(ResourceModel):
    """A launch template in one version, by its id or its name."""

    id: str | None = Field(default=None, pattern=r"^lt-[0-9a-f]+$", description="Its id.")
    name: str | None = Field(default=None, min_length=3, max_length=128, description="Or its name.")
    version: str = Field(pattern=r"^[1-9]\d*$", description="Number of the version; a new one rolls the nodes.")


class EksNodeUpdate(ResourceModel):
    """How many nodes are away at a time while the group is updated."""

    max_unavailable: int | None = Field(default=None, ge=1, le=100, description="So many.")
    max_unavailable_percentage: int | None = Field(default=None, ge=1, le=100, description="Or this share of them.")
    strategy: Literal["DEFAULT", "MINIMAL"] = Field(
        default="DEFAULT", description="MINIMAL takes nodes away before it adds new ones, where capacity is scarce."
    )


class EksRemoteAccess(ResourceModel):
    """SSH; a shell by SSM needs none of this."""

    ec2_ssh_key: str = Field(description="Name of the key pair.")
    source_security_group_ids: list[str] = Field(default_factory=list, description="Who may connect.")


class EksRepairOverride(ResourceModel):
    """What repair does about one ailment."""

    condition: str = Field(min_length=1, description="The node's condition, such as AcceleratedHardwareReady.")
    reason: str = Field(min_length=1, description="Its reason, such as NvidiaXID64Error.")
    wait_minutes: int = Field(ge=1, description="How long it has to last, in minutes.")
    action: Literal["Replace", "Reboot", "NoAction"] = Field(description="What is done.")


class EksNodeRepair(ResourceModel):
    """How far auto_repair goes; each limit is a number or a share of the nodes."""

    max_unhealthy: int | None = Field(default=None, ge=1, description="With more ailing nodes it stops.")
    max_unhealthy_percentage: int | None = Field(default=None, ge=1, le=100, description="Or this share of them.")
    max_parallel: int | None = Field(default=None, ge=1, description="Most nodes at a time.")
    max_parallel_percentage: int | None = Field(default=None, ge=1, le=100, description="Or this share of them.")
    overrides: list[EksRepairOverride] = Field(default_factory=list, description="Ailments with another treatment.")


class EksWarmPool(ResourceModel):
    """Machines that have booted already and wait for the group to grow."""

    min_size: int = Field(default=0, ge=0, description="Fewest machines that wait.")
    max_prepared: int | None = Field(default=None, ge=0, description="Most machines, nodes and waiting ones together.")
    state: Literal["STOPPED", "RUNNING", "HIBERNATED"] = Field(
        default="STOPPED", description="How they wait: stopped ones cost their disks alone."
    )
    reuse: bool = Field(default=False, description="Whether nodes that are not needed go back to wait.")


class EksNodegroupInputs(AwsInputs):
    """Machines; what can't change in place makes a new group beside the old one, which goes afterwards."""

    cluster_name: str = Field(description="Name of the cluster.")
    name: str = Field(
        pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,51}$",
        description="What the group is called; its name in AWS is this and ten more characters.",
    )
    node_role_arn: str = Field(pattern=r"^arn:[^:]+:iam::\d{12}:role/.+$", description="Role of the nodes.")
    subnet_ids: list[str] = Field(min_length=1, description="Subnets of the nodes.")
    min_size: int = Field(ge=0, description="Fewest nodes.")
    max_size: int = Field(ge=1, description="Most nodes.")
    desired_size: int | None = Field(
        default=None, ge=0, description="Nodes now; None starts with the fewest and leaves it to an autoscaler."
    )
    instance_types: list[str] | None = Field(
        default=None, description="Instance types, the preferred first; None where the launch template says it."
    )
    capacity_type: Literal["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"] = Field(
        default="ON_DEMAND", description="How the machines are paid for."
    )
    ami_type: str | None = Field(default=None, description="Kind of image, such as AL2023_x86_64_NVIDIA.")
    disk_size: int | None = Field(default=None, ge=1, description="Disk in GiB; a launch template says it otherwise.")
    launch_template: EksLaunchTemplate | None = Field(default=None, description="A launch template and its version.")
    version: str | None = Field(
        default=None, pattern=r"^1\.\d{2}$", description="Kubernetes version; by default the cluster's at creation."
    )
    release_version: str | None = Field(default=None, description="Release of the image; by default the latest.")
    force_update: bool = Field(default=False, description="Whether an update goes on where pods can't be evicted.")
    labels: dict[str, str] = Field(default_factory=dict, description="Labels of the nodes.")
    taints: list[EksTaint] = Field(default_factory=list, max_length=50, description="Taints of the nodes.")
    update: EksNodeUpdate = Field(
        default_factory=lambda: EksNodeUpdate(max_unavailable=1), description="How an update goes."
    )
    auto_repair: bool = Field(default=False, description="Whether EKS replaces or reboots nodes that are unhealthy.")
    repair: EksNodeRepair | None = Field(default=None, description="How far auto_repair goes; AWS chooses by default.")
    warm_pool: EksWarmPool | None = Field(default=None, description="Machines in reserve; None is none.")
    remote_access: EksRemoteAccess | None = Field(default=None, description="SSH to the nodes.")
    made: bool = Field(default=True, description="Whether its creation succeeded; a refresh finds out.")


class EksNodegroupOutputs(EksNodegroupInputs, Outputs):
    """The group in AWS."""

    arn: str = Field(description="ARN.")
    nodegroup_name: str = Field(description="Its name in AWS.")
    autoscaling_group_names: list[str] = Field(description="The autoscaling groups behind it.")


EKS_NODEGROUP = ResourceType("seldon:aws:EksNodegroup", EksNodegroupInputs, EksNodegroupOutputs)
