"""A Triton model's configuration as typed values: what ``config.pbtxt`` holds.

Source: Triton's ``model_config.proto``.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later, Many, Spec

DataType: TypeAlias = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BF16",
    "BYTES",
]
"""Type of a tensor's elements, as protocol v2 names it; BYTES is Triton's TYPE_STRING."""


class Tensor(Spec):
    """A tensor that a Triton model takes or gives. Source: ModelInput, ModelOutput."""

    noun: ClassVar[str] = "tensor"

    name: str
    """The tensor's name on the wire."""
    dtype: DataType
    """Type of its elements."""
    dims: Many[int]
    """Its shape without the batch dimension; -1 is any size. With ``max_batch_size`` 0 it is the whole shape."""
    reshape: Many[int] | None = None
    """Shape that the model itself sees, where it differs from ``dims``. Default: the same. Source: reshape.shape."""
    optional: bool = False
    """Whether a request may leave this input out. Default: False. Source: ModelInput.optional."""


class InstanceGroup(Spec):
    """How many instances of a model run, and on what. Source: instance_group."""

    noun: ClassVar[str] = "instance group"

    kind: Literal["CPU", "GPU", "AUTO", "MODEL"] = "CPU"
    """Where instances run; MODEL leaves it to the model's own code. Default: CPU. Source: KIND_*."""
    count: int = 1
    """Instances, for GPU on each of them. Default: 1."""
    gpus: Many[int] = ()
    """Numbers of the GPUs to use. Default: all that are visible."""


class DynamicBatching(Spec):
    """Joining of requests into batches by the server. Source: dynamic_batching."""

    noun: ClassVar[str] = "dynamic batching"

    preferred_batch_sizes: Many[int] = ()
    """Batch sizes to aim for, each at most ``max_batch_size``. Default: as many as there are."""
    max_queue_delay_microseconds: int = 0
    """How long a request may wait for others, in microseconds. Default: 0."""
    preserve_ordering: bool = False
    """Whether answers come in the order of their requests. Default: False."""


class TritonModel(Spec):
    """One model's configuration. Source: ModelConfig."""

    noun: ClassVar[str] = "Triton model"

    name: str | None = None
    """The model's name in the repository and on the wire. Default: its node's name."""
    backend: str = "python"
    """Backend that runs it, such as ``python``, ``onnxruntime``, ``pytorch``. Default: python."""
    max_batch_size: int = 0
    """Largest batch; 0 says that the model has no batch dimension. Default: 0."""
    inputs: Many[Tensor]
    """Tensors that it takes, at least one."""
    outputs: Many[Tensor]
    """Tensors that it gives, at least one."""
    instance_groups: Many[InstanceGroup] = ()
    """Where it runs, how often. Default: Triton's own, one instance."""
    dynamic_batching: DynamicBatching | None = None
    """Joining of requests into batches; needs ``max_batch_size`` of 1 or more. Default: none."""
    parameters: Mapping[str, Later[str]] = {}
    """What the model's code reads as its parameters. Default: none. Source: parameters[].string_value."""
    default_model_filename: str | None = None
    """Name of the model's file in its version folder. Default: the backend's own, ``model.py`` for python."""
    version: int = 1
    """Number of the version folder that holds the model's files. Default: 1."""
