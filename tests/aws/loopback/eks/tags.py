"""Tags of everything that has an ARN."""

from __future__ import annotations

from collections.abc import Iterator

from tests.aws.loopback.eks.state import State
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError


class Tags:
    """Operations on tags."""

    def __init__(self, state: State) -> None:
        self.state = state

    def tag_resource(self, given: Body) -> Body:
        self._tags(given)["tags"] |= given["tags"]
        return {}

    def untag_resource(self, given: Body) -> Body:
        tagged = self._tags(given)
        for key in given["tagKeys"]:
            tagged["tags"].pop(key, None)
        return {}

    def list_tags_for_resource(self, given: Body) -> Body:
        return {"tags": self._tags(given)["tags"]}

    def _tags(self, given: Body) -> Body:
        for arn, body in self._all():
            if arn == given["resourceArn"]:
                return body
        raise AwsError("NotFoundException", f"{given['resourceArn']} was not found")

    def _all(self) -> Iterator[tuple[str, Body]]:
        state = self.state
        for name in state.clusters.visible():
            yield state.clusters.get(name)["arn"], state.clusters.get(name)
        arns = {
            "nodegroupArn": state.nodegroups,
            "addonArn": state.addons,
            "accessEntryArn": state.entries,
            "associationArn": state.associations,
        }
        for arn, shelf in arns.items():
            for key in shelf.visible():
                yield shelf.get(key)[arn], shelf.get(key)
