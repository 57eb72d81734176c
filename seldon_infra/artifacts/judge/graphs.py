"""Graphs of ONNX and TensorFlow: files that an ONNX model keeps its weights in, operations that reach for others.

Sources: ``onnx/onnx.proto``; TensorFlow's ``saved_model.proto``, ``meta_graph.proto``, ``graph.proto`` and
``function.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from seldon_infra.artifacts.judge.finding import Finding, Unreadable
from seldon_infra.artifacts.judge.paths import STAYS, climbs
from seldon_infra.artifacts.judge.protobuf import Message, walk

_EXTERNAL = Message(texts=(1, 2))
_TENSOR = Message({13: _EXTERNAL})
_SPARSE = Message({1: _TENSOR, 2: _TENSOR})
_ONNX_GRAPH = Message({5: _TENSOR, 15: _SPARSE})
_ATTRIBUTE = Message({5: _TENSOR, 6: _ONNX_GRAPH, 10: _TENSOR, 11: _ONNX_GRAPH, 22: _SPARSE, 23: _SPARSE})
_ONNX_NODE = Message({5: _ATTRIBUTE})
_ONNX_GRAPH.fields[1] = _ONNX_NODE
_TRAINING = Message({1: _ONNX_GRAPH, 2: _ONNX_GRAPH})
_ONNX = Message({7: _ONNX_GRAPH, 20: _TRAINING, 25: Message({7: _ONNX_NODE})})

_NODE = Message(texts=(2,))
_GRAPH = Message({1: _NODE, 2: Message({1: Message({3: _NODE})})})
_SAVED_MODEL = Message({2: Message({2: _GRAPH})})

REACHING = frozenset({
    "CreateSummaryFileWriter", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount",
    "DebugNumericSummary", "DebugNumericSummaryV2", "EagerPyFunc", "FixedLengthRecordDataset",
    "FixedLengthRecordDatasetV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "ImmutableConst",
    "LoadDataset", "MatchingFiles", "MatchingFilesDataset", "PrintV2", "PyFunc", "PyFuncStateless", "ReadFile",
    "SaveDataset", "SaveDatasetV2", "TFRecordDataset", "TFRecordDatasetV2", "TFRecordReader", "TFRecordReaderV2",
    "TextLineDataset", "TextLineReader", "TextLineReaderV2", "WholeFileReader", "WholeFileReaderV2", "WriteFile",
})  # fmt: skip
"""Operations that read or write files of their own choice, or call Python."""


def judge_onnx(stream: BinaryIO, size: int, file: str) -> Iterator[Finding]:
    """Find weights that lie outside the model's folder; give nothing for what is no ONNX model."""
    try:
        for message, texts in walk(stream, _ONNX, size):
            if message is _EXTERNAL and texts.get(1) == "location" and climbs(texts.get(2, "")):
                yield Finding(file, f"keeps weights in '{texts[2]}'", STAYS)
    except Unreadable:
        return


def judge_tensorflow(stream: BinaryIO, size: int, file: str) -> Iterator[Finding]:
    """Find operations that reach for files; give nothing for what is no graph of TensorFlow."""
    for whole in (_SAVED_MODEL, _GRAPH):
        stream.seek(0)
        try:
            operations = dict.fromkeys(texts[2] for message, texts in walk(stream, whole, size) if message is _NODE)
        except Unreadable:
            continue
        for name in operations:
            if name in REACHING:
                yield Finding(file, f"runs the operation {name}", "must compute and nothing else", name)
