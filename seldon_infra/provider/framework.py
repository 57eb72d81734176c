"""A resource type in one class: what its author writes, and what the framework does with it.

    class Bucket(Resource[BucketInputs, BucketOutputs]):
        type = BUCKET                             # resources/: token, Inputs, Outputs
        replace_on = frozenset({"name"})          # changes of these replace; any other change updates in place
        timeout = 60.0                            # seconds, unless the user sets customTimeouts

        def check(self, inputs, context):         # facts that only the plugin can know; may fill in inputs
            if inputs.region not in cloud.regions():
                raise Refused(Problem("region", f"{inputs.region} does not exist; choose one of {cloud.regions()}"))
            return inputs.model_copy(update={"digest": digest_of(inputs.source)})

        def create(self, inputs, context):        # blocking code: it runs in a thread of its own
            made = cloud.put(inputs.name, owner=context.owner, token=context.token, timeout=context.remaining())
            context.wait_for("the bucket to answer", lambda: cloud.ready(made.id))
            return Created(made.id, BucketOutputs(url=made.url))

        def find(self, inputs, context):          # every object that carries context.owner
            return [instance(b) for b in cloud.list(owner=context.owner)]

        def settle(self, id, last, context):      # the state is about to have it: the last call of a create
            cloud.tag(id, settled=context.owner)

        def read(self, id, last, context):        # None: it is gone
            b = cloud.get(id)
            return b and instance(b)              # Instance(b.id, inputs_of(b), outputs_of(b), b.token, b.settled)

        def update(self, id, last, inputs, context):
            return outputs_of(cloud.set(id, inputs.size))

        def delete(self, id, last, context):      # not there (any more) is success
            cloud.delete(id)

Only `create` must be written. Without `update` every change replaces; without `read` a refresh believes the state;
without `find` a create that was killed is not adopted; without `settle` what a killed one has made is not removed;
without `delete` there is nothing to take away.

Crash safety asks four things of an author: put `context.owner` and `context.token` on the object **in the very call
that makes it**; derive a unique id or name from `context.token`, not from the owner (a replacement lives beside what it
replaces); let `find` return what is there, half-made objects too; let `settle` note `context.owner` on the object, and
`find` and `read` return the note. Then, whatever died and when, the next create adopts an object of this token
(`resume` waits for what is still missing), and one of this owner that was never settled is removed: no state ever had
it. What was settled is not removed, whatever the state says (`siblings.py`). `context.token` is the same in a repeated
run and another for a replacement, with equal inputs too.

An exception in `create` is one sentence to the user, without traceback and without secret values. Where `find` then
sees the object, it goes into the state as failed, and the next `up` repairs it: by `update`, or by replacing it where
there is no `update`. `PartialFailure` says the same by hand, from `read` too (the object is there but unwell).

A child process of the plugin that shall outlive it needs its own session and must not inherit standard output or error:
the engine interrupts the plugin's process group and waits until its pipes close.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from seldon_infra.resources.model import In, Out, ResourceType

T = TypeVar("T")
_GROWTH = 1.5
"""By how much a growing pause gets longer each time."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the inputs: where (a property path in Python names, `ports[0].name`) and what to do."""

    path: str
    reason: str


class Refused(Exception):
    """The inputs can't work: every problem found, each shown at its property. Raise it from `check`."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.reason}" for problem in problems))
        self.problems = problems


class Failed(Exception):
    """The outside said no; the text is shown to the user as it is (secrets masked)."""

    unasked: bool = False
    """Whether it was never asked: it can't be reached, or lets nobody in. A preview of what is new goes on then."""


class TimedOut(Failed):
    """The user's or the type's time limit passed before the outside was done."""


class Cancelled(Failed):
    """The user interrupted the run while the outside was at work."""


class PartialFailure(Exception, Generic[Out]):
    """The object is there, but unwell: it stays in the state, and the next `up` repairs it."""

    def __init__(self, id: str, outputs: Out, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.id, self.outputs, self.reasons = id, outputs, reasons


@dataclass(frozen=True)
class Created(Generic[Out]):
    """The id and outputs of an object that is there and ready."""

    id: str
    outputs: Out


@dataclass(frozen=True)
class Instance(Generic[In, Out]):
    """An object as the state or the outside has it."""

    id: str
    inputs: In
    outputs: Out
    token: str = ""
    """The one that it was created with; empty where no create of ours has made it."""
    settled: str = ""
    """The owner that `settle` noted last; empty where none was noted yet."""


def _say_nothing(message: str) -> None:
    """The log of a context that nobody listens to."""


def _always() -> bool:
    """The patience of a context that nobody leaves."""
    return True


@dataclass(frozen=True)
class Context:
    """What one call may know beside its inputs."""

    urn: str
    owner: str
    """Hash of the URN (so of stack and project): the same for every object that this declaration ever makes."""
    token: str = ""
    """Hash of the URN, of the objects that the state has for it, and of the inputs: names one object."""
    timeout: float = 300.0
    """Seconds that the whole call may take."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the user interrupts the run or the engine is gone."""
    progress: Callable[[str], None] = _say_nothing
    """Shows a passing status line at the resource."""
    warn: Callable[[str], None] = _say_nothing
    """Logs a warning that stays on the screen."""
    awaited: Callable[[], bool] = _always
    """Whether the engine still waits for the answer; it does not where it was killed."""
    started: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.urn.split("::")[0].removeprefix("urn:pulumi:")

    @property
    def project(self) -> str:
        """The project's name."""
        return self.urn.split("::")[1]

    def remaining(self) -> float:
        """Seconds left, at least a hundredth, so that it can be handed on as a timeout."""
        return max(self.started + self.timeout - time.monotonic(), 0.01)

    def within(self, seconds: float) -> Context:
        """The same with a shorter time limit, which begins now."""
        return replace(self, timeout=min(seconds, self.remaining()), started=time.monotonic())

    def wait_for(self, what: str, probe: Callable[[], T | None], every: float = 0.1, at_most: float = 0.0) -> T:
        """Ask `probe` until it answers something true; `TimedOut` or `Cancelled` says that it waited for `what`.

        Where `at_most` is longer than `every`, the pauses grow up to it: for what takes minutes.
        """
        while not (answer := probe()):
            if self.cancelled.wait(min(every, self.remaining())):
                raise Cancelled(f"cancelled while waiting for {what}")
            if self.remaining() <= 0.01:
                raise TimedOut(f"waited {self.timeout:g} s for {what}; raise customTimeouts if it needs longer")
            every = max(every, min(every * _GROWTH, at_most))
        return answer


class Resource(ABC, Generic[In, Out]):
    """A resource type; see the module's example."""

    type: ResourceType[In, Out]
    """Its declaration in `resources/`."""
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change needs a new object: Python names, dotted for a nested field."""
    delete_before_replace: ClassVar[bool] = False
    """For objects of which there can be only one at a time."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Inputs that `check` fills in; unknown at preview as long as another input is."""
    kept: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the outside chooses where the program leaves them out: its choice is no difference then."""
    unordered: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are lists and mean sets, dotted for a nested field: another order is no difference, and what differs
    is an item, wherever it stands."""
    timeout: ClassVar[float] = 300.0
    """Seconds for each of create, read, update and delete."""
    reads_first: ClassVar[bool] = True
    """Whether an object is read before each change of it; a refresh reads it all the same. False only for types that
    make nothing outside: no killed run can have left anything of theirs."""

    def keep(self, last: In, inputs: In) -> In:
        """Inputs with what the state has in the place of what says nothing new; asked before `check`."""
        return inputs

    def check(self, inputs: In, context: Context) -> In:
        """Inputs as they shall be, or `Refused`; asked only when every input is known."""
        return inputs

    def check_change(self, last: In, inputs: In, context: Context) -> None:
        """`Refused` where no update leads from what the state has to these inputs; not asked where they replace."""

    def replaced_by(self, last: In, inputs: In) -> frozenset[str]:
        """Inputs whose change needs a new object this time, for types where that depends on the values."""
        return self.replace_on

    def preview(self, inputs: In, last: Instance[In, Out] | None) -> Mapping[str, object]:
        """Outputs by Python name that are already sure at preview, beside those that echo an input."""
        return {}

    def stable(self) -> frozenset[str]:
        """Outputs that no update changes, so that what depends on them is shown unchanged at preview."""
        return frozenset()

    @abstractmethod
    def create(self, inputs: In, context: Context) -> Created[Out]:
        """Make the object and wait until it is ready."""

    def find(self, inputs: In, context: Context) -> Iterable[Instance[In, Out]]:
        """Every object that carries `context.owner`; asked at each preview too, so keep it cheap."""
        return ()

    def resume(self, found: Instance[In, Out], inputs: In, context: Context) -> Created[Out]:
        """Finish an object of this token that an earlier, killed run made."""
        return Created(found.id, found.outputs)

    def settle(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Note `context.owner` on the object: the state has it from now on. Once in its life, or when it moves."""
        raise NotImplementedError

    def read(self, id: str, last: Instance[In, Out] | None, context: Context) -> Instance[In, Out] | None:
        """The object as it is, None if gone; `last` is what the state has, None on import."""
        return last

    def update(self, id: str, last: Instance[In, Out], inputs: In, context: Context) -> Out:
        """Bring the object to `inputs`; also called with unchanged inputs, to repair."""
        raise NotImplementedError

    def delete(self, id: str, last: Instance[In, Out], context: Context) -> None:
        """Take the object away; that it is not there is success."""

    @classmethod
    def updates_in_place(cls) -> bool:
        """Whether the type has an `update`."""
        return cls.update is not Resource.update

    @classmethod
    def settles(cls) -> bool:
        """Whether the type has a `settle`."""
        return cls.settle is not Resource.settle


Load: TypeAlias = Callable[[], Iterable[Resource[Any, Any]]]
"""Gives the resource types of one module, the middle part of their tokens."""
