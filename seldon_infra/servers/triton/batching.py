"""How Triton joins requests: independent ones into batches, and those of a sequence onto one instance."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.core.model import Many, Spec
from seldon_infra.servers.triton.data import DataFile
from seldon_infra.servers.triton.tensors import DataType


class QueuePolicy(Spec):
    """What becomes of requests that wait. Source: ModelQueuePolicy."""

    noun: ClassVar[str] = "queue policy"

    timeout_action: Literal["REJECT", "DELAY"] = "REJECT"
    """What becomes of a request that has waited too long: an error, or a place behind all others. Default: REJECT."""
    default_timeout_microseconds: int = 0
    """How long a request may wait, in microseconds; 0 is for ever. Default: 0."""
    allow_timeout_override: bool = False
    """Whether a request may ask for a shorter wait than that. Default: False."""
    max_queue_size: int = 0
    """How many may wait before further ones are refused; 0 is any number. Default: 0."""


class DynamicBatching(Spec):
    """Joining of requests into batches by the server. Source: dynamic_batching."""

    noun: ClassVar[str] = "dynamic batching"

    preferred_batch_sizes: Many[int] = ()
    """Batch sizes to aim for, each at most ``max_batch_size``. Default: as many as there are."""
    max_queue_delay_microseconds: int = 0
    """How long a request may wait for others, in microseconds. Default: 0."""
    preserve_ordering: bool = False
    """Whether answers come in the order of their requests. Default: False."""
    priority_levels: int = 0
    """Levels of priority that requests may name, 1 the highest; 0 is none. Default: 0."""
    default_priority_level: int = 0
    """Level of a request that names none, from 1 to ``priority_levels``. Default: 0, for models without levels."""
    default_queue_policy: QueuePolicy | None = None
    """What becomes of requests that wait. Default: they wait for ever."""
    priority_queue_policies: Mapping[int, QueuePolicy] = {}
    """The same for one level, by its number. Default: ``default_queue_policy``. Source: priority_queue_policy."""


class Control(Spec):
    """One thing that an input tells the model about its sequence. Source: ModelSequenceBatching.Control.

    START, END and READY are given by two values, for false and for true, of one type: ``int32_false_true=(0, 1)``.
    """

    noun: ClassVar[str] = "control"

    kind: Literal["START", "READY", "END", "CORRID"]
    """What it tells: the first or last request of a sequence, whether there is one at all in this slot of the batch, or
    the sequence's id. Source: CONTROL_SEQUENCE_*."""
    int32_false_true: Many[int] = ()
    """The two values as INT32. Default: they are of another type."""
    fp32_false_true: Many[float] = ()
    """The two values as FP32. Default: they are of another type."""
    bool_false_true: Many[bool] = ()
    """The two values as BOOL. Default: they are of another type."""
    dtype: DataType | None = None
    """Type of the id, for CORRID alone: an integer of 32 or 64 bits, or BYTES. Default: none. Source: data_type."""


class ControlInput(Spec):
    """An input by which the model learns about its sequence. Source: ModelSequenceBatching.ControlInput."""

    noun: ClassVar[str] = "control input"

    name: str
    """Name of the model's input; it is none of ``inputs``."""
    controls: Many[Control]
    """What it tells, one thing."""


class InitialState(Spec):
    """What a state holds when a sequence begins. Source: ModelSequenceBatching.InitialState."""

    noun: ClassVar[str] = "initial state"

    name: str | None = None
    """A name of your choice. Default: none."""
    dtype: DataType
    """Type of its elements."""
    dims: Many[int]
    """Its shape without the batch dimension."""
    data: Literal["zeros"] | DataFile = "zeros"
    """Zeros, or a file in the folder ``initial_state`` beside ``config.pbtxt``. Default: zeros."""


class SequenceState(Spec):
    """A tensor that Triton keeps for a sequence between its requests. Source: ModelSequenceBatching.State."""

    noun: ClassVar[str] = "sequence state"

    input_name: str
    """The model's input that gets it."""
    output_name: str
    """The model's output that gives the next one."""
    dtype: DataType
    """Type of its elements."""
    dims: Many[int]
    """Its shape without the batch dimension; -1 is any size."""
    initial: Many[InitialState] = ()
    """What it holds at first. Default: nothing that is known. Source: initial_state."""
    same_buffer: bool = False
    """Whether input and output are one buffer, which halves its memory. Default: False. Source:
    use_same_buffer_for_input_output."""
    growable_memory: bool = False
    """Whether the buffer grows without being copied; on GPUs, with ``same_buffer``. Default: False. Source:
    use_growable_memory."""


class DirectStrategy(Spec):
    """Each sequence has a slot of the batch for itself. Source: StrategyDirect."""

    noun: ClassVar[str] = "direct strategy"

    max_queue_delay_microseconds: int = 0
    """How long a request may wait for others, in microseconds. Default: 0."""
    minimum_slot_utilization: float = 0.0
    """Share of slots that must be filled before that time is over, from 0 to 1. Default: 0, nothing waits."""


class OldestStrategy(Spec):
    """Batches are made of the oldest requests of all sequences. Source: StrategyOldest."""

    noun: ClassVar[str] = "oldest strategy"

    max_candidate_sequences: int
    """Sequences that are served at a time; others wait."""
    preferred_batch_sizes: Many[int] = ()
    """Batch sizes to aim for, each at most ``max_batch_size``. Default: as many as there are."""
    max_queue_delay_microseconds: int = 0
    """How long a request may wait for others, in microseconds. Default: 0."""
    preserve_ordering: bool = False
    """Whether answers come in the order of their requests. Default: False."""


class SequenceBatching(Spec):
    """Requests of one sequence go to one instance, for models that remember. Source: sequence_batching."""

    noun: ClassVar[str] = "sequence batching"

    strategy: DirectStrategy | OldestStrategy | None = None
    """How batches are made of sequences. Default: direct."""
    max_sequence_idle_microseconds: int = 1_000_000
    """How long a sequence may be silent before it is given up, in microseconds. Default: 1000000, one second."""
    control_inputs: Many[ControlInput] = ()
    """Inputs by which the model learns about its sequence. Default: none. Source: control_input."""
    states: Many[SequenceState] = ()
    """What Triton keeps for a sequence. Default: nothing. Source: state."""
    iterative: bool = False
    """Whether the model itself puts a request back until it is done; the backend must know of it. Default: False.
    Source: iterative_sequence."""
