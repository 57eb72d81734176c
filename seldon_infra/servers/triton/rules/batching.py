"""Rules about how requests are joined: dynamic batching with its queues, and sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.bounds import used_twice
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.servers.triton.batching import DirectStrategy, OldestStrategy
from seldon_infra.servers.triton.data import DataFile
from seldon_infra.servers.triton.rules.place import FILE_NAME, At
from seldon_infra.servers.triton.rules.tensors import sizes
from seldon_infra.servers.triton.spec import TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.servers.triton.batching import Control, DynamicBatching, QueuePolicy, SequenceState

_TYPES_OF_IDS = ("UINT64", "INT64", "UINT32", "INT32", "BYTES")
_VALUES = ("int32_false_true", "fp32_false_true", "bool_false_true")


def one_way(at: At[TritonModel]) -> Iterator[Problem]:
    """Requests are independent, or parts of a sequence."""
    if at.model.dynamic_batching is not None and at.model.sequence_batching is not None:
        got, want = "dynamic_batching and sequence_batching", "must be one of them"
        yield at.wrong(got, want, "remove one; a sequence's batches are set by its strategy")


def dynamic_batching(at: At[TritonModel]) -> Iterator[Problem]:
    """Batches fit the model, and levels of priority are those that there are."""
    batching, field = at.model.dynamic_batching, "dynamic_batching"
    if batching is None:
        return
    yield from at.below(f"{field}.max_queue_delay_microseconds", batching.max_queue_delay_microseconds, 0)
    if at.model.max_batch_size < 1:
        got = f"{field} with max_batch_size {at.model.max_batch_size}"
        want, fix = "must have max_batch_size of 1 or more", "write max_batch_size=8 or remove dynamic_batching"
        yield at.wrong(got, want, fix)
    else:
        yield from at.batch_sizes(f"{field}.preferred_batch_sizes", batching.preferred_batch_sizes)
    yield from _levels(at, field, batching)
    yield from _order(at, field, batching)
    for name, policy in _policies(batching):
        yield from at.below(f"{field}.{name}.default_timeout_microseconds", policy.default_timeout_microseconds, 0)
        yield from at.below(f"{field}.{name}.max_queue_size", policy.max_queue_size, 0)


def _policies(batching: DynamicBatching) -> Iterator[tuple[str, QueuePolicy]]:
    if batching.default_queue_policy is not None:
        yield "default_queue_policy", batching.default_queue_policy
    for level, policy in batching.priority_queue_policies.items():
        yield f"priority_queue_policies[{level}]", policy


def _levels(at: At[TritonModel], field: str, batching: DynamicBatching) -> Iterator[Problem]:
    levels, default = batching.priority_levels, batching.default_priority_level
    yield from at.below(f"{field}.priority_levels", levels, 0)
    if levels < 1:
        if default or batching.priority_queue_policies:
            name = "default_priority_level" if default else "priority_queue_policies"
            fix = f"write priority_levels=… or remove {name}"
            yield at.wrong(f"{field}.{name} with priority_levels {levels}", "must go with levels", fix)
        return
    if not 1 <= default <= levels:
        got, want = f"{field}.default_priority_level {default}", f"must be from 1 to priority_levels {levels}"
        yield at.wrong(got, want, f"write default_priority_level={levels}")
    for level in batching.priority_queue_policies:
        if not 1 <= level <= levels:
            want = f"must be a level from 1 to priority_levels {levels}"
            yield at.wrong(f"{field}.priority_queue_policies[{level}]", want, f"remove {level}")


def _order(at: At[TritonModel], field: str, batching: DynamicBatching) -> Iterator[Problem]:
    if not batching.preserve_ordering:
        return
    if batching.priority_levels > 1:
        got, want = f"{field}.priority_levels {batching.priority_levels} with preserve_ordering", "must be at most 1"
        yield at.wrong(got, want, "remove preserve_ordering or the levels")
    for name, policy in _policies(batching):
        if policy.timeout_action == "DELAY" and policy.default_timeout_microseconds:
            got, want = f"{field}.{name}.timeout_action 'DELAY' with preserve_ordering", "must be 'REJECT'"
            yield at.wrong(got, want, "write timeout_action='REJECT'")


def sequence_batching(at: At[TritonModel]) -> Iterator[Problem]:
    """A sequence has slots, and controls that say one thing each."""
    batching, field = at.model.sequence_batching, "sequence_batching"
    if batching is None:
        return
    yield from at.below(f"{field}.max_sequence_idle_microseconds", batching.max_sequence_idle_microseconds, 1)
    yield from _strategy(at, batching.strategy)
    names = [it.name for it in batching.control_inputs]
    for name in used_twice(names):
        yield at.wrong(f"{field}.control_inputs names '{name}' twice", "must be unique", "rename one of them")
    kinds = [control.kind for it in batching.control_inputs for control in it.controls]
    for kind in used_twice(kinds):
        yield at.wrong(f"{field}.control_inputs says '{kind}' twice", "must say it once", "remove one of them")
    for it in batching.control_inputs:
        here = f"{field}.control_inputs['{it.name}']"
        if len(it.controls) != 1:
            yield at.wrong(
                f"{here} has {len(it.controls)} controls", "must have one", "give each control its own input"
            )
        for control in it.controls:
            yield from _control(at, here, control)
    for state in batching.states:
        yield from _state(at, state)


def _strategy(at: At[TritonModel], strategy: DirectStrategy | OldestStrategy | None) -> Iterator[Problem]:
    field = "sequence_batching.strategy"
    if strategy is None:
        return
    yield from at.below(f"{field}.max_queue_delay_microseconds", strategy.max_queue_delay_microseconds, 0)
    if isinstance(strategy, OldestStrategy):
        yield from at.below(f"{field}.max_candidate_sequences", strategy.max_candidate_sequences, 1)
        yield from at.batch_sizes(f"{field}.preferred_batch_sizes", strategy.preferred_batch_sizes)
    elif not 0 <= strategy.minimum_slot_utilization <= 1:
        got = f"{field}.minimum_slot_utilization {strategy.minimum_slot_utilization}"
        yield at.wrong(got, "must be a share from 0 to 1", "write minimum_slot_utilization=0.5")


def _control(at: At[TritonModel], field: str, control: Control) -> Iterator[Problem]:
    given = [name for name in _VALUES if getattr(control, name)]
    if control.kind == "CORRID":
        if given or control.dtype not in _TYPES_OF_IDS:
            got = f"{field} 'CORRID' with dtype {control.dtype!r}" + (f" and {given[0]}" if given else "")
            want = f"must have a dtype alone: {', '.join(_TYPES_OF_IDS)}"
            yield at.wrong(got, want, "write Control(kind='CORRID', dtype='UINT64')")
        return
    fix = f"write Control(kind='{control.kind}', int32_false_true=(0, 1))"
    if len(given) != 1 or control.dtype is not None:
        got = f"{field} '{control.kind}' with {' and '.join(given) or 'no values'}"
        yield at.wrong(got + (" and dtype" if control.dtype else ""), "must have values of one type", fix)
    for name in given:
        if len(getattr(control, name)) != 2:
            got, want = f"{field}.{name} {list(getattr(control, name))}", "must be two: for false and for true"
            yield at.wrong(got, want, fix)


def _state(at: At[TritonModel], state: SequenceState) -> Iterator[Problem]:
    path = f"{at.path}{ARROW}sequence state '{state.input_name}'"
    yield from sizes(path, "dims", state.dims)
    if state.growable_memory and not state.same_buffer:
        yield Problem(path, "growable_memory without same_buffer", "must go with it", "write same_buffer=True")
    for initial in state.initial:
        if isinstance(initial.data, DataFile) and not FILE_NAME.match(initial.data.name):
            want = "must be the name of a file in the folder initial_state"
            yield Problem(path, f"initial.data '{initial.data.name}'", want, "write a name without folders")


RULES = (one_way, dynamic_batching, sequence_batching)
