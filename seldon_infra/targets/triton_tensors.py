"""Whether a Triton configuration says the same of a model's tensors as the model's own file.

ONNX files say it where it can be read without their backend; their weights are not read. Triton refuses what differs
when it loads the model, which is after everything else has been applied.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.onnx_model import signature_of_onnx
from seldon_infra.servers.signature import TensorSpec
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.repository import model_file
from seldon_infra.servers.triton.spec import TritonModel
from seldon_infra.servers.triton.tensors import Tensor
from seldon_infra.servers.triton.text import read_config_pbtxt
from seldon_infra.targets.local_files import models_here

_CONFIG = "config.pbtxt"


def unlike_tensors(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each tensor of a Triton configuration that its model's file has otherwise, or not at all."""
    for inner, server, uri in models_here(deployment, project):
        if isinstance(server, TritonServer):
            for path, model, folder in _models(inner.path, server, project / uri, inner.node.name):
                for file in _files(model, folder):
                    yield from _unlike(path, model, file)


def _models(path: str, server: TritonServer, folder: Path, name: str) -> Iterator[tuple[str, TritonModel, Path]]:
    typed = server.repository or server.stored
    if typed is not None:
        for model in typed.models:
            if isinstance(model, TritonModel) and model.name:
                yield f"{path}{ARROW}{title(model)}", model, folder / model.name
    elif server.config is not None:
        yield path, server.config, folder / name if (folder / name).is_dir() else folder
    elif (folder / name / _CONFIG).is_file():
        try:
            found = read_config_pbtxt((folder / name / _CONFIG).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, InvalidSpec):
            return  # told by who reads it for the graph's edges
        if isinstance(found, TritonModel):
            yield path, found, folder / name


def _files(model: TritonModel, folder: Path) -> list[Path]:
    """Give the files of a model, one for each version."""
    name = model_file(model)
    if name is None or model.backend != "onnxruntime":
        return []
    if folder.is_file():
        return [folder]
    return [file for file in sorted((folder / name, *folder.glob(f"[0-9]*/{name}"))) if file.is_file()]


def _unlike(path: str, model: TritonModel, file: Path) -> Iterator[Problem]:
    try:
        with open(file, "rb") as stream:
            said = signature_of_onnx(memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError) as error:
        fix = "export the model anew, or correct the backend"
        yield Problem(path, f"{file} cannot be read: {error}", "must be an ONNX model", fix)
        return
    for kind, tensors, there in (("input", model.inputs, said.inputs), ("output", model.outputs, said.outputs)):
        yield from _tensors(path, kind, tensors, there, file, model.max_batch_size > 0)


def _tensors(
    path: str, kind: str, tensors: Sequence[Tensor], there: Sequence[TensorSpec], file: Path, batched: bool
) -> Iterator[Problem]:
    known = {each.name: each for each in there}
    for tensor in tensors:
        own = known.get(tensor.name)
        at = f"{path}{ARROW}{kind} '{tensor.name}'"
        if own is None:
            names = ", ".join(f"'{name}'" for name in known) or "none"
            yield Problem(at, f"is not in {file}", f"must be one of the model's {kind}s: {names}", "correct the name")
            continue
        if own.dtype is not None and own.dtype != tensor.dtype:
            fix = f"write dtype='{own.dtype}'"
            yield Problem(at, f"dtype '{tensor.dtype}'", f"must be '{own.dtype}', as {file} has it", fix)
        shape = (*((-1,) if batched else ()), *(tensor.dims if tensor.reshape is None else tensor.reshape))
        if own.shape is not None and not _fits(shape, own.shape):
            fix = "write the model's dims" + (", without the batch dimension" if batched else "")
            got, want = f"dims {list(tensor.dims)}", f"must be the model's shape, {list(own.shape)} in {file}"
            yield Problem(at, got, want, fix)
    if tensors and kind == "input":
        for name in known.keys() - {tensor.name for tensor in tensors}:
            want, fix = "must be among inputs, since the model takes it", f"write Tensor(name='{name}', …)"
            yield Problem(path, f"input '{name}' of {file} is not given", want, fix)


def _fits(shape: Sequence[int], own: Sequence[int]) -> bool:
    same = len(shape) == len(own)
    return same and all(one == other or -1 in (one, other) for one, other in zip(shape, own, strict=True))
