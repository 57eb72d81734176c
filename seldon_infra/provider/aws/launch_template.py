"""``seldon:aws:LaunchTemplate``: its default version is as declared; a change is a new version, older ones stay."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seldon_infra.provider import leeway
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api, client_token
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_launch_template import (
    LAUNCH_TEMPLATE,
    Disk,
    LaunchTemplateInputs,
    LaunchTemplateOutputs,
)


class LaunchTemplate(Ec2Thing[LaunchTemplateInputs, LaunchTemplateOutputs]):
    """What a node is started from."""

    type = LAUNCH_TEMPLATE
    replace_on = frozenset({"region", "name"})
    unordered = frozenset({"security_group_ids"})
    moving = frozenset({"version"})
    noun, ids = "launch-template", ("LaunchTemplateIds", "LaunchTemplateId")
    question = ("describe_launch_templates", "LaunchTemplates")

    def preview(
        self,
        inputs: LaunchTemplateInputs,
        last: Instance[LaunchTemplateInputs, LaunchTemplateOutputs] | None,
    ) -> Mapping[str, object]:
        """Tags alone make no new version."""
        same = last is not None and last.inputs.model_copy(update={"tags": inputs.tags}) == inputs
        return {"version": last.outputs.version} if last is not None and same else {}

    def make(self, api: Api, inputs: LaunchTemplateInputs, tags: Mapping[str, str]) -> str:
        """Make the template with its first version."""
        made = api.call(
            "ec2",
            "create_launch_template",
            eventually=NOT_YET,
            LaunchTemplateName=f"{inputs.name}-{tags[marking.TOKEN][:8]}",
            LaunchTemplateData=_data(inputs),
            ClientToken=client_token(tags[marking.TOKEN], "template"),
            TagSpecifications=self.tagged(tags),
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def shape(self, api: Api, id: str, now: LaunchTemplateInputs, wanted: LaunchTemplateInputs) -> None:
        """Make the version that is declared the default one; the newest may be it, from a run that was killed."""
        if _data(now) == _data(wanted):
            return
        newest = _version(api, id, "$Latest")
        made = leeway.ordered(self, wanted, self._inputs(api, {}, newest, wanted))
        if _data(made) == _data(wanted):
            number = newest["VersionNumber"]
        else:
            number = self._new_version(api, id, newest["VersionNumber"], wanted)
        api.call("ec2", "modify_launch_template", LaunchTemplateId=id, DefaultVersion=str(number))

    def _new_version(self, api: Api, id: str, newest: int, wanted: LaunchTemplateInputs) -> int:
        made = api.call(
            "ec2",
            "create_launch_template_version",
            eventually=NOT_YET,
            LaunchTemplateId=id,
            LaunchTemplateData=_data(wanted),
            ClientToken=client_token(id, f"after {newest}: {json.dumps(_data(wanted), sort_keys=True)}"),
        )
        return int(made["LaunchTemplateVersion"]["VersionNumber"])

    def questions(self, api: Api, id: str, declared: LaunchTemplateInputs | None) -> Sequence[Callable[[], object]]:
        """Its default version."""
        return (lambda: _version(api, id, "$Default"),)

    def inputs_of(self, api: Api, seen: Answer, declared: LaunchTemplateInputs | None) -> LaunchTemplateInputs:
        """What the template's default version says."""
        return self._inputs(api, seen, _version(api, seen["LaunchTemplateId"], "$Default"), declared)

    def _inputs(
        self, api: Api, seen: Answer, version: Answer, declared: LaunchTemplateInputs | None
    ) -> LaunchTemplateInputs:
        """What a version says."""
        data, token = version["LaunchTemplateData"], self.tags_of(api, seen).get(marking.TOKEN, "")
        metadata, reserved = data.get("MetadataOptions", {}), data.get("CapacityReservationSpecification", {})
        text = base64.b64decode(data["UserData"]).decode() if data.get("UserData") else None
        return LaunchTemplateInputs(
            **self.common(seen, api),
            name=version["LaunchTemplateName"].removesuffix(f"-{token[:8]}"),
            image_id=data.get("ImageId"),
            instance_type=data.get("InstanceType"),
            user_data=text,
            security_group_ids=data.get("SecurityGroupIds", []),
            disks=[_disk(it) for it in data.get("BlockDeviceMappings", ()) if it.get("Ebs")],
            metadata_tokens=metadata.get("HttpTokens", "optional"),
            metadata_hops=metadata.get("HttpPutResponseHopLimit", 1),
            detailed_monitoring=data.get("Monitoring", {}).get("Enabled", False),
            instance_tags=_tags_in(data),
            capacity_reservation_id=reserved.get("CapacityReservationTarget", {}).get("CapacityReservationId"),
            market=data.get("InstanceMarketOptions", {}).get("MarketType", "on-demand"),
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: LaunchTemplateInputs) -> LaunchTemplateOutputs:
        """Its names and its default version."""
        return LaunchTemplateOutputs(
            **dict(inputs),
            launch_template_id=seen["LaunchTemplateId"],
            launch_template_name=seen["LaunchTemplateName"],
            version=seen["DefaultVersionNumber"],
        )

    def remove(self, api: Api, id: str, last: Instance[LaunchTemplateInputs, LaunchTemplateOutputs]) -> None:
        """Remove it with all its versions; nodes that were started from it live on."""
        api.drop("ec2", "delete_launch_template", LaunchTemplateId=id)


def _version(api: Api, id: str, which: str) -> Answer:
    found = api.ask("ec2", "describe_launch_template_versions", LaunchTemplateId=id, Versions=[which])
    version: Answer = found["LaunchTemplateVersions"][0]
    return version


def _data(inputs: LaunchTemplateInputs) -> dict[str, Any]:
    """A version as EC2 takes it."""
    market, reserved = inputs.market, inputs.capacity_reservation_id
    kinds = ("instance", "volume")
    data: dict[str, Any] = {
        "ImageId": inputs.image_id,
        "InstanceType": inputs.instance_type,
        "UserData": base64.b64encode(inputs.user_data.encode()).decode() if inputs.user_data else None,
        "SecurityGroupIds": inputs.security_group_ids,
        "BlockDeviceMappings": [_mapping(disk) for disk in inputs.disks],
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": inputs.metadata_tokens,
            "HttpPutResponseHopLimit": inputs.metadata_hops,
        },
        "Monitoring": {"Enabled": inputs.detailed_monitoring},
        "TagSpecifications": [{"ResourceType": kind, "Tags": marking.pairs(inputs.instance_tags)} for kind in kinds]
        if inputs.instance_tags
        else None,
        "CapacityReservationSpecification": {"CapacityReservationTarget": {"CapacityReservationId": reserved}}
        if reserved
        else None,
        "InstanceMarketOptions": {"MarketType": market} if market != "on-demand" else None,
    }
    return {name: value for name, value in data.items() if value}


def _mapping(disk: Disk) -> dict[str, Any]:
    """A disk as EC2 takes it."""
    ebs = {
        "VolumeSize": disk.size_gib,
        "VolumeType": disk.kind,
        "Iops": disk.iops,
        "Throughput": disk.throughput,
        "Encrypted": disk.encrypted,
        "KmsKeyId": disk.kms_key,
        "DeleteOnTermination": True,
    }
    return {"DeviceName": disk.device, "Ebs": {name: value for name, value in ebs.items() if value is not None}}


def _disk(mapping: Answer) -> Disk:
    ebs = mapping["Ebs"]
    return Disk(
        device=mapping["DeviceName"],
        size_gib=ebs["VolumeSize"],
        kind=ebs.get("VolumeType", "gp2"),
        iops=ebs.get("Iops"),
        throughput=ebs.get("Throughput"),
        encrypted=ebs.get("Encrypted", False),
        kms_key=ebs.get("KmsKeyId"),
    )


def _tags_in(data: Answer) -> dict[str, str]:
    """The tags that instances get."""
    specified = data.get("TagSpecifications", ())
    return next((marking.from_pairs(it["Tags"]) for it in specified if it["ResourceType"] == "instance"), {})
