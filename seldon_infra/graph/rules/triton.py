"""Rules about a Triton model's configuration: what Triton says at start, said before."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.graph.rules.place import InNode, below, used_twice
from seldon_infra.servers.spec import TritonServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seldon_infra.servers.spec import Tensor, TritonModel

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


def triton_model(at: InNode) -> Iterator[Problem]:
    """Look at a node's Triton configuration by every rule of this file."""
    config = at.node.server.config if isinstance(at.node.server, TritonServer) else None
    if config is not None:
        yield from _named_as_its_node(at, config)
        for rule in _RULES:
            yield from rule(at.path, config)


def _named_as_its_node(at: InNode, config: TritonModel) -> Iterator[Problem]:
    """The orchestrator asks a server for the model of its node's name."""
    if config.name is not None and config.name != at.node.name:
        want = f"must be its node's, '{at.node.name}', because that is what requests ask for"
        yield Problem(at.path, f"config.name '{config.name}'", want, "remove name from TritonModel")


def _backend(path: str, config: TritonModel) -> Iterator[Problem]:
    if not _FILE_NAME.match(config.backend):
        want = "must be the name of a Triton backend"
        yield Problem(path, f"config.backend '{config.backend}'", want, "write backend='python'")


def _file(path: str, config: TritonModel) -> Iterator[Problem]:
    name = config.default_model_filename
    if name is not None and not _FILE_NAME.match(name):
        want = "must be the name of a file in the version folder"
        yield Problem(path, f"config.default_model_filename '{name}'", want, "write default_model_filename='model.py'")


def _numbers(path: str, config: TritonModel) -> Iterator[Problem]:
    yield from below(path, "config.max_batch_size", config.max_batch_size, 0)
    yield from below(path, "config.version", config.version, 1)


def _has_tensors(path: str, config: TritonModel) -> Iterator[Problem]:
    for field, tensors in (("inputs", config.inputs), ("outputs", config.outputs)):
        if not tensors:
            fix = f"write {field}=[Tensor(name=…, dtype='FP32', dims=[…])]"
            yield Problem(path, f"config.{field} is empty", "must name at least one tensor", fix)


def _tensors_once(path: str, config: TritonModel) -> Iterator[Problem]:
    for field, tensors in (("inputs", config.inputs), ("outputs", config.outputs)):
        for name in used_twice([tensor.name for tensor in tensors]):
            got = f"config.{field} names '{name}' twice"
            yield Problem(path, got, "must be unique", "rename one of them or remove it")


def _tensors(path: str, config: TritonModel) -> Iterator[Problem]:
    for tensor in (*config.inputs, *config.outputs):
        yield from _dims(f"{path}{ARROW}{title(tensor)}", tensor)


def _dims(path: str, tensor: Tensor) -> Iterator[Problem]:
    if not tensor.dims:
        fix = "write dims=[1] for one number, or -1 for any size"
        yield Problem(path, "dims is empty", "must have at least one dimension", fix)
    for field, dims in (("dims", tensor.dims), ("reshape", tensor.reshape or ())):
        wrong = [size for size in dims if size == 0 or size < -1]
        if wrong:
            want = "must be sizes of 1 or more, or -1 for any"
            yield Problem(path, f"{field} {list(dims)}", want, f"write -1 in place of {wrong[0]}")
    if tensor.reshape is not None and _sizes_differ(tensor.dims, tensor.reshape):
        got = f"reshape {list(tensor.reshape)} has {prod(tensor.reshape)} elements"
        want = f"must have as many as dims {list(tensor.dims)}, {prod(tensor.dims)}"
        yield Problem(path, got, want, "change reshape")


def _sizes_differ(dims: Sequence[int], reshape: Sequence[int]) -> bool:
    known = all(size > 0 for size in (*dims, *reshape))
    return known and prod(dims) != prod(reshape)


def _instances(path: str, config: TritonModel) -> Iterator[Problem]:
    for index, group in enumerate(config.instance_groups):
        field = f"config.instance_groups[{index}]"
        yield from below(path, f"{field}.count", group.count, 1)
        if group.gpus and group.kind != "GPU":
            got, want = f"{field}.gpus with kind '{group.kind}'", "must be given with kind 'GPU' alone"
            yield Problem(path, got, want, "write kind='GPU' or remove gpus")
        if any(gpu < 0 for gpu in group.gpus):
            yield Problem(path, f"{field}.gpus {list(group.gpus)}", "must be numbers of GPUs, from 0", "change gpus")


def _batching(path: str, config: TritonModel) -> Iterator[Problem]:
    batching, field = config.dynamic_batching, "config.dynamic_batching"
    if batching is None:
        return
    yield from below(path, f"{field}.max_queue_delay_microseconds", batching.max_queue_delay_microseconds, 0)
    if config.max_batch_size < 1:
        got, want = f"{field} with max_batch_size {config.max_batch_size}", "must have max_batch_size of 1 or more"
        yield Problem(path, got, want, "write max_batch_size=8 or remove dynamic_batching")
        return
    wrong = [size for size in batching.preferred_batch_sizes if not 1 <= size <= config.max_batch_size]
    if wrong:
        got = f"{field}.preferred_batch_sizes {list(batching.preferred_batch_sizes)}"
        want = f"must be from 1 to max_batch_size {config.max_batch_size}"
        yield Problem(path, got, want, f"remove {wrong[0]} or raise max_batch_size")


_RULES: tuple[Callable[[str, TritonModel], Iterator[Problem]], ...] = (
    _backend,
    _file,
    _numbers,
    _has_tensors,
    _tensors_once,
    _tensors,
    _instances,
    _batching,
)
NODE_RULES = (triton_model,)
