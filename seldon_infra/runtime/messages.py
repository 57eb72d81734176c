"""The gRPC messages of the protocols v2, seldon and tensorflow, built from a table of their fields.

Names, numbers and types are facts of the protocols; a table of them needs no compiler, and no package whose pinned
protobuf would not go together with Pulumi's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, struct_pb2

# Field: number, type, and "*" for repeated, "|" for a member of the message's oneof; "{}" is a map from string.
_V2 = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": (1, "bool")},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": (1, "bool")},
    "ModelReadyRequest": {"name": (1, "string"), "version": (2, "string")},
    "ModelReadyResponse": {"ready": (1, "bool")},
    "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
    "TensorMetadata": {"name": (1, "string"), "datatype": (2, "string"), "shape": (3, "int64*")},
    "ModelMetadataResponse": {
        "name": (1, "string"),
        "versions": (2, "string*"),
        "platform": (3, "string"),
        "inputs": (4, "TensorMetadata*"),
        "outputs": (5, "TensorMetadata*"),
    },
    "InferParameter": {
        "bool_param": (1, "bool|"),
        "int64_param": (2, "int64|"),
        "string_param": (3, "string|"),
        "double_param": (4, "double|"),
        "uint64_param": (5, "uint64|"),
    },
    "InferTensorContents": {
        "bool_contents": (1, "bool*"),
        "int_contents": (2, "int32*"),
        "int64_contents": (3, "int64*"),
        "uint_contents": (4, "uint32*"),
        "uint64_contents": (5, "uint64*"),
        "fp32_contents": (6, "float*"),
        "fp64_contents": (7, "double*"),
        "bytes_contents": (8, "bytes*"),
    },
    "InferTensor": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "int64*"),
        "parameters": (4, "{}InferParameter"),
        "contents": (5, "InferTensorContents"),
    },
    "InferRequestedOutput": {"name": (1, "string"), "parameters": (2, "{}InferParameter")},
    "ModelInferRequest": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, "{}InferParameter"),
        "inputs": (5, "InferTensor*"),
        "outputs": (6, "InferRequestedOutput*"),
        "raw_input_contents": (7, "bytes*"),
    },
    "ModelInferResponse": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, "{}InferParameter"),
        "outputs": (5, "InferTensor*"),
        "raw_output_contents": (6, "bytes*"),
    },
}
_SELDON = {
    "Status": {"code": (1, "int32"), "info": (2, "string"), "reason": (3, "string"), "status": (4, "enum StatusFlag")},
    "Metric": {
        "key": (1, "string"),
        "type": (2, "enum MetricType"),
        "value": (3, "float"),
        "tags": (4, "{}string"),
    },
    "Meta": {
        "puid": (1, "string"),
        "tags": (2, "{}.google.protobuf.Value"),
        "routing": (3, "{}int32"),
        "requestPath": (4, "{}string"),
        "metrics": (5, "Metric*"),
    },
    "Tensor": {"shape": (1, "int32*"), "values": (2, "double*")},
    # The proto's third member, a tensorflow.TensorProto, passes through as the bytes it is.
    "DefaultData": {
        "names": (1, "string*"),
        "tensor": (2, "Tensor|"),
        "ndarray": (3, ".google.protobuf.ListValue|"),
        "tftensor": (4, "bytes|"),
    },
    "SeldonMessage": {
        "status": (1, "Status"),
        "meta": (2, "Meta"),
        "data": (3, "DefaultData|"),
        "binData": (4, "bytes|"),
        "strData": (5, "string|"),
        "jsonData": (6, ".google.protobuf.Value|"),
        "customData": (7, ".google.protobuf.Any|"),
    },
    "SeldonMessageList": {"seldonMessages": (1, "SeldonMessage*")},
    "Feedback": {
        "request": (1, "SeldonMessage"),
        "response": (2, "SeldonMessage"),
        "reward": (3, "float"),
        "truth": (4, "SeldonMessage"),
    },
}
# Messages of packages tensorflow and tensorflow.serving under one name, as far as a prediction needs them; an enum is a
# number on the wire.
_TENSORFLOW = {
    "Dim": {"size": (1, "int64")},
    "TensorShapeProto": {"dim": (2, "Dim*"), "unknown_rank": (3, "bool")},
    "TensorProto": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "TensorShapeProto"),
        "tensor_content": (4, "bytes"),
        "float_val": (5, "float*"),
        "double_val": (6, "double*"),
        "int_val": (7, "int32*"),
        "string_val": (8, "bytes*"),
        "int64_val": (10, "int64*"),
        "bool_val": (11, "bool*"),
    },
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "{}TensorProto")},
    "PredictResponse": {"outputs": (1, "{}TensorProto"), "model_spec": (2, "ModelSpec")},
}
_ENUMS = {"StatusFlag": ("SUCCESS", "FAILURE"), "MetricType": ("COUNTER", "GAUGE", "TIMER")}
CONTENTS = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Field of ``InferTensorContents`` that holds a datatype's elements. FP16 and BF16 exist as raw bytes alone."""
_Field = descriptor_pb2.FieldDescriptorProto


@cache
def message(name: str) -> Any:
    """Give the class of a message by its full name: ``inference.ModelInferRequest``, ``seldon.protos.Meta``."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for known in (struct_pb2, any_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.Add(_file("inference", _V2, {}))
    pool.Add(_file("seldon.protos", _SELDON, _ENUMS))
    pool.Add(_file("tensorflow.serving", _TENSORFLOW, {}))
    return pool


def _file(
    package: str, messages: dict[str, dict[str, tuple[int, str]]], enums: dict[str, tuple[str, ...]]
) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"seldon_infra/{package}.proto",
        package=package,
        syntax="proto3",
        dependency=["google/protobuf/struct.proto", "google/protobuf/any.proto"],
    )
    for name, values in enums.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for name, fields in messages.items():
        kind = file.message_type.add(name=name)
        if any(type_.endswith("|") for _, type_ in fields.values()):
            kind.oneof_decl.add(name="choice")
        for field, (number, type_) in fields.items():
            _add_field(kind, f".{package}", field, number, type_)
    return file


def _add_field(kind: descriptor_pb2.DescriptorProto, package: str, name: str, number: int, type_: str) -> None:
    field = kind.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
    if type_.startswith("{}"):
        entry = kind.nested_type.add(name=f"{name[0].upper()}{name[1:]}Entry")
        entry.options.map_entry = True
        _add_field(entry, package, "key", 1, "string")
        _add_field(entry, package, "value", 2, type_[2:])
        field.label, field.type = _Field.LABEL_REPEATED, _Field.TYPE_MESSAGE
        field.type_name = f"{package}.{kind.name}.{entry.name}"
        return
    if type_.endswith("*"):
        field.label = _Field.LABEL_REPEATED
    elif type_.endswith("|"):
        field.oneof_index = 0
    _set_type(field, package, type_.rstrip("*|"))


def _set_type(field: descriptor_pb2.FieldDescriptorProto, package: str, type_: str) -> None:
    if type_.startswith("enum "):
        field.type, field.type_name = _Field.TYPE_ENUM, f"{package}.{type_.removeprefix('enum ')}"
    elif type_[0].isupper() or type_[0] == ".":
        field.type, field.type_name = _Field.TYPE_MESSAGE, type_ if type_[0] == "." else f"{package}.{type_}"
    else:
        field.type = getattr(_Field, f"TYPE_{type_.upper()}")
