"""Every typed value of Triton's models; those that most stacks need are in ``seldon_infra`` as well."""

from __future__ import annotations

from seldon_infra.servers.triton.batching import (
    Control,
    ControlInput,
    DirectStrategy,
    DynamicBatching,
    InitialState,
    OldestStrategy,
    QueuePolicy,
    SequenceBatching,
    SequenceState,
)
from seldon_infra.servers.triton.data import DataFile, Warmup, WarmupInput
from seldon_infra.servers.triton.instances import InstanceGroup, RateLimiter, RateLimiterResource, SecondaryDevice
from seldon_infra.servers.triton.optimization import (
    Accelerator,
    CudaGraph,
    CudaGraphBound,
    CudaOptimization,
    Optimization,
)
from seldon_infra.servers.triton.repository import TritonRepository
from seldon_infra.servers.triton.spec import (
    AllVersions,
    EnsembleStep,
    LatestVersions,
    MetricHistogram,
    RepositoryAgent,
    SpecificVersions,
    TritonEnsemble,
    TritonModel,
)
from seldon_infra.servers.triton.tensors import BatchInput, BatchOutput, DataType, Tensor
from seldon_infra.servers.triton.text import config_pbtxt, read_config_pbtxt, repository_files

__all__ = [
    "Accelerator",
    "AllVersions",
    "BatchInput",
    "BatchOutput",
    "Control",
    "ControlInput",
    "CudaGraph",
    "CudaGraphBound",
    "CudaOptimization",
    "DataFile",
    "DataType",
    "DirectStrategy",
    "DynamicBatching",
    "EnsembleStep",
    "InitialState",
    "InstanceGroup",
    "LatestVersions",
    "MetricHistogram",
    "OldestStrategy",
    "Optimization",
    "QueuePolicy",
    "RateLimiter",
    "RateLimiterResource",
    "RepositoryAgent",
    "SecondaryDevice",
    "SequenceBatching",
    "SequenceState",
    "SpecificVersions",
    "Tensor",
    "TritonEnsemble",
    "TritonModel",
    "TritonRepository",
    "Warmup",
    "WarmupInput",
    "config_pbtxt",
    "read_config_pbtxt",
    "repository_files",
]
