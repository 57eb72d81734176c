"""A Triton model's configuration as typed values: what ``config.pbtxt`` holds.

Source: Triton's ``model_config.proto`` (triton-inference-server/common, protobuf/), whose names stand behind "Source".
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.servers.triton.batching import DynamicBatching, SequenceBatching
from seldon_infra.servers.triton.data import Warmup
from seldon_infra.servers.triton.instances import InstanceGroup
from seldon_infra.servers.triton.optimization import Optimization
from seldon_infra.servers.triton.tensors import BatchInput, BatchOutput, Tensor


class LatestVersions(Spec):
    """The versions with the highest numbers are served. Source: ModelVersionPolicy.Latest."""

    noun: ClassVar[str] = "latest versions"

    count: int = 1
    """How many. Default: 1. Source: num_versions."""


class AllVersions(Spec):
    """Every version is served. Source: ModelVersionPolicy.All."""

    noun: ClassVar[str] = "all versions"


class SpecificVersions(Spec):
    """Some versions are served. Source: ModelVersionPolicy.Specific."""

    noun: ClassVar[str] = "specific versions"

    versions: Many[int]
    """Their numbers."""


class RepositoryAgent(Spec):
    """An agent that looks at a model's files before they are loaded. Source: ModelRepositoryAgents.Agent."""

    noun: ClassVar[str] = "repository agent"

    name: str
    """Its name, such as ``checksum``."""
    parameters: Mapping[str, str] = {}
    """Its settings. Default: none."""


class MetricHistogram(Spec):
    """Buckets of one of the model's histograms. Source: ModelMetrics.MetricControl."""

    noun: ClassVar[str] = "histogram"

    family: str
    """The metric: ``nv_inference_first_response_histogram_ms``. Source: metric_identifier.family."""
    buckets: Many[float]
    """Upper ends of its buckets, ascending. Source: histogram_options.buckets."""


class TritonModel(Spec):
    """One model's configuration. Source: ModelConfig."""

    noun: ClassVar[str] = "Triton model"

    name: str | None = None
    """The model's name in the repository and on the wire. Default: its node's name."""
    backend: str = "python"
    """Backend that runs it, such as ``python``, ``onnxruntime``, ``pytorch``. Default: python."""
    platform: str | None = None
    """What kind of model the backend is given, where it knows several: ``tensorflow_savedmodel``. Default: the
    backend's own."""
    runtime: str | None = None
    """File of the backend's library, where it has several. Default: the backend's own."""
    max_batch_size: int = 0
    """Largest batch; 0 says that the model has no batch dimension. Default: 0."""
    inputs: Many[Tensor]
    """Tensors that it takes, at least one. Source: input."""
    outputs: Many[Tensor]
    """Tensors that it gives, at least one. Source: output."""
    batch_inputs: Many[BatchInput] = ()
    """Inputs that the backend makes of a whole batch. Default: none. Source: batch_input."""
    batch_outputs: Many[BatchOutput] = ()
    """Outputs that the backend divides among a batch's requests. Default: none. Source: batch_output."""
    instance_groups: Many[InstanceGroup] = ()
    """Where it runs, how often. Default: Triton's own, one instance, on each GPU where there are any. Source:
    instance_group."""
    dynamic_batching: DynamicBatching | None = None
    """Joining of requests into batches; needs ``max_batch_size`` of 1 or more. Default: none."""
    sequence_batching: SequenceBatching | None = None
    """Requests of one sequence go to one instance; excludes ``dynamic_batching``. Default: none."""
    optimization: Optimization | None = None
    """How it is made faster when it is loaded. Default: Triton's."""
    warmups: Many[Warmup] = ()
    """Requests that each instance answers before the model is ready. Default: none. Source: model_warmup."""
    response_cache: bool = False
    """Whether equal requests get a kept answer; the server needs --cache-config. Default: False. Source:
    response_cache.enable."""
    decoupled: bool = False
    """Whether a request may get no answer, or several, over gRPC streams. Default: False. Source:
    model_transaction_policy.decoupled."""
    parameters: Mapping[str, Later[str]] = {}
    """What the model's code reads as its parameters. Default: none. Source: parameters[].string_value."""
    metric_tags: Mapping[str, str] = {}
    """Labels that its metrics have as well. Default: none."""
    histograms: Many[MetricHistogram] = ()
    """Buckets of its histograms, which Triton 2.51 does not know yet. Default: Triton's. Source:
    model_metrics.metric_control."""
    default_model_filename: str | None = None
    """Name of the model's file in its version folder. Default: the backend's own, ``model.py`` for python."""
    model_filenames: Mapping[str, str] = {}
    """The same for GPUs of one compute capability, ``{"8.6": "model_86.plan"}``. Default: none. Source:
    cc_model_filenames."""
    operation_libraries: Many[str] = ()
    """Libraries with custom operations, for ONNX Runtime. Default: none. Source:
    model_operations.op_library_filename."""
    repository_agents: Many[RepositoryAgent] = ()
    """Agents that look at its files before they are loaded. Default: none. Source: model_repository_agents.agents."""
    version: int = 1
    """Number of the version folder that holds the model's files, and the one that is served. Default: 1."""
    version_policy: LatestVersions | AllVersions | SpecificVersions | None = None
    """Which versions are served. Default: ``version`` alone."""


class EnsembleStep(Spec):
    """A model of an ensemble, and which of the ensemble's tensors it takes and gives. Source: ModelEnsembling.Step."""

    noun: ClassVar[str] = "step"

    model: str
    """Name of a model in the same repository. Source: model_name."""
    version: int = -1
    """Its version; -1 is the latest. Default: -1. Source: model_version."""
    inputs: Mapping[str, str]
    """The model's input → tensor of the ensemble. Source: input_map."""
    outputs: Mapping[str, str]
    """The model's output → tensor of the ensemble. Source: output_map."""


class TritonEnsemble(Spec):
    """Models that hand each other tensors inside the server, called like one model. Source: ModelEnsembling.

    It has no code and no instances of its own: a step runs as soon as all that it takes is there.
    """

    noun: ClassVar[str] = "Triton ensemble"

    name: str
    """Its name in the repository and on the wire."""
    max_batch_size: int = 0
    """Largest batch, at most that of each of its models; 0 says that there is no batch dimension. Default: 0."""
    inputs: Many[Tensor]
    """Tensors that it takes, at least one. Source: input."""
    outputs: Many[Tensor]
    """Tensors that it gives, at least one. Source: output."""
    steps: Many[EnsembleStep]
    """Its models; their order says nothing. Source: ensemble_scheduling.step."""
    response_cache: bool = False
    """Whether equal requests get a kept answer; the server needs --cache-config. Default: False. Source:
    response_cache.enable."""
    parameters: Mapping[str, Later[str]] = {}
    """Values of your own. Default: none. Source: parameters[].string_value."""
    metric_tags: Mapping[str, str] = {}
    """Labels that its metrics have as well. Default: none."""
    version: int = 1
    """Number of its version folder, which is empty. Default: 1."""
    version_policy: LatestVersions | AllVersions | SpecificVersions | None = None
    """Which versions are served. Default: ``version`` alone."""
