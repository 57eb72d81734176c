"""Rules about tensors of a model or an ensemble."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from seldon_infra.core.bounds import used_twice
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.servers.triton.rules.place import FILE_NAME, At
from seldon_infra.servers.triton.spec import TritonEnsemble, TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.servers.triton.tensors import Tensor

AtEither = At[TritonModel] | At[TritonEnsemble]
_OF_INPUTS = ("optional", "format", "ragged")
_OF_OUTPUTS = ("label_filename",)
_OF_TENSORRT = ("shape_tensor", "non_linear_format")
_DIMS_OF_IMAGES = 3


def has_tensors(at: AtEither) -> Iterator[Problem]:
    """A model takes something and gives something."""
    for field, tensors in _both(at):
        if not tensors:
            fix = f"write {field}=[Tensor(name=…, dtype='FP32', dims=[…])]"
            yield at.wrong(f"{field} is empty", "must name at least one tensor", fix)


def tensors_once(at: AtEither) -> Iterator[Problem]:
    """A name means one tensor."""
    for field, tensors in _both(at):
        for name in used_twice([tensor.name for tensor in tensors]):
            yield at.wrong(f"{field} names '{name}' twice", "must be unique", "rename one of them or remove it")
        if any(not tensor.name for tensor in tensors):
            yield at.wrong(f"{field} has a tensor without name", "must name each", "write name=…")


def tensors_fit(at: AtEither) -> Iterator[Problem]:
    """Each tensor has a shape, and what belongs to its side and to its backend alone."""
    for field, tensors in _both(at):
        for tensor in tensors:
            path = f"{at.path}{ARROW}{title(tensor)}"
            yield from _dims(path, tensor)
            yield from _reshape(path, tensor, at.model.max_batch_size)
            yield from _side(path, field, tensor)
            yield from _tensorrt(path, tensor, at.model)


def _both(at: AtEither) -> tuple[tuple[str, Sequence[Tensor]], ...]:
    return (("inputs", at.model.inputs), ("outputs", at.model.outputs))


def _dims(path: str, tensor: Tensor) -> Iterator[Problem]:
    if not tensor.dims:
        fix = "write dims=[1] for one number, or -1 for any size"
        yield Problem(path, "dims is empty", "must have at least one dimension", fix)
    for field, dims in (("dims", tensor.dims), ("reshape", tensor.reshape or ())):
        yield from sizes(path, field, dims)
    if tensor.format and len(tensor.dims) != _DIMS_OF_IMAGES:
        got = f"format '{tensor.format}' with dims {list(tensor.dims)}"
        yield Problem(path, got, "must have three dimensions", "remove format")


def sizes(path: str, field: str, dims: Sequence[int]) -> Iterator[Problem]:
    """Refuse what is no size of a dimension."""
    wrong = [size for size in dims if size == 0 or size < -1]
    if wrong:
        want = "must be sizes of 1 or more, or -1 for any"
        yield Problem(path, f"{field} {list(dims)}", want, f"write -1 in place of {wrong[0]}")


def _reshape(path: str, tensor: Tensor, max_batch_size: int) -> Iterator[Problem]:
    if tensor.reshape is None or not tensor.dims:
        return
    if not tensor.reshape and max_batch_size == 0:
        got, want = "reshape [] with max_batch_size 0", "must leave a dimension where there is none of a batch"
        yield Problem(path, got, want, "write reshape=[1]")
    elif all(size > 0 for size in (*tensor.dims, *tensor.reshape)) and prod(tensor.dims) != prod(tensor.reshape):
        got = f"reshape {list(tensor.reshape)} has {prod(tensor.reshape)} elements"
        want = f"must have as many as dims {list(tensor.dims)}, {prod(tensor.dims)}"
        yield Problem(path, got, want, "change reshape")
    elif -1 in (*tensor.dims, *tensor.reshape) and _between(tensor.dims) != _between(tensor.reshape):
        got = f"reshape {list(tensor.reshape)} with dims {list(tensor.dims)}"
        want = "must have as many -1, and as many elements between them"
        yield Problem(path, got, want, "change reshape")


def _between(dims: Sequence[int]) -> list[int]:
    """Multiply the sizes before, between and after dimensions of any size."""
    products = [1]
    for size in dims:
        if size == -1:
            products.append(1)
        else:
            products[-1] *= size
    return products


def _side(path: str, field: str, tensor: Tensor) -> Iterator[Problem]:
    foreign, side = (_OF_INPUTS, "an input") if field == "outputs" else (_OF_OUTPUTS, "an output")
    for name in foreign:
        if getattr(tensor, name):
            got, want = f"{name} {getattr(tensor, name)!r} in {field}", f"must be set on {side} alone"
            yield Problem(path, got, want, f"remove {name}")
    if tensor.label_filename and not FILE_NAME.match(tensor.label_filename):
        want = "must be the name of a file beside config.pbtxt"
        yield Problem(path, f"label_filename '{tensor.label_filename}'", want, "write label_filename='labels.txt'")


def _tensorrt(path: str, tensor: Tensor, model: TritonModel | TritonEnsemble) -> Iterator[Problem]:
    backend = model.backend if isinstance(model, TritonModel) else "ensemble"
    for name in _OF_TENSORRT if backend != "tensorrt" else ():
        if getattr(tensor, name):
            yield Problem(path, f"{name} True with '{backend}'", "must be for TensorRT alone", f"remove {name}")


RULES = (has_tensors, tensors_once, tensors_fit)
