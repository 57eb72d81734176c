"""What all objects of EKS have in common: marks as tags, slow changes, and one update at a time.

A type says how its object is named and listed, what makes it, and how AWS's answer reads as inputs; the rest is here.
An object is made with the marks of its declaration, so what a killed run has made is found; an update begins with what
the object is, so a killed one goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from seldon_infra.provider import leeway
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Api
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.waiting import (
    Body,
    ailments,
    failures,
    until_gone,
    until_settled,
    until_taken,
    wait,
)
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel

In = TypeVar("In", bound=AwsInputs)
Out = TypeVar("Out", bound=Outputs)
M = TypeVar("M", bound=ResourceModel)

Ask = Callable[..., Body]
"""How a question reaches AWS: service, operation, parameters."""
BROKEN = frozenset({"FAILED", "CREATE_FAILED"})
"""What an object is whose creation failed; only a new one helps."""


class EksObject(Resource[In, Out], Generic[In, Out]):
    """A type of EKS."""

    what: ClassVar[str]
    """What it is called in messages."""
    create_call: ClassVar[str]
    delete_call: ClassVar[str]

    @abstractmethod
    def parse(self, id: str) -> Id:
        """An id from the state or from an import."""

    @abstractmethod
    def id_for(self, inputs: In, context: Context) -> Id:
        """The id of a new object."""

    @abstractmethod
    def names(self, id: Id) -> Body:
        """The parameters by which a call names the object."""

    @abstractmethod
    def request(self, id: Id, inputs: In) -> Body:
        """The other parameters of the call that makes it."""

    @abstractmethod
    def ids(self, inputs: In, context: Context) -> Iterable[Id]:
        """Every object that may carry the context's owner."""

    @abstractmethod
    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The object as AWS describes it; None where it is not there. `ask` asks anew, or shares what is known."""

    @abstractmethod
    def inputs_of(self, id: Id, body: Body, last: In | None) -> In:
        """What the object has, with `last` for what AWS does not tell."""

    @abstractmethod
    def outputs_of(self, inputs: In, body: Body) -> Out:
        """What a program can read of it."""

    @abstractmethod
    def arn(self, body: Body) -> str:
        """Its ARN."""

    def stable(self) -> frozenset[str]:
        """Where an object is stays through all its updates."""
        return frozenset(self.type.outputs.model_fields) - frozenset(self.type.inputs.model_fields)

    def create(self, inputs: In, context: Context) -> Created[Out]:
        """Make it and wait until it is ready."""
        id = self.id_for(inputs, context)
        tags = {**inputs.tags, **marking.marks(context)}
        given = {**self.names(id), **self.request(id, inputs), "tags": tags, "clientRequestToken": context.token}
        until_gone(context, f"{self.what} {id}", lambda: self._leaving(id, context))
        try:
            made = until_taken(context, f"{self.what} {id}", lambda: self.call(id, self.create_call, given, context))
        except AwsError as error:
            raise self._taken(id, error) from error
        return self.finish(self.made_id(id, made), inputs, context)

    def _leaving(self, id: Id, context: Context) -> Body | None:
        """What has the name as yet, and is being deleted."""
        body = self.now(id, context)
        return body if body and body.get("status") == "DELETING" else None

    def made_id(self, id: Id, made: Body) -> Id:
        """The id that AWS has given, for what has none of our choice."""
        return id

    def finish(self, id: Id, inputs: In, context: Context) -> Created[Out]:
        """Wait until what was asked for is ready."""
        return Created(str(id), self.outputs_of(inputs, self._until_sound(id, "creating", context)))

    def resume(self, found: Instance[In, Out], inputs: In, context: Context) -> Created[Out]:
        """Wait for what an earlier, killed run has asked for."""
        return self.finish(self.parse(found.id), inputs, context)

    def find(self, inputs: In, context: Context) -> Iterable[Instance[In, Out]]:
        """Every object of this declaration."""
        for id in self.ids(inputs, context):
            body = self.known(id, context)
            if body and body.get("status") != "DELETING" and body.get("tags", {}).get(marking.OWNER) == context.owner:
                yield self._instance(id, body, None)

    def settle(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Note the owner in a tag."""
        parsed = self.parse(id)
        asked = {"resourceArn": last.outputs.wire()["arn"], "tags": {marking.SETTLED: context.owner}}
        self.call(parsed, "tag_resource", asked, context)

    def read(self, id: str, last: Instance[In, Out] | None, context: Context) -> Instance[In, Out] | None:
        """The object as it is; what ails it is told. What else carries the mark is asked next, so that is begun too."""
        parsed = self.parse(id)
        if last:
            Api(parsed.region, context).ahead(lambda: list(self.find(last.inputs, context)))
        body = self.known(parsed, context)
        if body is None or body.get("status") == "DELETING":
            return None
        if body.get("health", {}).get("issues"):
            context.warn(f"{self.what} {id} is {body['status']}: {ailments(body)}")
        return self._instance(parsed, body, last.inputs if last else None)

    def update(self, id: str, last: Instance[In, Out], inputs: In, context: Context) -> Out:
        """Bring it to the inputs, by one update after the other, from what it is now."""
        parsed = self.parse(id)
        body = self._until_sound(parsed, "settling", context)
        self.change(parsed, leeway.ordered(self, inputs, self.inputs_of(parsed, body, inputs)), inputs, context)
        self._retag(parsed, body, inputs, context)
        return self.outputs_of(inputs, self._until_sound(parsed, "settling", context))

    @abstractmethod
    def change(self, id: Id, now: In, inputs: In, context: Context) -> None:
        """Every update that leads from what the object is now to the inputs; tags apart."""

    def delete(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Take it away and wait until it is gone."""
        parsed = self.parse(id)
        given = {**self.names(parsed), **self.deletion(last.inputs)}
        try:
            until_taken(context, f"{self.what} {id}", lambda: self.call(parsed, self.delete_call, given, context))
        except AwsError as error:
            if error.kind is Kind.GONE:
                return
            raise
        until_gone(context, f"{self.what} {id}", lambda: self.now(parsed, context))

    def deletion(self, inputs: In) -> Body:
        """More parameters of the call that deletes it."""
        return {}

    # What the types are made with

    def call(self, id: Id, operation: str, given: Body, context: Context) -> Body:
        """One call to EKS, without what is absent."""
        return Api(id.region, context).call(
            "eks", operation, **{key: it for key, it in given.items() if it is not None}
        )

    def now(self, id: Id, context: Context) -> Body | None:
        """The object as it is at this moment."""
        return self.describe(id, Api(id.region, context).call)

    def known(self, id: Id, context: Context) -> Body | None:
        """The object as it was last seen, if nothing has changed since."""
        return self.describe(id, Api(id.region, context).ask)

    def listed(self, id: Id, operation: str, given: Body, member: str, context: Context) -> list[Any]:
        """All pages of a list; nothing where what it is asked of is gone."""
        try:
            return Api(id.region, context).every("eks", operation, member, **given)
        except AwsError as error:
            if error.kind is Kind.GONE:
                return []
            raise

    def run_update(self, id: Id, operation: str, given: Body, context: Context) -> None:
        """Ask for one update and wait for its end.

        Its token counts the updates that there were: it stands for this one, and for none before that asked the same.
        """
        what, asked = f"{self.what} {id}", {**self.names(id), **given}
        earlier = self.listed(id, "list_updates", self._named_in_updates(id), "updateIds", context)
        text = json.dumps([context.owner, operation, asked, len(earlier)], sort_keys=True, default=str)
        asked["clientRequestToken"] = hashlib.sha256(text.encode()).hexdigest()[:32]
        begun = until_taken(context, what, lambda: self.call(id, operation, asked, context))["update"]["id"]
        update = wait(context, what, "updating", lambda: self._ended(id, begun, context))
        if update["status"] != "Successful":
            raise Failed(f"{what} could not be updated: {failures(update)}")

    def _ended(self, id: Id, update: str, context: Context) -> Body | None:
        """An update that is over; a new one may not be seen at first."""
        ask = Api(id.region, context).call
        found = look(ask, "describe_update", {**self._named_in_updates(id), "updateId": update}, "update")
        return found if found and found["status"] != "InProgress" else None

    def _named_in_updates(self, id: Id) -> Body:
        """How the calls about updates name the object."""
        return {**{key: it for key, it in self.names(id).items() if key != "clusterName"}, "name": id.cluster}

    def _until_sound(self, id: Id, doing: str, context: Context) -> Body:
        body = until_settled(context, f"{self.what} {id}", doing, lambda: self.now(id, context))
        if body.get("status") in BROKEN:
            raise Failed(f"{self.what} {id} could not be made: {ailments(body)}")
        return body

    def _instance(self, id: Id, body: Body, last: In | None) -> Instance[In, Out]:
        inputs, tags = self.inputs_of(id, body, last), body.get("tags", {})
        outputs = self.outputs_of(inputs, body)
        return Instance(str(id), inputs, outputs, tags.get(marking.TOKEN, ""), tags.get(marking.SETTLED, ""))

    def _retag(self, id: Id, body: Body, inputs: In, context: Context) -> None:
        """Bring the tags to the inputs' in two calls at most."""
        new, old = marking.changed(tags_of(body), inputs.tags)
        if new:
            self.call(id, "tag_resource", {"resourceArn": self.arn(body), "tags": new}, context)
        if old:
            self.call(id, "untag_resource", {"resourceArn": self.arn(body), "tagKeys": old}, context)

    def _taken(self, id: Id, error: AwsError) -> Failed:
        if error.code == "ResourceInUseException" and "already exists" in error.message.lower():
            return Failed(
                f"{self.what} {id} is there already, and this declaration has not made it: import it by "
                f"`pulumi import {self.type.token} {id.name or id.cluster} {id}`, or choose another name"
            )
        return error


def look(ask: Ask, operation: str, given: Body, member: str) -> Body | None:
    """What a Describe call answers; None where it is not there."""
    found = answered(ask, operation, given)
    return None if found is None else dict(found[member])


def answered(ask: Ask, operation: str, given: Body) -> Body | None:
    """The answer to a question; None where what it is about is not there."""
    try:
        return ask("eks", operation, **given)
    except AwsError as error:
        if error.kind is Kind.GONE:
            return None
        raise


def seen(model: type[M], **fields: object) -> M:
    """A value as AWS has it, also what no program may declare: others may, and AWS learns."""
    try:
        return model.model_validate(fields)
    except ValidationError:
        return model.model_construct(**cast("Any", fields))


def tags_of(body: Body) -> dict[str, str]:
    """The user's tags."""
    return marking.of_the_user(body.get("tags", {}))
