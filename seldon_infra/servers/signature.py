"""What a model takes and gives: declared, or read out of the text that its server reads as well.

Shapes are whole ones, the batch dimension included; -1 is any size.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from seldon_infra.core.model import Many, Spec
from seldon_infra.servers.triton.spec import TritonEnsemble, TritonModel
from seldon_infra.servers.triton.tensors import DataType, Tensor


class TensorSpec(Spec):
    """A tensor on the wire, as far as it is known. Source: MetadataTensor of the Open Inference Protocol."""

    noun: ClassVar[str] = "tensor"

    name: str
    """Its name on the wire."""
    dtype: DataType | None = None
    """Type of its elements. Default: not known."""
    shape: Many[int] | None = None
    """Its whole shape, batch dimension included; -1 is any size. Default: not known."""
    optional: bool = False
    """Whether a request may leave this input out. Default: False."""


class Signature(Spec):
    """What a node takes and gives on protocol v2; edges of the graph are held to it. Nothing is rendered of it."""

    noun: ClassVar[str] = "signature"

    inputs: Many[TensorSpec] = ()
    """Tensors that it takes. Default: not known."""
    outputs: Many[TensorSpec] = ()
    """Tensors that it gives. Default: not known."""


def of_triton(model: TritonModel | TritonEnsemble) -> Signature:
    """What a typed Triton configuration says."""
    batch = (-1,) if model.max_batch_size > 0 else ()

    def tensors(all: Iterable[Tensor]) -> tuple[TensorSpec, ...]:
        return tuple(
            TensorSpec(name=it.name, dtype=it.dtype, shape=(*batch, *it.dims), optional=it.optional) for it in all
        )

    return Signature(inputs=tensors(model.inputs), outputs=tensors(model.outputs))


def of_config_pbtxt(text: str, file: str = "config.pbtxt") -> Signature:
    """What a Triton model's ``config.pbtxt`` says.

    Raises:
        InvalidSpec: it is not what Triton reads; with the line.
    """
    from seldon_infra.servers.triton.text import tensors_of

    batch, inputs, outputs = tensors_of(text, file)

    def tensors(all: Iterable[Mapping[str, Any]]) -> tuple[TensorSpec, ...]:
        return tuple(
            TensorSpec(
                name=it["name"],
                dtype=it.get("dtype"),
                shape=(*batch, *it["dims"]) if it["dims"] else None,
                optional=it.get("optional", False),
            )
            for it in all
        )

    return Signature(inputs=tensors(inputs), outputs=tensors(outputs))


def of_model_settings(text: str) -> Signature:
    """What MLServer's ``model-settings.json`` says.

    Raises:
        ValueError: it is not JSON, or not of that form.
    """
    settings = json.loads(text)

    def tensors(key: str) -> tuple[TensorSpec, ...]:
        return tuple(
            TensorSpec(name=it["name"], dtype=_data_type(it.get("datatype", "")), shape=_shape(it.get("shape")))
            for it in settings.get(key) or []
        )

    return Signature(inputs=tensors("inputs"), outputs=tensors("outputs"))


def of_mlmodel(text: str) -> Signature:
    """What the signature in MLflow's ``MLmodel`` says; a column of a table is a tensor of its own.

    Raises:
        ValueError: it is not YAML, or not of that form.
    """
    import yaml

    try:
        signature = (yaml.safe_load(text) or {}).get("signature") or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None

    def tensors(key: str) -> tuple[TensorSpec, ...]:
        return tuple(map(_of_mlflow, json.loads(signature.get(key) or "[]")))

    return Signature(inputs=tensors("inputs"), outputs=tensors("outputs"))


_OTHER_NAMES: Mapping[str, str] = {
    "STRING": "BYTES",
    "boolean": "BOOL",
    "bool": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "str": "BYTES",
    "object": "BYTES",
    **{f"int{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
_NAMES = frozenset(DataType.__args__)  # type: ignore[attr-defined]


def _data_type(name: str) -> DataType | None:
    """Give a type by protocol v2's name; one that it does not have is not known."""
    found: Any = name if name in _NAMES else _OTHER_NAMES.get(name)
    return found  # type: ignore[no-any-return]


def _shape(shape: Any) -> tuple[int, ...] | None:
    return None if shape is None else tuple(map(int, shape))


def _of_mlflow(it: Mapping[str, Any]) -> TensorSpec:
    if it.get("type") == "tensor":
        spec = it["tensor-spec"]
        return TensorSpec(name=it.get("name", ""), dtype=_data_type(spec["dtype"]), shape=_shape(spec["shape"]))
    return TensorSpec(
        name=it.get("name", ""), dtype=_data_type(it.get("type", "")), optional=not it.get("required", True)
    )
