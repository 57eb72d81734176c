"""``seldon:aws:IamRole``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from seldon_infra.provider.aws import policies
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Failed, Instance, TimedOut
from seldon_infra.resources.aws_iam_role import IAM_ROLE, IamRoleInputs, IamRoleOutputs

_NOT_YET = ("The role with name", "Invalid principal in policy")
"""What IAM says about what was made a moment ago: the role itself, or one that its trust names."""


class IamRole(Thing[IamRoleInputs, IamRoleOutputs]):
    """What somebody may do in the account.

    IAM can't look for tags, so the name says whose role it is: eight characters of the mark, eight of the token.
    """

    type = IAM_ROLE
    replace_on = frozenset({"name", "path"})
    unordered = frozenset({"policy_arns"})
    service = "iam"

    def make(self, api: Api, inputs: IamRoleInputs, tags: Mapping[str, str]) -> str:
        """Make the role without policies."""
        name = marking.name_with_marks(inputs.name, tags)
        bounds = {"PermissionsBoundary": inputs.permissions_boundary} if inputs.permissions_boundary else {}
        api.call(
            "iam",
            "create_role",
            eventually=_NOT_YET,
            RoleName=name,
            Path=inputs.path,
            AssumeRolePolicyDocument=policies.text(inputs.trust),
            Description=inputs.description,
            MaxSessionDuration=inputs.max_session_seconds,
            Tags=marking.pairs(tags),
            **bounds,
        )
        return name

    def shape(self, api: Api, id: str, now: IamRoleInputs, wanted: IamRoleInputs) -> None:
        """Change what differs; what is allowed is extended before it is cut."""
        if now.trust != wanted.trust:
            _put(api, "update_assume_role_policy", RoleName=id, PolicyDocument=policies.text(wanted.trust))
        if (now.description, now.max_session_seconds) != (wanted.description, wanted.max_session_seconds):
            settings = {"Description": wanted.description, "MaxSessionDuration": wanted.max_session_seconds}
            _put(api, "update_role", RoleName=id, **settings)
        if now.permissions_boundary != wanted.permissions_boundary:
            _bound(api, id, wanted.permissions_boundary)
        for name, document in wanted.policies.items():
            if now.policies.get(name) != document:
                _put(api, "put_role_policy", RoleName=id, PolicyName=name, PolicyDocument=policies.text(document))
        for arn in set(wanted.policy_arns) - set(now.policy_arns):
            _put(api, "attach_role_policy", RoleName=id, PolicyArn=arn)
        for arn in set(now.policy_arns) - set(wanted.policy_arns):
            api.drop("iam", "detach_role_policy", RoleName=id, PolicyArn=arn)
        for name in now.policies.keys() - wanted.policies.keys():
            api.drop("iam", "delete_role_policy", RoleName=id, PolicyName=name)

    def inputs_of(self, api: Api, seen: Answer, declared: IamRoleInputs | None) -> IamRoleInputs:
        """What is described, and the policies that are not."""
        name, tags = seen["RoleName"], self.tags_of(api, seen)
        return IamRoleInputs(
            region=declared.region if declared else api.region,
            tags=marking.of_the_user(tags),
            name=marking.name_without_marks(name, tags),
            path=seen["Path"],
            trust=policies.kept(declared.trust if declared else None, seen["AssumeRolePolicyDocument"]),
            description=seen.get("Description", ""),
            max_session_seconds=seen.get("MaxSessionDuration", 3600),
            permissions_boundary=(seen.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            policy_arns=_attached(api, name),
            policies=_inline(api, name, declared.policies if declared else {}),
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: IamRoleInputs) -> IamRoleOutputs:
        """Its names."""
        return IamRoleOutputs(**dict(inputs), arn=seen["Arn"], role_name=seen["RoleName"], role_id=seen["RoleId"])

    def remove(self, api: Api, id: str, last: Instance[IamRoleInputs, IamRoleOutputs]) -> None:
        """Take its policies away, take it out of instance profiles, and remove it."""
        try:
            api.context.wait_for(f"{id} to be free", lambda: _removed(api.fresh("iam"), id), every=2.0)
        except TimedOut:
            raise Failed(f"{id} can't be removed: IAM says that something still uses it; run it again later") from None

    # How IAM is asked

    def questions(self, api: Api, id: str, declared: IamRoleInputs | None) -> Sequence[Callable[[], object]]:
        """Its policies, attached and inline; those that are declared are asked for before they are listed."""
        own = [partial(_own, api, id, name) for name in (declared.policies if declared else ())]
        return (*own, lambda: _attached(api, id), lambda: _inline(api, id, {}))

    def describe(self, api: Api, id: str) -> Answer | None:
        """The role with its tags."""
        role: Answer | None = (api.look("iam", "get_role", RoleName=id) or {}).get("Role")
        return role

    def marked(self, api: Api, inputs: IamRoleInputs) -> Iterable[Answer]:
        """Every role whose name says that it is of this declaration."""
        ours = marking.names_of(api.context.owner)
        names = [it["RoleName"] for it in api.every("iam", "list_roles", "Roles") if ours.search(it["RoleName"])]
        return [role for name in names if (role := self.describe(api, name))]

    def id_of(self, seen: Answer) -> str:
        """Its whole name."""
        return str(seen["RoleName"])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which stand in the description."""
        return marking.from_pairs(seen.get("Tags", ()))

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        _put(api, "tag_role", RoleName=id, Tags=marking.pairs(tags))

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        api.call("iam", "untag_role", RoleName=id, TagKeys=list(keys))


def _put(api: Api, operation: str, **parameters: object) -> None:
    """A change of a role that IAM may not see everywhere yet."""
    api.call("iam", operation, eventually=_NOT_YET, **parameters)


def _bound(api: Api, id: str, arn: str | None) -> None:
    if arn:
        _put(api, "put_role_permissions_boundary", RoleName=id, PermissionsBoundary=arn)
    else:
        api.drop("iam", "delete_role_permissions_boundary", RoleName=id)


def _attached(api: Api, id: str) -> list[str]:
    found = api.every("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=id)
    return [policy["PolicyArn"] for policy in found]


def _inline(api: Api, id: str, declared: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The role's own policies."""
    names = api.every("iam", "list_role_policies", "PolicyNames", RoleName=id)
    return {name: policies.kept(declared.get(name), _own(api, id, name)) for name in names}


def _own(api: Api, id: str, name: str) -> object:
    return api.ask("iam", "get_role_policy", RoleName=id, PolicyName=name)["PolicyDocument"]


def _removed(api: Api, id: str) -> bool:
    """Take away all that keeps the role, and the role; False where something has come meanwhile."""
    if api.look("iam", "get_role", RoleName=id) is None:
        return True
    for arn in _attached(api, id):
        api.drop("iam", "detach_role_policy", RoleName=id, PolicyArn=arn)
    for name in api.every("iam", "list_role_policies", "PolicyNames", RoleName=id):
        api.drop("iam", "delete_role_policy", RoleName=id, PolicyName=name)
    for profile in api.every("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=id):
        name = profile["InstanceProfileName"]
        api.drop("iam", "remove_role_from_instance_profile", RoleName=id, InstanceProfileName=name)
    try:
        api.drop("iam", "delete_role", RoleName=id)
    except AwsError as error:
        if not error.says("DeleteConflict", "ConcurrentModification"):
            raise
        return False
    return True
