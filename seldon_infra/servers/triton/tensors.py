"""Tensors of a Triton model: what it takes and gives, and what its backend makes of a whole batch."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Many, Spec

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
    format: Literal["NHWC", "NCHW"] | None = None
    """How an input of three dimensions holds an image. Default: it is no image. Source: ModelInput.format."""
    ragged: bool = False
    """Whether requests of one batch may differ in this input's shape; the backend must know of it. Default: False.
    Source: ModelInput.allow_ragged_batch."""
    label_filename: str | None = None
    """File beside ``config.pbtxt`` with a label a line, for an output of classes. Default: none. Source:
    ModelOutput.label_filename."""
    shape_tensor: bool = False
    """Whether its values are a shape to the model; for TensorRT alone. Default: False. Source: is_shape_tensor."""
    non_linear_format: bool = False
    """Whether the engine keeps it in a format of its own; for TensorRT alone. Default: False. Source:
    is_non_linear_format_io."""


class BatchInput(Spec):
    """An input that the backend makes of all requests of a batch. Source: BatchInput."""

    noun: ClassVar[str] = "batch input"

    kind: Literal[
        "ELEMENT_COUNT",
        "ACCUMULATED_ELEMENT_COUNT",
        "ACCUMULATED_ELEMENT_COUNT_WITH_ZERO",
        "MAX_ELEMENT_COUNT_AS_SHAPE",
        "ITEM_SHAPE",
        "ITEM_SHAPE_FLATTEN",
    ]
    """What it says about the batch. Source: BATCH_*."""
    targets: Many[str]
    """The model's inputs that get it. Source: target_name."""
    dtype: Literal["INT32", "FP32"]
    """Type of its elements. Source: data_type."""
    sources: Many[str]
    """The input that it is made from, one. Source: source_input."""


class BatchOutput(Spec):
    """Outputs that the backend divides among the requests of a batch by an input's shape. Source: BatchOutput."""

    noun: ClassVar[str] = "batch output"

    kind: Literal["SCATTER_WITH_INPUT_SHAPE"] = "SCATTER_WITH_INPUT_SHAPE"
    """How they are divided. Default: by the shape of the source, the only way there is. Source: BATCH_*."""
    targets: Many[str]
    """The model's outputs that are divided. Source: target_name."""
    sources: Many[str]
    """The input whose shape says how, one. Source: source_input."""
