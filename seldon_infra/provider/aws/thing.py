"""What all objects of AWS have in common, so that a type says only what is its own.

    class Vpc(Ec2Thing[VpcInputs, VpcOutputs]):
        type = VPC
        replace_on = frozenset({"region", "cidr"})

        def describe(self, api, id):           # AWS's description, None where it is gone
        def marked(self, api):                 # descriptions of all that carry our mark, one question for all
        def make(self, api, inputs, tags):     # the call that makes it, with the tags; its id
        def inputs_of(self, api, seen, declared):   # what the description says, in the inputs' words
        def outputs_of(self, api, seen, inputs):
        def shape(self, api, id, now, wanted): # every call that changes in place what differs, the tags apart
        def remove(self, api, id, last):

A create makes it, waits until AWS shows it, brings it into shape and reads it; a repeat after a kill goes on at what is
missing of this, and so does an update. What AWS fills in by itself is told from drift by `declared`: a field that the
program leaves open is read as left open.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Generic, TypeVar

from seldon_infra.provider import leeway
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs

In = TypeVar("In", bound=AwsInputs)
Out = TypeVar("Out", bound=Outputs)
_SHOWN_SECONDS = 20.0
"""How long a change may take to show; after that what AWS shows is believed."""
_MOST_TRIES = 3


class Thing(Resource[In, Out], Generic[In, Out]):
    """One kind of object of AWS; see the module."""

    service: ClassVar[str]
    """The service that describes it: what is remembered about that is forgotten while a change is waited for."""
    moving: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update in place may change."""

    @abstractmethod
    def describe(self, api: Api, id: str) -> Answer | None:
        """AWS's description of one; None where it is gone."""

    @abstractmethod
    def marked(self, api: Api, inputs: In) -> Iterable[Answer]:
        """AWS's descriptions of all that carry this library's mark."""

    @abstractmethod
    def id_of(self, seen: Answer) -> str:
        """The id of what is described."""

    @abstractmethod
    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """All tags of what is described."""

    @abstractmethod
    def inputs_of(self, api: Api, seen: Answer, declared: In | None) -> In:
        """What is described, in the inputs' words; `declared` is None on import."""

    @abstractmethod
    def outputs_of(self, api: Api, seen: Answer, inputs: In) -> Out:
        """The outputs of what is described."""

    @abstractmethod
    def make(self, api: Api, inputs: In, tags: Mapping[str, str]) -> str:
        """Make one, tagged in the same call; its id."""

    @abstractmethod
    def remove(self, api: Api, id: str, last: Instance[In, Out]) -> None:
        """Take it away and wait until it is gone; that it is gone already is success."""

    @abstractmethod
    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""

    @abstractmethod
    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""

    def questions(self, api: Api, id: str, declared: In | None) -> Sequence[Callable[[], object]]:
        """What a read asks beside its description without waiting for that."""
        return ()

    def is_whole(self, id: str) -> bool:
        """Whether this is the object, not the first part of it that `make` goes on from."""
        return True

    def shape(self, api: Api, id: str, now: In, wanted: In) -> None:
        """Change in place what differs, the tags apart."""

    def ready(self, api: Api, id: str) -> Answer | None:
        """Its description once it can be used; None as long as it can't."""
        return self.describe(api, id)

    # What the framework asks

    def stable(self) -> frozenset[str]:
        """What an update leaves as it is."""
        return frozenset(self.type.outputs.model_fields) - frozenset(self.type.inputs.model_fields) - self.moving

    def create(self, inputs: In, context: Context) -> Created[Out]:
        """Make it, wait until AWS shows it, and bring it into shape."""
        id = self._made(Api(inputs.region, context), inputs, context)
        return Created(id, self._shaped(id, inputs, context))

    def resume(self, found: Instance[In, Out], inputs: In, context: Context) -> Created[Out]:
        """Go on where a killed run ended."""
        return Created(found.id, self._shaped(found.id, inputs, context))

    def update(self, id: str, last: Instance[In, Out], inputs: In, context: Context) -> Out:
        """Bring it into shape, whatever shape it is in."""
        return self._shaped(id, inputs, context)

    def find(self, inputs: In, context: Context) -> list[Instance[In, Out]]:
        """What carries this declaration's mark."""
        api = Api(inputs.region, context)
        seen = [it for it in self.marked(api, inputs) if self.tags_of(api, it).get(marking.OWNER) == context.owner]
        return [self._instance(api, it, inputs) for it in seen]

    def settle(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Note the owner as one more tag."""
        self.tag(Api(last.inputs.region, context), id, {marking.SETTLED: context.owner})

    def read(self, id: str, last: Instance[In, Out] | None, context: Context) -> Instance[In, Out] | None:
        """It as it is; an import names its region before its id.

        What the engine asks next is what else carries the mark, so that is begun to be asked as well.
        """
        region, id = (last.inputs.region, id) if last else _imported(id)
        api = Api(region, context)
        declared = last.inputs if last else None
        api.ahead(*self.questions(api, id, declared))
        if declared:
            api.ahead(partial(self.find, declared, context))
        seen = self.describe(api, id)
        return None if seen is None else self._instance(api, seen, declared)

    def delete(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Take it away."""
        self.remove(Api(last.inputs.region, context), id, last)

    # How it does that

    def _made(self, api: Api, inputs: In, context: Context) -> str:
        """One object, also where AWS did not answer whether it has made it."""
        for left in reversed(range(_MOST_TRIES)):
            try:
                return self.make(api, inputs, {**inputs.tags, **marking.marks(context)})
            except AwsError as error:
                if error.kind is not Kind.TRANSIENT or not left:
                    raise
                api.fresh(self.service)
                for found in self.find(inputs, context):
                    if found.token == context.token and self.is_whole(found.id):
                        return found.id
        raise AssertionError("unreachable")

    def _shaped(self, id: str, inputs: In, context: Context) -> Out:
        """The outputs of an object that is there, usable, and as declared."""
        api = Api(inputs.region, context)
        seen = self._when_ready(api, id, context)
        now = self._as_declared(api, seen, inputs)
        if now != inputs:
            self._change(api, id, now, inputs)
            seen = self._when_shown(api, id, inputs, context)
        return self.outputs_of(api, seen, inputs)

    def _change(self, api: Api, id: str, now: In, wanted: In) -> None:
        self.shape(api, id, now, wanted)
        put, gone = marking.changed(now.tags, wanted.tags)
        if put:
            self.tag(api, id, put)
        if gone:
            self.untag(api, id, gone)

    def _when_ready(self, api: Api, id: str, context: Context) -> Answer:
        """Its description, once AWS shows it and it can be used."""
        if seen := self.ready(api, id):
            return seen
        context.progress(f"waiting for {id}")
        return context.wait_for(f"{id} to be ready", lambda: self.ready(api.fresh(self.service), id), every=1.0)

    def _when_shown(self, api: Api, id: str, wanted: In, context: Context) -> Answer:
        """Its description, once it shows a change; as it is where it does not in time."""
        patient = context.within(_SHOWN_SECONDS)
        while True:
            seen = self.ready(api.fresh(self.service), id)
            if seen and (self._as_declared(api, seen, wanted) == wanted or patient.remaining() <= 1.0):
                return seen
            if patient.cancelled.wait(min(0.5, patient.remaining())) or patient.remaining() <= 0.01:
                raise Failed(f"{id} is gone: something removed it while it was changed")

    def _as_declared(self, api: Api, seen: Answer, inputs: In) -> In:
        """What is described, its sets in the order of what is declared: AWS's have none."""
        return leeway.ordered(self, inputs, self.inputs_of(api, seen, inputs))

    def _instance(self, api: Api, seen: Answer, declared: In | None) -> Instance[In, Out]:
        inputs, tags = self.inputs_of(api, seen, declared), self.tags_of(api, seen)
        outputs = self.outputs_of(api, seen, inputs)
        return Instance(self.id_of(seen), inputs, outputs, tags.get(marking.TOKEN, ""), tags.get(marking.SETTLED, ""))


def _imported(id: str) -> tuple[str, str]:
    """The region and the id of what is imported."""
    region, slash, rest = id.partition("/")
    if not (slash and region and rest) or ":" in region:
        raise Failed(f"the id {id!r} does not name one: write REGION/ID, such as eu-west-1/{id}")
    return region, rest
