"""``seldon:aws:LaunchTemplate``: what a node is started from; a change is a new version of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType


class Disk(ResourceModel):
    """One disk of a node."""

    device: str = Field(default="/dev/xvda", description="Where it is attached.")
    size_gib: int = Field(ge=1, le=65536, description="Its size in GiB.")
    kind: str = Field(default="gp3", description="Kind of volume.")
    iops: int | None = Field(default=None, ge=100, description="Operations per second; None takes the kind's.")
    throughput: int | None = Field(default=None, ge=125, description="MiB per second of gp3; None takes the kind's.")
    encrypted: bool = Field(default=True, description="Whether it is encrypted.")
    kms_key: str | None = Field(default=None, description="ARN of the key; None takes the account's.")


class LaunchTemplateInputs(AwsInputs):
    """What a node is; only instance metadata of version 2, and encrypted disks, unless said otherwise."""

    name: str = Field(
        pattern=r"^[a-zA-Z0-9().\-/_]{3,110}$",
        description="What its name begins with, eight more characters follow; a change replaces.",
    )
    image_id: str | None = Field(default=None, description="ami-…; None leaves it to the node group.")
    instance_type: str | None = Field(default=None, description="None leaves it to the node group.")
    user_data: str | None = Field(default=None, max_length=16384, description="What runs at the first start, as text.")
    security_group_ids: list[str] = Field(default_factory=list, description="Its firewall; none leaves it to EKS.")
    disks: list[Disk] = Field(default_factory=list, description="Its disks; none takes the image's.")
    metadata_tokens: Literal["required", "optional"] = Field(
        default="required", description="required: instance metadata of version 2 alone."
    )
    metadata_hops: int = Field(default=1, ge=1, le=64, description="1 keeps instance metadata from pods.")
    detailed_monitoring: bool = Field(default=False, description="Whether metrics come every minute.")
    instance_tags: dict[str, str] = Field(default_factory=dict, description="Tags of instances and their disks.")
    capacity_reservation_id: str | None = Field(default=None, description="cr-… that nodes are started in.")
    market: Literal["on-demand", "capacity-block"] = Field(default="on-demand", description="How capacity is bought.")


class LaunchTemplateOutputs(LaunchTemplateInputs, Outputs):
    """What node groups refer to."""

    launch_template_id: str = Field(description="lt-…")
    launch_template_name: str = Field(description="Its whole name.")
    version: int = Field(description="The version that is as declared, which is the default one.")


LAUNCH_TEMPLATE = ResourceType("seldon:aws:LaunchTemplate", LaunchTemplateInputs, LaunchTemplateOutputs)
