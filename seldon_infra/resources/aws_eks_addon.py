"""``seldon:aws:EksAddon``: software in a cluster that EKS installs and updates."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType


class EksAddonInputs(AwsInputs):
    """An add-on; everything but where and what it is changes in place."""

    cluster_name: str = Field(description="Name of the cluster.")
    name: str = Field(min_length=1, description="Name of the add-on, such as vpc-cni.")
    version: str | None = Field(default=None, description="Version; by default the cluster version's default.")
    kubernetes_version: str | None = Field(
        default=None,
        description="Version of the cluster: where it changes and version is left out, so does the add-on, to the new "
        "one's default.",
    )
    configuration: dict[str, Any] = Field(default_factory=dict, description="Settings, by the add-on's own schema.")
    service_account_role_arn: str | None = Field(default=None, description="Role of its service account, by OIDC.")
    pod_identities: dict[str, str] = Field(
        default_factory=dict, description="Roles of its service accounts by pod identity: name to ARN."
    )
    namespace: str | None = Field(default=None, description="Namespace; by default the add-on's own.")
    resolve_conflicts: Literal["NONE", "OVERWRITE", "PRESERVE"] = Field(
        default="OVERWRITE", description="What happens to objects of it that somebody else has changed."
    )
    preserve: bool = Field(default=False, description="Whether its objects stay in the cluster when it is deleted.")
    made: bool = Field(default=True, description="Whether its creation succeeded; a refresh finds out.")


class EksAddonOutputs(EksAddonInputs, Outputs):
    """The add-on in AWS."""

    arn: str = Field(description="ARN.")


EKS_ADDON = ResourceType("seldon:aws:EksAddon", EksAddonInputs, EksAddonOutputs)
