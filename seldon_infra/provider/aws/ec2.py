"""What all objects of EC2 have in common: how they are listed, tagged and found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Failed, TimedOut
from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs

In = TypeVar("In", bound=AwsInputs)
Out = TypeVar("Out", bound=Outputs)
_IN_USE = ("DependencyViolation", "InvalidGroup.InUse", "InvalidIPAddress.InUse", "ResourceInUse")


class Ec2Thing(Thing[In, Out]):
    """One kind of object of EC2."""

    service = "ec2"
    noun: ClassVar[str]
    """What a TagSpecification calls it."""
    question: ClassVar[tuple[str, str]]
    """The call that lists them, and the field with the list."""
    ids: ClassVar[tuple[str, str]]
    """The call's parameter for ids, and the field with the id."""

    def describe(self, api: Api, id: str) -> Answer | None:
        """From the list of all that are marked, which one question brings; else by its id."""
        marked = (seen for seen in self.marked(api) if self.id_of(seen) == id)
        return next(marked, None) or self._by_id(api, id)

    def _by_id(self, api: Api, id: str) -> Answer | None:
        operation, items = self.question
        found = (api.look("ec2", operation, **{self.ids[0]: [id]}) or {}).get(items, [])
        return next((seen for seen in found if not self.is_gone(seen)), None)

    def marked(self, api: Api, inputs: In | None = None) -> list[Answer]:
        """All that carry our mark, this declaration's or another's."""
        ours = filters(("tag-key", marking.OWNER))
        return [it for it in api.every("ec2", *self.question, Filters=ours) if not self.is_gone(it)]

    def is_gone(self, seen: Answer) -> bool:
        """Whether what is described is only a memory of AWS."""
        return seen.get("State", "").lower() in ("deleted", "deleting")

    def id_of(self, seen: Answer) -> str:
        """The id, under the name that EC2 gives it."""
        return str(seen[self.ids[1]])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which stand in the description."""
        return marking.from_pairs(seen.get("Tags", ()))

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags; one that has just been made may not be seen everywhere."""
        api.call("ec2", "create_tags", Resources=[id], Tags=marking.pairs(tags), eventually=NOT_YET)

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        api.call("ec2", "delete_tags", Resources=[id], Tags=[{"Key": key} for key in keys])

    def common(self, seen: Answer, api: Api) -> dict[str, Any]:
        """The inputs that every type has."""
        return {"region": api.region, "tags": marking.of_the_user(self.tags_of(api, seen))}

    def tagged(self, tags: Mapping[str, str]) -> list[dict[str, Any]]:
        """The parameter that tags a thing in the call that makes it."""
        return [{"ResourceType": self.noun, "Tags": marking.pairs(tags)}]

    def blockers(self, api: Api, id: str) -> Iterable[str]:
        """What keeps it from being removed, each as the user would look for it."""
        return ()

    def drop(self, api: Api, id: str, operation: str, **parameters: str) -> None:
        """Remove it as soon as nothing uses it any more; where that takes too long, say what does."""
        drop_when_free(api, id, lambda: self.blockers(api.fresh("ec2"), id), operation, **parameters)


NOT_YET = (
    "InvalidVpcID.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidAllocationID.NotFound",
    "NatGatewayNotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidVpcEndpointId.NotFound",
    "InvalidGroup.NotFound",
    "InvalidLaunchTemplateId.NotFound",
)
"""What EC2 says about a thing that it has just made and does not see everywhere."""


def filters(*named: tuple[str, str]) -> list[dict[str, Any]]:
    """The parameter Filters."""
    return [{"Name": name, "Values": [value]} for name, value in named]


def drop_when_free(api: Api, id: str, blockers: Callable[[], Iterable[str]], operation: str, **parameters: str) -> None:
    """Call until nothing uses the thing any more; what uses it is shown meanwhile, and named if time runs out."""
    named = ""

    def gone() -> bool:
        nonlocal named
        try:
            api.drop("ec2", operation, unless=(), **parameters)
        except AwsError as error:
            if not error.says(*_IN_USE):
                raise
            named = ", ".join(blockers()) or error.message
            api.context.progress(f"{id} is still used by {named}")
            return False
        return True

    try:
        api.context.wait_for(f"{id} to be free", gone, every=2.0)
    except TimedOut:
        raise Failed(
            f"{id} can't be removed: it is still used by {named}; remove that, or let it be removed, and run it again"
        ) from None
