"""``seldon:aws:KmsKey``: a key and its alias. A removed key waits some days for its end and counts as gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from seldon_infra.provider.aws import policies
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import TAGGING, Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Failed, Instance
from seldon_infra.resources.aws_kms_key import KMS_KEY, KmsKeyInputs, KmsKeyOutputs

_NOT_YET = ("NotFoundException",)
_ENDED = ("PendingDeletion", "PendingReplicaDeletion")


class KmsKey(Thing[KmsKeyInputs, KmsKeyOutputs]):
    """A key that encrypts secrets and disks."""

    type = KMS_KEY
    replace_on = frozenset({"region", "multi_region"})
    service = "kms"

    def make(self, api: Api, inputs: KmsKeyInputs, tags: Mapping[str, str]) -> str:
        """Make the key; its alias and its rotation can only be set afterwards."""
        policy = {"Policy": policies.text(inputs.policy)} if inputs.policy else {}
        made = api.call(
            "kms",
            "create_key",
            eventually=["MalformedPolicyDocumentException"] if inputs.policy else [],  # a new role in it
            Description=inputs.description,
            MultiRegion=inputs.multi_region,
            Tags=_pairs(tags),
            **policy,
        )
        return str(made["KeyMetadata"]["KeyId"])

    def shape(self, api: Api, id: str, now: KmsKeyInputs, wanted: KmsKeyInputs) -> None:
        """Change what differs; a disabled key takes no change, so it is enabled first and disabled last."""
        if wanted.enabled and not now.enabled:
            _put(api, "enable_key", id)
        if now.alias != wanted.alias:
            _name(api, id, wanted.alias)
        if now.rotation != wanted.rotation:
            _put(api, "enable_key_rotation" if wanted.rotation else "disable_key_rotation", id)
        if now.description != wanted.description:
            _put(api, "update_key_description", id, Description=wanted.description)
        if now.policy != wanted.policy:
            policy = wanted.policy or _left_to_iam((self.describe(api, id) or {})["Arn"])
            _put(api, "put_key_policy", id, PolicyName="default", Policy=policies.text(policy))
        if now.enabled and not wanted.enabled:
            _put(api, "disable_key", id)

    def inputs_of(self, api: Api, seen: Answer, declared: KmsKeyInputs | None) -> KmsKeyInputs:
        """What is described, and what is not: alias, rotation and policy."""
        id = seen["KeyId"]
        return KmsKeyInputs(
            region=api.region,
            tags=marking.of_the_user(self.tags_of(api, seen)),
            description=seen.get("Description", ""),
            alias=_alias(api, id, declared.alias if declared else None),
            enabled=seen["KeyState"] != "Disabled",
            rotation=api.ask("kms", "get_key_rotation_status", KeyId=id)["KeyRotationEnabled"],
            policy=_policy(api, seen["Arn"], declared.policy if declared else None),
            multi_region=seen.get("MultiRegion", False),
            deletion_days=declared.deletion_days if declared else 30,
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: KmsKeyInputs) -> KmsKeyOutputs:
        """Its ARN and id."""
        return KmsKeyOutputs(**dict(inputs), arn=seen["Arn"], key_id=seen["KeyId"])

    def remove(self, api: Api, id: str, last: Instance[KmsKeyInputs, KmsKeyOutputs]) -> None:
        """Take its aliases away and let it end after its days; an alias that has moved to another key stays."""
        if self.describe(api.fresh("kms"), id) is None:
            return
        for alias in _aliases(api, id):
            api.drop("kms", "delete_alias", AliasName=alias)
        days = last.inputs.deletion_days
        api.drop(
            "kms", "schedule_key_deletion", unless=["KMSInvalidStateException"], KeyId=id, PendingWindowInDays=days
        )

    # How KMS is asked

    def questions(self, api: Api, id: str, declared: KmsKeyInputs | None) -> Sequence[Callable[[], object]]:
        """All that a key's description leaves out."""
        return (
            lambda: self.tags_of(api, {"KeyId": id}),
            lambda: _aliases(api, id),
            lambda: api.ask("kms", "get_key_rotation_status", KeyId=id),
            lambda: api.ask("kms", "get_key_policy", KeyId=id, PolicyName="default"),
        )

    def describe(self, api: Api, id: str) -> Answer | None:
        """The key, unless it only waits for its end."""
        seen = (api.look("kms", "describe_key", KeyId=id) or {}).get("KeyMetadata")
        return None if seen is None or seen["KeyState"] in _ENDED else seen

    def marked(self, api: Api, inputs: KmsKeyInputs) -> Iterable[Answer]:
        """This declaration's keys: the tagging service knows them, KMS itself would have to be asked key by key."""
        found = api.every(
            TAGGING,
            "get_resources",
            "ResourceTagMappingList",
            ResourceTypeFilters=["kms:key"],
            TagFilters=[{"Key": marking.OWNER, "Values": [api.context.owner]}],
        )
        ids = [it["ResourceARN"].rpartition("/")[2] for it in found]
        return [seen for id in ids if (seen := self.describe(api, id))]

    def id_of(self, seen: Answer) -> str:
        """The key's id."""
        return str(seen["KeyId"])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which KMS gives apart."""
        found = api.every("kms", "list_resource_tags", "Tags", KeyId=seen["KeyId"])
        return {pair["TagKey"]: pair["TagValue"] for pair in found}

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        _put(api, "tag_resource", id, Tags=_pairs(tags))

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        _put(api, "untag_resource", id, TagKeys=list(keys))


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]


def _put(api: Api, operation: str, id: str, **parameters: object) -> None:
    api.call("kms", operation, eventually=_NOT_YET, KeyId=id, **parameters)


def _aliases(api: Api, id: str) -> list[str]:
    return sorted(it["AliasName"] for it in api.every("kms", "list_aliases", "Aliases", KeyId=id))


def _alias(api: Api, id: str, declared: str | None) -> str | None:
    """The key's alias; one that is not declared is told first, so that it goes: a killed run may have left it."""
    found = _aliases(api, id)
    others = (it for it in found if it != declared)
    return next(others, declared if declared in found else None)


def _name(api: Api, id: str, wanted: str | None) -> None:
    """Give the key its alias and no other; one that this declaration's earlier key has moves here, another's not."""
    if wanted and not (holder := _holder(api, wanted)):
        try:
            api.call("kms", "create_alias", eventually=_NOT_YET, AliasName=wanted, TargetKeyId=id)
        except AwsError as error:
            if not error.says("AlreadyExistsException"):
                raise
            holder = _holder(api, wanted)
    if wanted and holder and holder != id:
        _take_over(api, id, wanted, holder)
    for other in _aliases(api.fresh("kms"), id):
        if other != wanted:
            api.drop("kms", "delete_alias", AliasName=other)


def _holder(api: Api, alias: str) -> str:
    """The key that has an alias; empty where none has."""
    every = api.fresh("kms").every("kms", "list_aliases", "Aliases")
    return next((it.get("TargetKeyId", "") for it in every if it["AliasName"] == alias), "")


def _take_over(api: Api, id: str, alias: str, holder: str) -> None:
    tags = api.every("kms", "list_resource_tags", "Tags", KeyId=holder)
    if {"TagKey": marking.OWNER, "TagValue": api.context.owner} not in tags:
        raise Failed(f"{alias} is the name of another key, {holder}: choose another alias, or import that key")
    api.call("kms", "update_alias", eventually=_NOT_YET, AliasName=alias, TargetKeyId=id)


def _left_to_iam(key: str) -> dict[str, object]:
    """The policy that KMS gives a key without one; the key's ARN tells its account."""
    _, partition, _, _, account, _ = key.split(":")
    root = f"arn:{partition}:iam::{account}:root"
    allow = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{"Sid": "Enable IAM User Permissions", **allow}],
    }


def _policy(api: Api, key: str, declared: Mapping[str, object] | None) -> dict[str, object] | None:
    """The policy of a key, by its ARN; None where it is KMS's own and no other is declared."""
    found = api.ask("kms", "get_key_policy", KeyId=key.rpartition("/")[2], PolicyName="default")["Policy"]
    if declared is None and policies.same(json.loads(found), _left_to_iam(key)):
        return None
    return policies.kept(declared, found)
