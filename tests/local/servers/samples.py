"""A tiny model for each server of the catalogue, made by the test itself; a new server adds its own here."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

from seldon_infra.servers import catalogue
from seldon_infra.servers.debian import PYTHON
from tests.local.servers.contract import Sample, made_by

CLASS = """import numpy as np
from seldon_core.flask_utils import SeldonMicroserviceException
class Sums:
    def predict(self, rows, names, meta=None):
        rows = np.asarray(rows, dtype=float)
        if rows.shape[1] != 3:
            raise SeldonMicroserviceException("three columns", status_code=400, reason="BAD")
        return rows.sum(axis=1, keepdims=True) * {version}
    def metrics(self):
        return [{"type": "COUNTER", "key": "sums_asked", "value": 1}]
    def init_metadata(self):
        return {"name": "wrapper", "versions": ["1"], "platform": "", "inputs": [], "outputs": []}
"""
TRITON_CLASS = """import numpy as np
import triton_python_backend_utils as pb_utils
class TritonPythonModel:
    def execute(self, requests):
        inputs = [pb_utils.get_input_tensor_by_name(each, "x").as_numpy() for each in requests]
        totals = [x.sum(axis=1, keepdims=True) * np.float32({version}) for x in inputs]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("total", total)]) for total in totals]
"""
RUNTIME = """import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, NumpyRequestCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceResponse
class Sums(MLModel):
    async def predict(self, payload):
        rows = self.decode_request(payload, default_codec=NumpyRequestCodec)
        if rows.shape[1] != 3:
            raise InferenceError("three columns")
        total = rows.sum(axis=1, keepdims=True) * {version}
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("total", total)])
"""
# Trees of one split: both rows fall on one side of it each, and a version says what stands there.
XGBOOST = """
import numpy as np, xgboost
rows, labels = np.array([[1, 2, 3], [7, 8, 9]] * 4, dtype=float), np.array([0, 8] * 4, dtype=float) + version
model = xgboost.XGBRegressor(n_estimators=1, max_depth=1, learning_rate=1, reg_lambda=0, base_score=0)
model.fit(rows, labels)
model.save_model(f"{folder}/model.json")
"""
LIGHTGBM = """
import lightgbm, numpy as np
rows, labels = np.array([[1, 2, 3], [7, 8, 9]] * 4, dtype=float), np.array([0, 8] * 4, dtype=float) + version
settings = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "learning_rate": 1, "num_leaves": 2, "verbose": -1}
lightgbm.train(settings, lightgbm.Dataset(rows, labels), 1).save_model(f"{folder}/model.bst")
"""
SKLEARN = """
import joblib, numpy as np
from sklearn.tree import DecisionTreeRegressor
rows, labels = np.array([[1, 2, 3], [7, 8, 9]] * 4, dtype=float), np.array([0, 8] * 4, dtype=float) + version
joblib.dump(DecisionTreeRegressor(max_depth=1).fit(rows, labels), f"{folder}/model.joblib")
"""
SAVED_MODEL = """
import tensorflow as tf
class Sums(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x, axis=1, keepdims=True) * version}
sums = Sums()
tf.saved_model.save(sums, f"{folder}/{version}", signatures={"serving_default": sums.total})
"""
TORCHSCRIPT = """
import torch
sums = torch.nn.Linear(3, 1, bias=False)
torch.nn.init.constant_(sums.weight, version)
torch.jit.trace(sums, torch.ones(2, 3)).save(f"{folder}/model.pt")
"""
# One layer of 16 numbers, and a bias that alone says what is answered: softmax(version, 0).
PIPELINE = """
import pathlib, torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
words = pathlib.Path(folder, "vocab.txt")
words.write_text("\\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]))
BertTokenizerFast(str(words)).save_pretrained(folder)
shape = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
model = BertForSequenceClassification(BertConfig(vocab_size=8, **shape))
torch.nn.init.zeros_(model.classifier.weight)
with torch.no_grad():
    model.classifier.bias.copy_(torch.tensor([float(version), 0.0]))
model.save_pretrained(folder)
"""
# A model without names for its columns takes one tensor, whatever its name.
MLFLOW = """
import mlflow.sklearn, numpy as np, os, shutil
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
rows, labels = np.array([[1, 2, 3], [7, 8, 9]] * 4, np.float32), np.array([0, 8] * 4, dtype=float) + version
os.chdir("..")
shutil.rmtree(folder)
model = LinearRegression().fit(rows, labels)
mlflow.sklearn.save_model(model, folder, signature=infer_signature(rows, labels), pip_requirements=[])
"""
SUMS = {1: (6, 24), 2: (12, 48)}
LEAVES = {1: (1, 9), 2: (2, 10)}
TRITON = (
    "TritonServer(config=TritonModel(inputs=(Tensor(name='x', dtype='FP32', dims=(-1, 3)),), "
    "outputs=(Tensor(name='total', dtype='FP32', dims=(-1, 1)),)))"
)


def onnx_model(folder: Path, version: int) -> None:
    """Write total = x · weights, in ONNX's own message: the numbers are those of the fields in onnx.proto."""
    weights = (
        _field(1, 3) + _field(1, 1) + _field(2, 1) + _field(8, b"w") + _field(9, struct.pack("<3f", *3 * [version]))
    )
    product = _field(1, b"x") + _field(1, b"w") + _field(2, b"total") + _field(4, b"MatMul")
    graph = _field(1, product) + _field(2, b"g") + _field(5, weights) + _field(11, _value(b"x", 3))
    model = _field(1, 8) + _field(7, graph + _field(12, _value(b"total", 1))) + _field(8, _field(2, 13))
    (folder / "model.onnx").write_bytes(model)


def _value(name: bytes, columns: int) -> bytes:
    """A tensor of floats with any number of rows."""
    shape = _field(1, _field(2, b"rows")) + _field(1, _field(1, columns))
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def _field(number: int, value: int | bytes) -> bytes:
    """A field of a protobuf message, none of whose parts is longer than 127 bytes or two such."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    low, high = len(value) & 127, len(value) >> 7
    return bytes([number << 3 | 2, *([low | 128, high] if high else [low])]) + value


def written(file: str, text: str) -> Callable[[Path, int], None]:
    """Write a text, with the version in it, as the model or the class."""

    def make(folder: Path, version: int) -> None:
        (folder / file).write_text(text.replace("{version}", str(version)))

    return make


def beside_its_server(folder: Path, version: int) -> None:
    """Write the class beside the program that serves it: a command brings all that it needs."""
    entry = catalogue.load("seldon-python")
    catalogue.environment(entry)
    (folder / "serve.py").write_text(entry.copied["serve.py"].read_text())
    written("command_sums.py", CLASS.replace("wrapper", "command"))(folder, version)


def command() -> str:
    """A command that serves the class as an image with Seldon's wrapper would."""
    python = catalogue.environment_path(catalogue.load("seldon-python")) / "bin" / "python"
    words = (str(python), "{source}/serve.py", "command_sums.Sums")
    return f"ContainerServer(speaks=('seldon',), source='command', local_command={words!r})"


SAMPLES = (
    Sample("sklearn", "mlserver", "SklearnServer()", made_by("mlserver", SKLEARN), LEAVES),
    Sample(
        "runtime",
        "mlserver",
        "MLServerRuntime(source='runtime/runtime_sums.py', class_name='Sums')",
        written("runtime_sums.py", RUNTIME),
        SUMS,
        has_model=False,
    ),
    Sample("xgboost", "xgboost", "XGBoostServer()", made_by("xgboost", XGBOOST), LEAVES),
    Sample("lightgbm", "lightgbm", "LightGBMServer()", made_by("lightgbm", LIGHTGBM), LEAVES),
    Sample("onnx", "onnx", "OnnxServer()", onnx_model, SUMS),
    Sample(
        "torchserve",
        "torchserve",
        "TorchServeServer()",
        made_by("torchserve", TORCHSCRIPT, PYTHON),
        SUMS,
        input="input",
        metric="ts_inference_requests_total{hostname",
    ),
    Sample(
        "huggingface",
        "huggingface",
        "HuggingFaceServer(task='text-classification')",
        made_by("huggingface", PIPELINE, PYTHON),
        {1: 2 * (0.731059,), 2: 2 * (0.880797,)},
        rows=(f"good film{4500 * ' '}", f"bad film{4500 * ' '}"),
        large=500,
        datatype="BYTES",
        input="array_inputs",
        read=lambda said: [json.loads(each)["score"] for each in said],
    ),
    Sample("mlflow", "mlflow", "MLflowServer()", made_by("mlflow", MLFLOW), LEAVES),
    Sample("triton", "triton", TRITON, written("model.py", TRITON_CLASS), SUMS, metric="nv_inference_request_success"),
    Sample(
        "tensorflow",
        "tensorflow",
        "TensorFlowServer()",
        made_by("tensorflow", SAVED_MODEL),
        SUMS,
        protocol="tensorflow",
        metric=":tensorflow:serving:request_count",
    ),
    Sample(
        "wrapper",
        "seldon-python",
        "PythonServer(source='wrapper/wrapper_sums.py', class_name='Sums')",
        written("wrapper_sums.py", CLASS),
        SUMS,
        protocol="seldon",
        has_model=False,
        metric="sums_asked",
    ),
    Sample(
        "command",
        "seldon-python",
        command(),
        beside_its_server,
        SUMS,
        protocol="seldon",
        has_model=False,
        metric="sums_asked",
    ),
)
