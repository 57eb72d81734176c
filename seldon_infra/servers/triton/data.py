"""Data that Triton makes up or reads from files beside a model, to warm it up or to begin a sequence with."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.core.model import Many, Spec
from seldon_infra.servers.triton.tensors import DataType


class DataFile(Spec):
    """A file with a tensor's elements, in row-major order. Source: input_data_file, data_file."""

    noun: ClassVar[str] = "data file"

    name: str
    """Its name in the folder ``warmup`` or ``initial_state`` beside ``config.pbtxt``."""


class WarmupInput(Spec):
    """What an input holds while a model warms up. Source: ModelWarmup.Input."""

    noun: ClassVar[str] = "warm-up input"

    dtype: DataType
    """Type of its elements."""
    dims: Many[int]
    """Its shape without the batch dimension, all sizes known."""
    data: Literal["zeros", "random"] | DataFile = "zeros"
    """Zeros, random numbers, or a file in the folder ``warmup`` beside ``config.pbtxt``. Default: zeros."""


class Warmup(Spec):
    """A request that each instance answers before the model is ready, so that no client waits. Source: ModelWarmup."""

    noun: ClassVar[str] = "warm-up"

    name: str
    """A name of your choice, for the log."""
    batch_size: int = 1
    """Batch size of the request. Default: 1."""
    inputs: Mapping[str, WarmupInput]
    """What each input of the model holds, by its name."""
    count: int = 1
    """How often it is sent. Default: 1."""
