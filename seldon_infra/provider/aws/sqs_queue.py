"""``seldon:aws:SqsQueue``: a queue with its policy, which is an attribute of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from seldon_infra.provider.aws import policies
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_sqs_queue import SQS_QUEUE, SqsQueueInputs, SqsQueueOutputs

_MOST_AT_ONCE = 1000
_NOT_YET = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_JUST_DELETED = ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")
"""A name can be had again a minute after its queue was removed."""


class SqsQueue(Thing[SqsQueueInputs, SqsQueueOutputs]):
    """Messages that wait for whoever fetches them.

    SQS can't look for tags, so the name says whose queue it is: eight characters of the mark, eight of the token.
    """

    type = SQS_QUEUE
    replace_on = frozenset({"region", "name"})
    service = "sqs"

    def make(self, api: Api, inputs: SqsQueueInputs, tags: Mapping[str, str]) -> str:
        """Make the queue with all that it has, in one call."""
        name = marking.name_with_marks(inputs.name, tags)
        attributes = {key: value for key, value in _attributes(inputs).items() if value}
        made = api.call(
            "sqs",
            "create_queue",
            eventually=_JUST_DELETED,
            QueueName=name,
            Attributes=attributes,
            tags=dict(sorted(tags.items())),
        )
        return str(made["QueueUrl"])

    def shape(self, api: Api, id: str, now: SqsQueueInputs, wanted: SqsQueueInputs) -> None:
        """Set the attributes that differ."""
        were = _attributes(now)
        differing = {key: value for key, value in _attributes(wanted).items() if value != were[key]}
        if differing:
            api.call("sqs", "set_queue_attributes", eventually=_NOT_YET, QueueUrl=id, Attributes=differing)

    def inputs_of(self, api: Api, seen: Answer, declared: SqsQueueInputs | None) -> SqsQueueInputs:
        """What is described."""
        tags = self.tags_of(api, seen)
        return SqsQueueInputs(
            region=api.region,
            tags=marking.of_the_user(tags),
            name=marking.name_without_marks(_name(seen["url"]), tags),
            retention_seconds=int(seen["MessageRetentionPeriod"]),
            visibility_seconds=int(seen["VisibilityTimeout"]),
            encrypted=seen.get("SqsManagedSseEnabled") == "true",
            policy=policies.kept(declared.policy if declared else None, seen["Policy"]) if seen.get("Policy") else None,
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: SqsQueueInputs) -> SqsQueueOutputs:
        """Its names."""
        return SqsQueueOutputs(**dict(inputs), arn=seen["QueueArn"], queue_name=_name(seen["url"]), url=seen["url"])

    def remove(self, api: Api, id: str, last: Instance[SqsQueueInputs, SqsQueueOutputs]) -> None:
        """Remove it with its messages; SQS takes up to a minute."""
        if api.drop("sqs", "delete_queue", QueueUrl=id):
            api.context.wait_for(f"{id} to be gone", lambda: self.describe(api.fresh("sqs"), id) is None, every=1.0)

    # How SQS is asked

    def questions(self, api: Api, id: str, declared: SqsQueueInputs | None) -> Sequence[Callable[[], object]]:
        """Its tags."""
        return (partial(self.tags_of, api, {"url": id}),)

    def describe(self, api: Api, id: str) -> Answer | None:
        """Its attributes, and its URL."""
        found = api.look("sqs", "get_queue_attributes", QueueUrl=id, AttributeNames=["All"])
        return None if found is None else {**found["Attributes"], "url": id}

    def marked(self, api: Api, inputs: SqsQueueInputs) -> Iterable[Answer]:
        """Every queue whose name says that it is of this declaration."""
        ours = marking.names_of(api.context.owner)
        urls = api.every("sqs", "list_queues", "QueueUrls", MaxResults=_MOST_AT_ONCE)
        return [seen for url in urls if ours.search(url) and (seen := self.describe(api, url))]

    def id_of(self, seen: Answer) -> str:
        """Its URL."""
        return str(seen["url"])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which SQS gives apart; none of a queue that has gone meanwhile."""
        found: dict[str, str] = (api.look("sqs", "list_queue_tags", QueueUrl=seen["url"]) or {}).get("Tags", {})
        return found

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        api.call("sqs", "tag_queue", eventually=_NOT_YET, QueueUrl=id, Tags=dict(sorted(tags.items())))

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        api.call("sqs", "untag_queue", QueueUrl=id, TagKeys=list(keys))


def _attributes(inputs: SqsQueueInputs) -> dict[str, str]:
    """What it is declared to be, as SQS takes it; an empty policy is none."""
    return {
        "MessageRetentionPeriod": str(inputs.retention_seconds),
        "Policy": policies.text(inputs.policy) if inputs.policy else "",
        "SqsManagedSseEnabled": str(inputs.encrypted).lower(),
        "VisibilityTimeout": str(inputs.visibility_seconds),
    }


def _name(url: str) -> str:
    return url.rpartition("/")[2]
