"""A Triton model's ``config.pbtxt``: the text form of Triton's message ModelConfig, written and read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import Problem, nearest
from seldon_infra.servers.triton.message import ENSEMBLE, lost, messages, to_data, to_message
from seldon_infra.servers.triton.repository import TritonRepository, named_versions
from seldon_infra.servers.triton.spec import (
    AllVersions,
    LatestVersions,
    SpecificVersions,
    TritonEnsemble,
    TritonModel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_BACKENDS: Mapping[str, str] = {
    "onnxruntime_onnx": "onnxruntime",
    "pytorch_libtorch": "pytorch",
    "tensorflow_graphdef": "tensorflow",
    "tensorflow_savedmodel": "tensorflow",
    "tensorrt_plan": "tensorrt",
}
"""Platform → the backend that it stands for where none is named. Source: Triton core, src/constants.h."""
_UNKNOWN_FIELD = re.compile(r'Message type "([\w.]+)" has no field named "(\w+)"')


def config_pbtxt(model: TritonModel | TritonEnsemble, name: str | None = None) -> str:
    """Write the configuration of ``model``, which has no Outputs left, under ``name`` unless it has one of its own.

    Raises:
        InvalidSpec: a value that Triton's message cannot hold.
        PartNotFound: tritonclient is not installed.
    """
    from google.protobuf import text_format

    return str(text_format.MessageToString(_message(model, model.name or name or ""), as_utf8=True))


def repository_files(repository: TritonRepository) -> dict[str, str]:
    """Give the texts that make a model repository of folders with models' files: path in it → text.

    An ensemble's version folder holds nothing that Triton reads, but must be there, and stores keep no empty folders.
    """
    files = {}
    for model in repository.models:
        files[f"{model.name}/config.pbtxt"] = config_pbtxt(model)
        for version in (named_versions(model) or (model.version,)) if isinstance(model, TritonEnsemble) else ():
            files[f"{model.name}/{version}/ensemble"] = ""
    return files


def read_config_pbtxt(text: str, file: str = "config.pbtxt") -> TritonModel | TritonEnsemble:
    """Read a configuration as the typed value that writes the same.

    Args:
        text: protobuf's text form of ModelConfig.
        file: what messages call it.

    Raises:
        InvalidSpec: it is no such text, has a field that Triton does not know, or says what no typed value can.
        PartNotFound: tritonclient is not installed.
    """
    message = _parsed(text, file)
    kind = TritonEnsemble if _is_ensemble(message) else TritonModel
    data = {**to_data(message, kind), **_read_versions(message.version_policy)}
    if kind is TritonModel:
        data["backend"] = message.backend or _BACKENDS.get(message.platform, "")
    try:
        model: TritonModel | TritonEnsemble = kind(**data)
    except InvalidSpec as error:
        raise InvalidSpec([problem.within(file) for problem in error.problems]) from None
    dropped = [_dropped(file, path, value) for path, value in lost(message, _message(model, message.name))]
    if dropped:
        raise InvalidSpec(dropped)
    return model


def tensors_of(text: str, file: str) -> tuple[tuple[int, ...], list[dict[str, Any]], list[dict[str, Any]]]:
    """Read what a configuration says about tensors alone: the batch dimension, inputs and outputs.

    Raises:
        InvalidSpec: it is no such text, or has a field that Triton does not know.
        PartNotFound: tritonclient is not installed.
    """
    data = to_data(_parsed(text, file), TritonModel)
    for field in ("inputs", "outputs"):
        for index, tensor in enumerate(data[field]):
            if not tensor["name"]:
                got = f"{field.removesuffix('s')}[{index}].name is not set"
                raise InvalidSpec([Problem(file, got, "must be given", "correct config.pbtxt")])
    return (-1,) if data["max_batch_size"] > 0 else (), data["inputs"], data["outputs"]


def _message(model: TritonModel | TritonEnsemble, name: str) -> Any:
    message = messages().ModelConfig()
    to_message(model, message)
    message.name = name
    if isinstance(model, TritonEnsemble):
        message.platform = ENSEMBLE
        message.ensemble_scheduling.SetInParent()
    _write_versions(model, message.version_policy)
    return message


def _write_versions(model: TritonModel | TritonEnsemble, policy: Any) -> None:
    match model.version_policy:
        case LatestVersions(count=count):
            policy.latest.num_versions = count
        case AllVersions():
            policy.all.SetInParent()
        case SpecificVersions(versions=versions):
            policy.specific.versions.extend(versions)
        case None:
            policy.specific.versions.append(model.version)


def _read_versions(policy: Any) -> dict[str, Any]:
    """Read which versions are served; where nothing is said, Triton serves the latest."""
    match policy.WhichOneof("policy_choice"):
        case "latest":
            return {"version_policy": LatestVersions(count=policy.latest.num_versions)}
        case "all":
            return {"version_policy": AllVersions()}
        case "specific" if len(policy.specific.versions) == 1:
            return {"version": policy.specific.versions[0]}
        case "specific":
            return {"version_policy": SpecificVersions(versions=list(policy.specific.versions))}
    return {"version_policy": LatestVersions()}


def _is_ensemble(message: Any) -> bool:
    return bool(message.platform == ENSEMBLE or message.HasField("ensemble_scheduling"))


def _parsed(text: str, file: str) -> Any:
    from google.protobuf import text_format

    message = messages().ModelConfig()
    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise InvalidSpec([_unreadable(str(error), error.GetLine(), file)]) from None


def _unreadable(said: str, line: int | None, file: str) -> Problem:
    path = f"{file} line {line}" if line else file
    unknown = _UNKNOWN_FIELD.search(said)
    if unknown:
        kind, name = unknown.groups()
        known = _fields_of(messages().ModelConfig.DESCRIPTOR.file, kind)
        return Problem(
            path,
            f"'{name}' is no field of {kind.rpartition('.')[2]}",
            "must be one that Triton has",
            nearest(name, known),
        )
    return Problem(
        path, said.partition(" : ")[2] or said, "must be Triton's ModelConfig as text", "correct config.pbtxt"
    )


def _fields_of(file: Any, kind: str) -> list[str]:
    return [field.name for field in file.pool.FindMessageTypeByName(kind).fields]


def _dropped(file: str, path: str, value: object) -> Problem:
    return Problem(file, f"{path} {value!r}", "has no place in the typed values", f"remove {path}, or change it")
