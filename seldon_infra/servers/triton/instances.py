"""Instances of a Triton model: how many run, on what, and what each of them has to wait for."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal

from seldon_infra.core.model import Many, Spec


class RateLimiterResource(Spec):
    """Something that an instance holds while it executes. Source: ModelRateLimiter.Resource."""

    noun: ClassVar[str] = "rate limiter resource"

    name: str
    """Name of your choice: instances that name one compete for it."""
    count: int
    """How many of it one execution holds; the server has as many as the neediest instance names, unless it is started
    with --rate-limit-resource."""
    across_devices: bool = False
    """Whether all devices share it; otherwise each has its own. Default: False. Source: Resource.global."""


class RateLimiter(Spec):
    """When an instance may execute, for servers with ``--rate-limit=execution_count``. Source: ModelRateLimiter."""

    noun: ClassVar[str] = "rate limiter"

    resources: Many[RateLimiterResource] = ()
    """What an execution holds. Default: nothing."""
    priority: int = 1
    """Weight among instances: 2 gets half the turns of 1. Default: 1."""


class SecondaryDevice(Spec):
    """A device that an instance needs beside its own. Source: ModelInstanceGroup.SecondaryDevice."""

    noun: ClassVar[str] = "secondary device"

    kind: Literal["NVDLA"] = "NVDLA"
    """What it is; TensorRT alone knows NVDLA cores. Default: NVDLA, the only kind. Source: KIND_*."""
    number: int = 0
    """Which one. Default: 0. Source: device_id."""


class InstanceGroup(Spec):
    """How many instances of a model run, and on what. Source: instance_group."""

    noun: ClassVar[str] = "instance group"

    name: str | None = None
    """Name in metrics and logs. Default: the model's, with a number."""
    kind: Literal["CPU", "GPU", "AUTO", "MODEL"] = "CPU"
    """Where instances run; AUTO is a GPU where there is one, MODEL leaves it to the model's own code. Default: CPU.
    Source: KIND_*."""
    count: int = 1
    """Instances, for GPU on each of them. Default: 1."""
    gpus: Many[int] = ()
    """Numbers of the GPUs to use, as the server sees them: from 0. Default: all that are visible."""
    gpu_memory: str | int | None = None
    """Memory that one instance takes on its GPU, in bytes: ``"3Gi"``; with kind MODEL on all GPUs together. A preview
    holds all instances of a GPU against its memory. Default: not known, nothing is checked. No field of Triton's: it
    is not in ``config.pbtxt``."""
    rate_limiter: RateLimiter | None = None
    """When an instance may execute. Default: as soon as there is something to do."""
    profiles: Many[str] = ()
    """Numbers of TensorRT's optimization profiles that instances may use. Default: the first. Source: profile."""
    passive: bool = False
    """Whether the scheduler sends nothing to them. Default: False."""
    host_policy: str | None = None
    """Name of the policy for memory and threads, set by --host-policy. Default: that of its kind of device."""
    secondary_devices: Many[SecondaryDevice] = ()
    """Devices that instances need as well. Default: none."""
