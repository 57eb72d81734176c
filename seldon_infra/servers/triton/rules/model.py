"""Rules about a model by itself: its backend, its files, versions, warm-up, instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.bounds import used_twice
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.servers.triton.data import DataFile
from seldon_infra.servers.triton.rules.place import FILE_NAME, At
from seldon_infra.servers.triton.spec import LatestVersions, SpecificVersions, TritonEnsemble, TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seldon_infra.servers.triton.data import Warmup, WarmupInput
    from seldon_infra.servers.triton.instances import InstanceGroup
    from seldon_infra.servers.triton.optimization import CudaGraph, CudaGraphBound

_CAPABILITY = re.compile(r"\d+\.\d+\Z", re.ASCII)
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": ("onnxruntime_onnx",),
    "pytorch": ("pytorch_libtorch", "libtorch", "torch_aoti"),
    "tensorflow": ("tensorflow_graphdef", "tensorflow_savedmodel"),
    "tensorrt": ("tensorrt_plan",),
}
"""Backends that Triton itself knows → their platforms. Source: Triton core, src/constants.h."""
_WITH = {"gpus": ("GPU", "AUTO"), "gpu_memory": ("GPU", "AUTO", "MODEL")}
"""Field of an instance group → kinds that it goes with."""


def numbers(at: At[TritonModel] | At[TritonEnsemble]) -> Iterator[Problem]:
    """Sizes and versions count from where they do."""
    yield from at.below("max_batch_size", at.model.max_batch_size, 0)
    yield from at.below("version", at.model.version, 1)
    policy = at.model.version_policy
    if isinstance(policy, LatestVersions):
        yield from at.below("version_policy.count", policy.count, 1)
    if isinstance(policy, SpecificVersions):
        for version in policy.versions:
            yield from at.below("version_policy.versions", version, 1)
        if not policy.versions:
            fix = "write version_policy=SpecificVersions(versions=[1])"
            yield at.wrong("version_policy.versions is empty", "must name at least one", fix)


def backend(at: At[TritonModel]) -> Iterator[Problem]:
    """Something runs the model."""
    if not FILE_NAME.match(at.model.backend):
        want = "must be the name of a Triton backend"
        yield at.wrong(f"backend '{at.model.backend}'", want, "write backend='python'")
    platforms = _PLATFORMS.get(at.model.backend, ())
    if platforms and at.model.platform is not None and at.model.platform not in platforms:
        want = f"must be one of its backend: {', '.join(platforms)}"
        yield at.wrong(f"platform '{at.model.platform}'", want, "remove platform")
    if at.model.runtime is not None and not FILE_NAME.match(at.model.runtime):
        want = "must be the name of a file in the backend's folder"
        yield at.wrong(f"runtime '{at.model.runtime}'", want, "remove runtime")


def files(at: At[TritonModel]) -> Iterator[Problem]:
    """Files are in the model's own folder."""
    name, want = at.model.default_model_filename, "must be the name of a file in the version folder"
    if name is not None and not FILE_NAME.match(name):
        yield at.wrong(f"default_model_filename '{name}'", want, "write default_model_filename='model.py'")
    for capability, file in at.model.model_filenames.items():
        if not _CAPABILITY.match(capability):
            fix = "write it as '8.6'"
            yield at.wrong(f"model_filenames['{capability}']", "must be by CUDA compute capability", fix)
        if not FILE_NAME.match(file):
            yield at.wrong(f"model_filenames['{capability}'] '{file}'", want, "write a name without folders")


def answers(at: At[TritonModel]) -> Iterator[Problem]:
    """A kept answer is one answer to one request."""
    for name in ("decoupled", "sequence_batching"):
        if at.model.response_cache and getattr(at.model, name):
            yield at.wrong(f"response_cache with {name}", "must be without it", f"remove response_cache or {name}")


def batch_tensors(at: At[TritonModel]) -> Iterator[Problem]:
    """What is made of a batch is made of one of the model's inputs."""
    inputs, outputs = ({it.name for it in all} for all in (at.model.inputs, at.model.outputs))
    sources = {f"batch_inputs[{index}]": it.sources for index, it in enumerate(at.model.batch_inputs)}
    sources |= {f"batch_outputs[{index}]": it.sources for index, it in enumerate(at.model.batch_outputs)}
    for field, names in sources.items():
        if len(names) != 1 or not inputs.issuperset(names):
            want = f"must be one of the inputs: {', '.join(sorted(inputs))}"
            yield at.wrong(f"{field}.sources {list(names)}", want, "change sources")
    for name in used_twice([name for it in at.model.batch_outputs for name in it.targets]):
        yield at.wrong(f"batch_outputs names '{name}' twice", "must be unique", "remove one of them")
    for index, output in enumerate(at.model.batch_outputs):
        if not outputs.issuperset(output.targets):
            want = f"must be of the outputs: {', '.join(sorted(outputs))}"
            yield at.wrong(f"batch_outputs[{index}].targets {list(output.targets)}", want, "change targets")


def histograms(at: At[TritonModel]) -> Iterator[Problem]:
    """Buckets ascend."""
    for index, histogram in enumerate(at.model.histograms):
        buckets = list(histogram.buckets)
        if not buckets or buckets != sorted(set(buckets)):
            want = "must be numbers that ascend"
            yield at.wrong(f"histograms[{index}].buckets {buckets}", want, "write buckets=[1, 10, 100]")


def instances(at: At[TritonModel]) -> Iterator[Problem]:
    """There are instances, on what is there."""
    for name in used_twice([group.name for group in at.model.instance_groups if group.name]):
        yield at.wrong(f"instance_groups names '{name}' twice", "must be unique", "rename one of them")
    for index, group in enumerate(at.model.instance_groups):
        field = f"instance_groups[{index}]"
        yield from at.below(f"{field}.count", group.count, 1)
        yield from _gpus(at, field, group)
        yield from _profiles(at, field, group)
        yield from _rate_limiter(at, field, group)


def _gpus(at: At[TritonModel], field: str, group: InstanceGroup) -> Iterator[Problem]:
    for name, kinds in _WITH.items():
        if getattr(group, name) and group.kind not in kinds:
            want = f"must be given with kind {' or '.join(map(repr, kinds))}"
            yield at.wrong(f"{field}.{name} with kind '{group.kind}'", want, f"write kind='GPU' or remove {name}")
    if any(gpu < 0 for gpu in group.gpus) or len(set(group.gpus)) < len(group.gpus):
        want = "must be numbers of GPUs, from 0, each once"
        yield at.wrong(f"{field}.gpus {list(group.gpus)}", want, "change gpus")
    if group.gpu_memory is not None and (parse_quantity(group.gpu_memory) or 0) <= 0:
        want = "must be a quantity of Kubernetes, more than 0"
        yield at.wrong(f"{field}.gpu_memory {group.gpu_memory!r}", want, "write gpu_memory='3Gi'")


def _profiles(at: At[TritonModel], field: str, group: InstanceGroup) -> Iterator[Problem]:
    if group.profiles and at.model.backend != "tensorrt":
        got, want = f"{field}.profiles with backend '{at.model.backend}'", "must be for TensorRT alone"
        yield at.wrong(got, want, "remove profiles")
    wrong = [profile for profile in group.profiles if not profile.isdecimal()]
    if wrong:
        want = "must be numbers of optimization profiles, from 0"
        yield at.wrong(f"{field}.profiles {list(group.profiles)}", want, f"change '{wrong[0]}'")


def _rate_limiter(at: At[TritonModel], field: str, group: InstanceGroup) -> Iterator[Problem]:
    limiter = group.rate_limiter
    if limiter is None:
        return
    yield from at.below(f"{field}.rate_limiter.priority", limiter.priority, 1)
    for name in used_twice([resource.name for resource in limiter.resources]):
        yield at.wrong(f"{field}.rate_limiter.resources names '{name}' twice", "must be unique", "add the counts up")
    for resource in limiter.resources:
        yield from at.below(f"{field}.rate_limiter.resources['{resource.name}'].count", resource.count, 1)


def warmups(at: At[TritonModel]) -> Iterator[Problem]:
    """A request that warms up is one that the model takes."""
    for name in used_twice([warmup.name for warmup in at.model.warmups]):
        yield at.wrong(f"warmups names '{name}' twice", "must be unique", "rename one of them")
    for index, warmup in enumerate(at.model.warmups):
        yield from _warmup(at, f"warmups[{index}]", warmup)


def _warmup(at: At[TritonModel], field: str, warmup: Warmup) -> Iterator[Problem]:
    yield from at.below(f"{field}.count", warmup.count, 1)
    most = max(at.model.max_batch_size, 1)
    if not 1 <= warmup.batch_size <= most:
        yield at.wrong(f"{field}.batch_size {warmup.batch_size}", f"must be from 1 to {most}", "write batch_size=1")
    sequence = at.model.sequence_batching
    controls = {it.name for it in sequence.control_inputs} if sequence else set()
    states = {it.input_name for it in sequence.states} if sequence else set()
    known = {it.name for it in at.model.inputs} | controls | states
    needed = {it.name for it in at.model.inputs if not it.optional} | controls
    for name in sorted(needed - set(warmup.inputs)):
        yield at.wrong(f"{field}.inputs lacks '{name}'", "must give every input", f"write inputs={{'{name}': …}}")
    for name, given in warmup.inputs.items():
        if name not in known:
            yield at.wrong(f"{field}.inputs['{name}']", "must be an input of the model", f"remove '{name}'")
        yield from _warmup_input(at, f"{field}.inputs['{name}']", name, given)


def _warmup_input(at: At[TritonModel], field: str, name: str, given: WarmupInput) -> Iterator[Problem]:
    tensor = next((it for it in at.model.inputs if it.name == name), None)
    if tensor is not None and tensor.dtype != given.dtype:
        yield at.wrong(f"{field}.dtype '{given.dtype}'", "must be the input's", f"write dtype='{tensor.dtype}'")
    if any(size < 1 for size in given.dims):
        yield at.wrong(f"{field}.dims {list(given.dims)}", "must be sizes of 1 or more", "write a size for each")
    elif tensor is not None and not _is_one_of(given.dims, tensor.dims):
        want = f"must be one of the input's shapes, {list(tensor.dims)}"
        yield at.wrong(f"{field}.dims {list(given.dims)}", want, "change dims")
    if isinstance(given.data, DataFile) and not FILE_NAME.match(given.data.name):
        want = "must be the name of a file in the folder warmup"
        yield at.wrong(f"{field}.data '{given.data.name}'", want, "write a name without folders")


def _is_one_of(dims: Sequence[int], allowed: Sequence[int]) -> bool:
    return len(dims) == len(allowed) and all(want in (-1, size) for size, want in zip(dims, allowed, strict=True))


def optimization(at: At[TritonModel]) -> Iterator[Problem]:
    """Graphs are captured for requests that the model takes."""
    chosen = at.model.optimization
    if chosen is None:
        return
    yield from at.below("optimization.gather_kernel_buffer_threshold", chosen.gather_kernel_buffer_threshold, 0)
    if chosen.graph_level is not None:
        yield from at.below("optimization.graph_level", chosen.graph_level, -1)
    for index, graph in enumerate(chosen.cuda.graph_specs if chosen.cuda else ()):
        field = f"optimization.cuda.graph_specs[{index}]"
        yield from _cuda_graph(at, field, graph)
        if graph.lower_bound is not None:
            yield from _cuda_graph(at, f"{field}.lower_bound", graph.lower_bound)


def _cuda_graph(at: At[TritonModel], field: str, graph: CudaGraph | CudaGraphBound) -> Iterator[Problem]:
    most = at.model.max_batch_size
    if not min(most, 1) <= graph.batch_size <= most:
        want = f"must be from 1 to max_batch_size {most}" if most else "must be 0 for a model without batches"
        yield at.wrong(f"{field}.batch_size {graph.batch_size}", want, f"write batch_size={most}")
    known = {it.name for it in at.model.inputs}
    for name in sorted(set(graph.inputs) - known):
        yield at.wrong(f"{field}.inputs['{name}']", "must be an input of the model", f"remove '{name}'")


RULES = (backend, files, answers, batch_tensors, histograms, instances, warmups, optimization)
