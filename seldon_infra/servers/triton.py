"""Writes a typed Triton model as the text of its ``config.pbtxt``: the text form of Triton's message ModelConfig."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from seldon_infra.servers.triton_spec import DynamicBatching, InstanceGroup, Tensor, TritonModel

_TYPES_OF_OTHER_NAME = {"BYTES": "STRING"}


def config_pbtxt(model: TritonModel, name: str) -> str:
    """Write the configuration of ``model``, which has no Outputs left, under ``name`` unless it has one of its own."""
    return "".join(f"{line}\n" for line in _model(model, model.name or name))


def _model(model: TritonModel, name: str) -> Iterator[str]:
    yield f"name: {_text(name)}"
    yield f"backend: {_text(model.backend)}"
    yield f"max_batch_size: {model.max_batch_size}"
    yield f"version_policy {{ specific {{ versions: [{model.version}] }} }}"
    if model.default_model_filename is not None:
        yield f"default_model_filename: {_text(model.default_model_filename)}"
    for tensor in model.inputs:
        yield from _message("input", _tensor(tensor))
    for tensor in model.outputs:
        yield from _message("output", _tensor(tensor))
    for group in model.instance_groups:
        yield from _message("instance_group", _instance_group(group))
    if model.dynamic_batching is not None:
        yield from _message("dynamic_batching", _dynamic_batching(model.dynamic_batching))
    for key, value in model.parameters.items():
        yield f"parameters {{ key: {_text(key)} value {{ string_value: {_text(str(value))} }} }}"


def _tensor(tensor: Tensor) -> Iterator[str]:
    yield f"name: {_text(tensor.name)}"
    yield f"data_type: TYPE_{_TYPES_OF_OTHER_NAME.get(tensor.dtype, tensor.dtype)}"
    yield f"dims: {_numbers(tensor.dims)}"
    if tensor.reshape is not None:
        yield f"reshape {{ shape: {_numbers(tensor.reshape)} }}"
    if tensor.optional:
        yield "optional: true"


def _instance_group(group: InstanceGroup) -> Iterator[str]:
    yield f"kind: KIND_{group.kind}"
    yield f"count: {group.count}"
    if group.gpus:
        yield f"gpus: {_numbers(group.gpus)}"


def _dynamic_batching(batching: DynamicBatching) -> Iterator[str]:
    if batching.preferred_batch_sizes:
        yield f"preferred_batch_size: {_numbers(batching.preferred_batch_sizes)}"
    if batching.max_queue_delay_microseconds:
        yield f"max_queue_delay_microseconds: {batching.max_queue_delay_microseconds}"
    if batching.preserve_ordering:
        yield "preserve_ordering: true"


def _message(field: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"{field} {{"
    for line in lines:
        yield f"  {line}"
    yield "}"


def _text(value: str) -> str:
    """Quote a text: JSON's escapes are ones that protobuf's text form reads as well."""
    return json.dumps(value, ensure_ascii=False)


def _numbers(values: Sequence[int]) -> str:
    return f"[{', '.join(map(str, values))}]"
