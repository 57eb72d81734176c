"""What a backend may do to make a Triton model faster: TensorRT, CUDA graphs, pinned memory."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.core.model import Many, Spec


class Accelerator(Spec):
    """Something that executes a model, or parts of it, for its backend. Source: ExecutionAccelerators.Accelerator."""

    noun: ClassVar[str] = "accelerator"

    name: str
    """Its name: for ONNX Runtime ``tensorrt`` on GPUs and ``openvino`` on CPUs, for others see their backend's docs."""
    parameters: Mapping[str, str] = {}
    """Its settings, such as ``{"precision_mode": "FP16"}``. Default: its own."""


class CudaGraphBound(Spec):
    """The smallest request that a CUDA graph is used for. Source: GraphSpec.LowerBound."""

    noun: ClassVar[str] = "lower bound"

    batch_size: int
    """Batch size, from 1 to ``max_batch_size``; 0 for models without batches."""
    inputs: Mapping[str, Many[int]] = {}
    """Shape of each input without the batch dimension, by its name. Default: the model's. Source: input."""


class CudaGraph(Spec):
    """A CUDA graph to be captured when the model is loaded; for TensorRT alone. Source: Cuda.GraphSpec."""

    noun: ClassVar[str] = "CUDA graph"

    batch_size: int
    """Batch size, from 1 to ``max_batch_size``; 0 for models without batches."""
    inputs: Mapping[str, Many[int]] = {}
    """Shape of each input without the batch dimension, by its name. Default: the model's. Source: input."""
    lower_bound: CudaGraphBound | None = None
    """The smallest request that it is used for; what is between holds data that nobody set. Default: requests of its
    own shape alone. Source: graph_lower_bound."""


class CudaOptimization(Spec):
    """Settings for CUDA; for TensorRT alone. Source: ModelOptimizationPolicy.Cuda."""

    noun: ClassVar[str] = "CUDA optimization"

    graphs: bool = False
    """Whether executions are captured as CUDA graphs, which saves the time of starting each kernel. Default: False."""
    graph_specs: Many[CudaGraph] = ()
    """Graphs to be captured. Default: those that the model's settings suggest. Source: graph_spec."""
    busy_wait_events: bool = False
    """Whether a thread turns while it waits for the GPU: faster answers for a whole core. Default: False."""
    output_copy_stream: bool = False
    """Whether outputs are copied beside the next execution, for twice the memory of inputs and outputs. Default:
    False."""


class Optimization(Spec):
    """How a model is made faster when it is loaded. Source: ModelOptimizationPolicy."""

    noun: ClassVar[str] = "optimization"

    graph_level: int | None = None
    """How much of the graph is optimized: -1 less, 0 the backend's default, 1 or more further. Default: 0. Source:
    graph.level."""
    priority: Literal["MAX", "MIN"] | None = None
    """Preference over other models on the GPU; for TensorRT alone. Default: like others. Source: PRIORITY_*."""
    cuda: CudaOptimization | None = None
    """Settings for CUDA. Default: Triton's."""
    gpu_accelerators: Many[Accelerator] = ()
    """What executes the model on GPUs, the first one that can. Default: the backend itself. Source:
    execution_accelerators.gpu_execution_accelerator."""
    cpu_accelerators: Many[Accelerator] = ()
    """What executes the model on CPUs, the first one that can. Default: the backend itself. Source:
    execution_accelerators.cpu_execution_accelerator."""
    input_pinned_memory: bool | None = None
    """Whether inputs go to GPUs by pinned memory. Default: True. Source: input_pinned_memory.enable."""
    output_pinned_memory: bool | None = None
    """Whether outputs come from GPUs by pinned memory. Default: True. Source: output_pinned_memory.enable."""
    gather_kernel_buffer_threshold: int = 0
    """From how many buffers on a kernel gathers inputs; 0 is never. For TensorRT alone. Default: 0."""
    eager_batching: bool = False
    """Whether the next batch is made while one is executed, and may be smaller for it. For TensorRT alone. Default:
    False."""
