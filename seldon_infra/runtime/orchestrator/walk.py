"""A request's way through the graph, the same for every protocol.

In each node: transform the input, ask for the route, ask the children, aggregate their answers, transform the output.
Feedback takes the way that ``meta.routing`` of the answer records.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from seldon_infra.runtime.orchestrator.config import AB_TEST, Unit
from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, INTERNAL, TIMED_OUT, Failure
from seldon_infra.runtime.orchestrator.told import Once

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.experiments import Visit

ALL_CHILDREN, NO_CHILD = -1, -2
"""What a router says when it chooses all or none. Source: Seldon's executor."""
Event: TypeAlias = Literal["request", "response", "feedback"]
"""What a payload is."""
MessageT = TypeVar("MessageT")
FeedbackT = TypeVar("FeedbackT", contravariant=True)
ResultT = TypeVar("ResultT")


@dataclass
class Trip:
    """One request's deadline, and what gathers along its way (``meta`` of Seldon's protocol)."""

    puid: str
    deadline: float
    """On the event loop's clock."""
    tags: dict[str, Any] = field(default_factory=dict)
    routing: dict[str, int] = field(default_factory=dict)
    request_path: dict[str, str] = field(default_factory=dict)
    metrics: list[Any] = field(default_factory=list)
    skip_logging: bool = False
    """Whether the client wants no payload of it to be logged."""
    carried: tuple[tuple[str, str], ...] = ()
    """Headers by which the client said which trace it belongs to."""
    requested_outputs: Any = None
    """Which of the last node's tensors the client wants, on protocol v2."""
    visit: Visit | None = None
    """What experiments know of the request, where the graph has any."""

    def branch(self) -> Trip:
        """Begin one of several ways that are taken at once."""
        return replace(self, tags=dict(self.tags), routing={}, request_path={}, metrics=[])

    def join(self, branch: Trip) -> None:
        """Add what a branch has gathered; where two say different things, the later child's word stays."""
        self.tags.update(branch.tags)
        self.routing.update(branch.routing)
        self.request_path.update(branch.request_path)
        self.metrics.extend(branch.metrics)


class Wire(Protocol[MessageT]):
    """How nodes are asked on one protocol and transport."""

    async def transform_input(self, unit: Unit, message: MessageT, trip: Trip) -> MessageT:
        """Ask a model for its prediction, or a transformer."""

    async def transform_output(self, unit: Unit, message: MessageT, trip: Trip) -> MessageT:
        """Ask an output transformer."""

    async def route(self, unit: Unit, message: MessageT, trip: Trip) -> int:
        """Ask a router for the child's index."""

    async def aggregate(self, unit: Unit, messages: Sequence[MessageT], trip: Trip) -> MessageT:
        """Ask a combiner."""

    def log(self, unit: Unit, event: Event, message: MessageT, trip: Trip) -> None:
        """Put a payload on its way to the payload log, without waiting."""


class FeedbackWire(Protocol, Generic[FeedbackT]):
    """How nodes are told of a reward."""

    async def send_feedback(self, unit: Unit, feedback: FeedbackT, trip: Trip) -> None:
        """Tell one node."""

    def log_feedback(self, unit: Unit, feedback: FeedbackT, trip: Trip) -> None:
        """Put feedback on its way to the payload log, without waiting."""


async def predict(unit: Unit, message: MessageT, wire: Wire[MessageT], trip: Trip) -> MessageT:
    """Lead a request through a node and all below it.

    Raises:
        Failure: a node failed; it names the node.
    """
    if unit.implementation != "UNKNOWN_IMPLEMENTATION":
        trip.request_path[unit.name] = unit.image
    if unit.does("TRANSFORM_INPUT"):
        _log_request(unit, message, wire, trip)
        message = await wire.transform_input(unit, message, trip)
        _log_response(unit, message, wire, trip)
    if unit.children:
        message = await _ask_children(unit, message, wire, trip)
    if unit.does("TRANSFORM_OUTPUT"):
        _log_request(unit, message, wire, trip)
        message = await wire.transform_output(unit, message, trip)
        _log_response(unit, message, wire, trip)
    return message


async def send_feedback(
    unit: Unit,
    feedback: FeedbackT,
    routing: Mapping[str, int],
    wire: FeedbackWire[FeedbackT],
    trip: Trip,
    once: Once,
) -> None:
    """Tell the nodes that took part in an answer, children before the node above them, each once.

    All children are told at once and all of them are waited for, whichever fails; a node below which one failed is not
    told. Source: Seldon's executor. Sent again, the same feedback comes to those that refused it or were not told.

    Raises:
        Failure: a node failed, or the routing names a child that is not there.
    """
    children = chosen_children(unit, routing.get(unit.name, ALL_CHILDREN), BAD_REQUEST)
    if unit.logger and unit.logger.responses and once.is_logged_at(unit.name):
        wire.log_feedback(unit, feedback, trip)
    told = (send_feedback(child, feedback, routing, wire, trip, once) for child in children)
    for failed in filter(None, await asyncio.gather(*told, return_exceptions=True)):
        raise failed
    if unit.does("SEND_FEEDBACK") and unit.implementation is None and once.comes_to(unit.name):
        try:
            await wire.send_feedback(unit, feedback, trip)
        except Failure as failure:
            # One that is late may have counted it all the same.
            if failure.status != TIMED_OUT:
                once.was_refused_by(unit.name)
            raise


def chosen_children(unit: Unit, route: int, status: int) -> tuple[Unit, ...]:
    """Give the children that a route means.

    Raises:
        Failure: with ``status``, where there is no such child.
    """
    if route == ALL_CHILDREN:
        return unit.children
    if route == NO_CHILD:
        return ()
    if not 0 <= route < len(unit.children):
        last = len(unit.children) - 1
        raise Failure(status, f"route {route}, must be one of 0 to {last}, -1 (all) or -2 (none)", unit.name)
    return (unit.children[route],)


async def _ask_children(unit: Unit, message: MessageT, wire: Wire[MessageT], trip: Trip) -> MessageT:
    if unit.implementation == AB_TEST and trip.visit is not None:
        with trip.visit.arm(unit) as arm:
            trip.routing[unit.name] = arm
            return await predict(unit.children[arm], message, wire, trip)
    route = ALL_CHILDREN
    if unit.does("ROUTE"):
        route = trip.routing[unit.name] = await _route(unit, message, wire, trip)
    chosen = chosen_children(unit, route, INTERNAL)
    if not chosen:
        return message
    if len(chosen) == 1 and not unit.does("AGGREGATE"):
        return await predict(chosen[0], message, wire, trip)
    branches = [trip.branch() for _ in chosen]
    pairs = zip(chosen, branches, strict=True)
    answers = await _at_once([predict(child, message, wire, branch) for child, branch in pairs])
    for branch in branches:
        trip.join(branch)
    if not unit.does("AGGREGATE"):
        return answers[0]
    _log_request(unit, message, wire, trip)
    answer = await wire.aggregate(unit, answers, trip)
    _log_response(unit, answer, wire, trip)
    return answer


def _log_request(unit: Unit, message: MessageT, wire: Wire[MessageT], trip: Trip) -> None:
    """Log what goes into a call of a node: as in Seldon's executor a router's calls are none of these."""
    if unit.logger and unit.logger.requests:
        wire.log(unit, "request", message, trip)


def _log_response(unit: Unit, message: MessageT, wire: Wire[MessageT], trip: Trip) -> None:
    if unit.logger and unit.logger.responses:
        wire.log(unit, "response", message, trip)


async def _route(unit: Unit, message: MessageT, wire: Wire[MessageT], trip: Trip) -> int:
    if unit.implementation == "SIMPLE_ROUTER":
        return 0
    if unit.implementation == "RANDOM_ABTEST":
        return 0 if random.random() < float(unit.parameters["ratioA"]) else 1
    return await wire.route(unit, message, trip)


async def _at_once(asked: Sequence[Coroutine[Any, Any, ResultT]]) -> list[ResultT]:
    """Wait for all; the first failure ends the others and is the one that counts."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except* Failure as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
