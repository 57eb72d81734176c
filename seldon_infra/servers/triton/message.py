"""Between typed values and Triton's own message ModelConfig, both ways by one table of what is named differently.

The message is that of PyPI's tritonclient, which is loaded where a configuration is written or read and nowhere else.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

from seldon_infra.core.errors import InvalidSpec, PartNotFound
from seldon_infra.core.model import Spec, title
from seldon_infra.core.problems import Problem
from seldon_infra.servers.triton.batching import DirectStrategy, OldestStrategy
from seldon_infra.servers.triton.data import DataFile

ENSEMBLE = "ensemble"
"""The platform of every ensemble; it has no backend."""
_MESSAGES = "grpc/model_config_pb2.py"
_NOT_IN_THE_MESSAGE = {("InstanceGroup", "gpu_memory"), ("TritonModel", "version"), ("TritonEnsemble", "version")}
_VERSIONS = ("version_policy", "version_policy")
_NAMES: Mapping[tuple[str, str], str] = {
    ("Tensor", "ragged"): "allow_ragged_batch",
    ("Tensor", "shape_tensor"): "is_shape_tensor",
    ("Tensor", "non_linear_format"): "is_non_linear_format_io",
    ("RateLimiterResource", "across_devices"): "global",
    ("SecondaryDevice", "number"): "device_id",
    ("InstanceGroup", "profiles"): "profile",
    ("DynamicBatching", "priority_queue_policies"): "priority_queue_policy",
    ("ControlInput", "controls"): "control",
    ("SequenceState", "initial"): "initial_state",
    ("SequenceState", "same_buffer"): "use_same_buffer_for_input_output",
    ("SequenceState", "growable_memory"): "use_growable_memory",
    ("SequenceBatching", "control_inputs"): "control_input",
    ("SequenceBatching", "states"): "state",
    ("SequenceBatching", "iterative"): "iterative_sequence",
    ("CudaGraph", "lower_bound"): "graph_lower_bound",
    ("CudaOptimization", "graph_specs"): "graph_spec",
    ("Optimization", "graph_level"): "graph",
    ("Optimization", "gpu_accelerators"): "execution_accelerators.gpu_execution_accelerator",
    ("Optimization", "cpu_accelerators"): "execution_accelerators.cpu_execution_accelerator",
    ("MetricHistogram", "family"): "metric_identifier",
    ("MetricHistogram", "buckets"): "histogram_options",
    ("TritonModel", "batch_inputs"): "batch_input",
    ("TritonModel", "batch_outputs"): "batch_output",
    ("TritonModel", "instance_groups"): "instance_group",
    ("TritonModel", "warmups"): "model_warmup",
    ("TritonModel", "decoupled"): "model_transaction_policy",
    ("TritonModel", "histograms"): "model_metrics",
    ("TritonModel", "model_filenames"): "cc_model_filenames",
    ("TritonModel", "operation_libraries"): "model_operations",
    ("TritonModel", "repository_agents"): "model_repository_agents",
    ("TritonModel", "inputs"): "input",
    ("TritonModel", "outputs"): "output",
    ("TritonEnsemble", "inputs"): "input",
    ("TritonEnsemble", "outputs"): "output",
    ("TritonEnsemble", "steps"): "ensemble_scheduling.step",
    ("EnsembleStep", "model"): "model_name",
    ("EnsembleStep", "version"): "model_version",
    ("EnsembleStep", "inputs"): "input_map",
    ("EnsembleStep", "outputs"): "output_map",
    ("CudaGraph", "inputs"): "input",
    ("CudaGraphBound", "inputs"): "input",
    ("BatchInput", "targets"): "target_name",
    ("BatchInput", "sources"): "source_input",
    ("BatchOutput", "targets"): "target_name",
    ("BatchOutput", "sources"): "source_input",
}
"""Field of a typed value → field of the message, where they differ; a dot leads into a message inside."""
_NAMES_ANYWHERE = {"dtype": "data_type", "preferred_batch_sizes": "preferred_batch_size"}
_CHOICES: Mapping[tuple[str, str], Mapping[object, str]] = {
    ("SequenceBatching", "strategy"): {DirectStrategy: "direct", OldestStrategy: "oldest"},
    ("WarmupInput", "data"): {"zeros": "zero_data", "random": "random_data", DataFile: "input_data_file"},
    ("InitialState", "data"): {"zeros": "zero_data", DataFile: "data_file"},
}
"""Fields of which a message has one for each kind of value: a word, or a type."""
_PREFIXES = {
    "DataType": "TYPE_",
    "Format": "FORMAT_",
    "ModelPriority": "PRIORITY_",
    "SecondaryDeviceKind": "KIND_",
    "ModelInstanceGroup.Kind": "KIND_",
    "Control.Kind": "CONTROL_SEQUENCE_",
    "BatchInput.Kind": "BATCH_",
    "BatchOutput.Kind": "BATCH_",
}
"""What stands before each word of an enumeration, by the end of its name."""
_OTHER_WORDS = {"BYTES": "STRING"}
_ZERO_IS_DEFAULT = {
    ("InstanceGroup", "count"),
    ("RateLimiter", "priority"),
    ("Warmup", "count"),
    ("SequenceBatching", "max_sequence_idle_microseconds"),
}
"""Fields in which Triton takes 0 for the default, which is not 0."""


@cache
def messages() -> Any:
    """Load Triton's messages, without the client around them, which costs half a second for its numpy and gRPC.

    Raises:
        PartNotFound: tritonclient is not installed, or not one that goes with protobuf.
    """
    fix = "run: pip install 'seldon-infra[local]' or 'seldon-infra[cluster]'"
    package = importlib.util.find_spec("tritonclient")
    places = list(package.submodule_search_locations or ()) if package else []
    if not places:
        raise PartNotFound("tritonclient", fix)
    found = importlib.util.spec_from_file_location("seldon_infra_triton_messages", Path(places[0]) / _MESSAGES)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except Exception as error:  # protobuf's own class for a version that does not go with the messages
        raise PartNotFound("a tritonclient that goes with its protobuf", f"{fix}: {error}") from None
    return module


def to_message(spec: Spec, message: Any) -> None:
    """Fill a message in.

    Raises:
        InvalidSpec: a value that the message cannot hold.
    """
    kind = type(spec).__name__
    for name, info in type(spec).model_fields.items():
        value = getattr(spec, name)
        unsaid = value is None or (not value and value == info.default)
        if unsaid or (kind, name) in _NOT_IN_THE_MESSAGE or name in _VERSIONS:
            continue
        *above, last = _place(kind, name).split(".")
        holder = message
        for part in above:
            holder = getattr(holder, part)
        try:
            _put(holder, *_chosen(kind, name, value, last))
        except (KeyError, TypeError, ValueError):
            want = f"must be a value that Triton's {message.DESCRIPTOR.name} can hold"
            raise InvalidSpec([Problem(title(spec), f"{name} {value!r}", want, f"change {name}")]) from None


def to_data(message: Any, kind: type[Spec]) -> dict[str, Any]:
    """Read a message as what a typed value is made from; what it leaves out is left out."""
    found: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        place = (kind.__name__, name)
        if place in _NOT_IN_THE_MESSAGE or name in _VERSIONS:
            continue
        value = _taken(message, kind, name, _spec_in(info.annotation))
        absent = value is None or (value == "" and info.default is None)
        if not absent and not (value == 0 and place in _ZERO_IS_DEFAULT):
            found[name] = value
    return found


def lost(message: Any, again: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Find what a message says that another one, which was made of its typed form, does not: path and value."""
    for field, value in message.ListFields():
        here, there = f"{path}{field.name}", getattr(again, field.name)
        if _is_map(field):
            items: Mapping[object, tuple[object, object]] = {key: (value[key], there.get(key)) for key in value}
        elif field.is_repeated:
            rest = [None] * (len(value) - len(there))
            items = dict(enumerate(zip(value, [*there, *rest], strict=False)))
        else:
            items = {None: (value, there)}
        for key, (one, other) in items.items():
            yield from _lost_in(one, other, here if key is None else f"{here}[{key}]")


def _lost_in(value: Any, again: Any, path: str) -> Iterator[tuple[str, object]]:
    if hasattr(value, "ListFields") and again is not None:
        yield from lost(value, again, f"{path}.")
    elif value != again:
        yield path, value if not hasattr(value, "ListFields") else "…"


def _place(kind: str, name: str) -> str:
    return _NAMES.get((kind, name)) or _NAMES_ANYWHERE.get(name, name)


def _chosen(kind: str, name: str, value: Any, field: str) -> tuple[str, Any]:
    """Give field and value for a value of a choice; a word's field says nothing but that it is meant."""
    choice = _CHOICES.get((kind, name))
    if choice is None:
        return field, value
    if isinstance(value, str):
        return choice[value], True
    return choice[type(value)], value.name if isinstance(value, DataFile) else value


def _put(message: Any, name: str, value: Any) -> None:
    field = message.DESCRIPTOR.fields_by_name[name]
    if _is_map(field):
        for key, item in value.items():
            if field.message_type.fields_by_name["value"].message_type is None:
                getattr(message, name)[key] = str(item)
            else:
                _fill(getattr(message, name)[key], item)
    elif field.is_repeated and field.message_type is not None:
        for item in value:
            _fill(getattr(message, name).add(), item)
    elif field.is_repeated:
        getattr(message, name).extend(_number(field, item) for item in value)
    elif field.message_type is not None:
        getattr(message, name).SetInParent()
        _fill(getattr(message, name), value)
    else:
        setattr(message, name, _number(field, value))


def _fill(message: Any, value: Any) -> None:
    """Fill a message with a typed value; one with a single field is that field's plain value."""
    if isinstance(value, Spec):
        to_message(value, message)
    else:
        (only,) = message.DESCRIPTOR.fields
        _put(message, only.name, str(value) if only.type == only.TYPE_STRING and not only.is_repeated else value)


def _number(field: Any, value: Any) -> Any:
    if field.enum_type is None:
        return value
    return field.enum_type.values_by_name[_prefix(field.enum_type) + _OTHER_WORDS.get(value, value)].number


def _prefix(enumeration: Any) -> str:
    return next((text for end, text in _PREFIXES.items() if enumeration.full_name.endswith(f".{end}")), "")


def _taken(message: Any, kind: type[Spec], name: str, inner: type[Spec] | None) -> Any:
    """Read a field's value, None where the message does not have it."""
    choice = _CHOICES.get((kind.__name__, name))
    if choice is not None:
        unset = None if kind.model_fields[name].default is None else ""
        set_ones = (_of_choice(message, word, field) for word, field in choice.items() if message.HasField(field))
        return next(set_ones, unset)
    *above, last = _place(kind.__name__, name).split(".")
    for part in above:
        message = getattr(message, part)
    field = message.DESCRIPTOR.fields_by_name.get(last)
    if field is None or (field.message_type is not None and not field.is_repeated and not message.HasField(last)):
        return None
    return _got(field, getattr(message, last), inner)


def _of_choice(message: Any, word: Any, field: str) -> Any:
    if isinstance(word, str):
        return word
    value = getattr(message, field)
    return DataFile(name=value) if word is DataFile else word(**to_data(value, word))


def _got(field: Any, value: Any, inner: type[Spec] | None) -> Any:
    if _is_map(field):
        item = field.message_type.fields_by_name["value"]
        return {key: _one(item, value[key], inner) for key in sorted(value)}
    if field.is_repeated:
        return [_one(field, item, inner) for item in value]
    return _one(field, value, inner)


def _one(field: Any, value: Any, inner: type[Spec] | None) -> Any:
    """Read one value: of a message with a single field that field's, of another the typed form's data."""
    if field.message_type is not None:
        if len(field.message_type.fields) == 1:
            (only,) = field.message_type.fields
            return _got(only, getattr(value, only.name), inner)
        return to_data(value, inner) if inner is not None else value
    if field.enum_type is not None:
        return _word(field.enum_type, value)
    return _shortest(value) if field.type == field.TYPE_FLOAT else value


def _word(enumeration: Any, number: int) -> str | None:
    """Give an enumeration's word; the one that stands for nothing is none."""
    name = str(enumeration.values_by_number[number].name)
    word = name.removeprefix(_prefix(enumeration))
    if word in ("INVALID", "NONE", "DEFAULT"):
        return None
    return next((ours for ours, theirs in _OTHER_WORDS.items() if theirs == word), word)


def _shortest(value: float) -> float:
    """Give the number that somebody wrote: a float of 32 bits is no float of Python's."""
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", value):
            return short
    return value


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _spec_in(annotation: Any) -> type[Spec] | None:
    """Find the typed value inside an annotation such as ``tuple[Tensor, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    inner: Sequence[Any] = get_args(annotation)
    return next((found for each in inner if (found := _spec_in(each)) is not None), None)
