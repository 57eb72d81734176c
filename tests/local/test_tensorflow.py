"""TensorFlow's predict API behind the gateway: formats, signatures, versions, and requests that cannot be right."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from seldon_infra.runtime.messages import message
from tests.engine.scratch import STACK
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask
from tests.local.servers.contract import made_by

pytestmark = [pytest.mark.engine, pytest.mark.local]
MODELS = """
import tensorflow as tf
class Words(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x, axis=1, keepdims=True) * version}
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "word"), tf.TensorSpec([None], tf.int32, "times")])
    def shout(self, word, times):
        return {"said": tf.strings.join([word, "!"]), "as_bytes": word, "next": times + 1}
words = Words()
served = {"serving_default": words.total, "shout": words.shout}
tf.saved_model.save(words, f"{folder}/2", signatures=served)
tf.saved_model.save(words, f"{folder}/10", signatures=served)
tf.saved_model.save(tf.Module(), f"{folder}/../silent/1")
"""
DEFINITION = """
from seldon_infra import TensorFlowServer
stack = Stack(target=Local(), deployments=(SeldonDeployment(name='d', namespace='ns', protocol='tensorflow',
    predictors=(Predictor(name='main', graph=Model(name='m', server=TensorFlowServer(), model_uri='MODEL')),)),))
"""
PREDICT = "/seldon/ns/d/v1/models/m:predict"


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "words").mkdir()
        made_by("tensorflow", MODELS)(made.folder / "words", 3)
        made.write(DEFINITION.replace("MODEL", "words"))
        made.engine.up()
        yield made


def predict(project: Project, body: object) -> Answer:
    return ask(project.port, PREDICT, "POST", body if isinstance(body, bytes) else json.dumps(body).encode())


SHOUTED = {"said": "hi!", "as_bytes": {"b64": "aGk="}, "next": 2}
ANSWERS: dict[str, tuple[object, object]] = {
    "rows": ({"instances": [[1, 2], [3, 4]]}, {"predictions": [[9], [21]]}),
    "named rows": ({"instances": [{"x": [1, 2]}]}, {"predictions": [[9]]}),
    "columns": ({"inputs": [[1, 2]]}, {"outputs": [[9]]}),
    "named columns": ({"inputs": {"x": [[1, 2]]}}, {"outputs": [[9]]}),
    "a signature, texts and bytes": (
        {"signature_name": "shout", "instances": [{"word": {"b64": "aGk="}, "times": 1}, {"word": "hi", "times": 1}]},
        {"predictions": [SHOUTED, SHOUTED]},
    ),
}


@pytest.mark.parametrize(("asked", "answered"), ANSWERS.values(), ids=ANSWERS)
def test_each_format_is_answered_in_kind(project: Project, asked: object, answered: object) -> None:
    answer = predict(project, asked)
    assert (answer.status, answer.json) == (200, answered)


BAD: dict[str, object] = {
    "malformed JSON": b'{"instances": [',
    "nested too deep": b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}",
    "no inputs": {},
    "both formats": {"instances": [[1, 2]], "inputs": [[1, 2]]},
    "no rows": {"instances": []},
    "rows of several lengths": {"instances": [[1, 2], [3]]},
    "a wrong shape": {"instances": [[1, 2, 3]]},
    "a text for a number": {"instances": [["1", 2]]},
    "null for a number": {"instances": [[None, 2]]},
    "another input": {"instances": [{"y": [1, 2]}]},
    "an unknown signature": {"signature_name": "whisper", "instances": [[1, 2]]},
    "a fraction for a whole number": {"signature_name": "shout", "inputs": {"word": ["a"], "times": [1.5]}},
    "a number that is too large": {"signature_name": "shout", "inputs": {"word": ["a"], "times": [2**31]}},
    "a number for a text": {"signature_name": "shout", "inputs": {"word": [1], "times": [1]}},
    "bytes that are none": {"signature_name": "shout", "inputs": {"word": [{"b64": "%"}], "times": [1]}},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_request_that_cannot_be_right_is_the_client_s_fault(project: Project, body: object) -> None:
    answer = predict(project, body)
    assert answer.status == 400, answer.body
    assert set(answer.json) == {"error"}
    assert predict(project, {"instances": [[1, 2]]}).status == 200


def test_the_highest_number_is_served(project: Project) -> None:
    found = ask(project.port, "/seldon/ns/d/v1/models/d", "GET", None).json
    assert [(it["version"], it["state"]) for it in found["model_version_status"]] == [("10", "AVAILABLE")]


def test_metadata_names_signatures_without_the_one_that_initialises(project: Project) -> None:
    found = ask(project.port, "/seldon/ns/d/v1/models/m/metadata", "GET", None).json
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "shout"}
    assert signatures["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"


def request(size: int = 1, dtype: int = 1, model: str = "m") -> bytes:
    made = message("tensorflow.serving.PredictRequest")(model_spec={"name": model})
    shape = {"dim": [{"size": size}, {"size": 2}]}
    tensor = message("tensorflow.serving.TensorProto")(dtype=dtype, tensor_shape=shape, float_val=[1, 2])
    made.inputs["x"].CopyFrom(tensor)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (request(size=10**12), grpc.StatusCode.INVALID_ARGUMENT),
        (request(size=-1), grpc.StatusCode.INVALID_ARGUMENT),
        (request(dtype=2), grpc.StatusCode.INVALID_ARGUMENT),
        (request(dtype=99), grpc.StatusCode.INVALID_ARGUMENT),
        (request(model="other"), grpc.StatusCode.NOT_FOUND),
    ],
)
def test_a_message_that_cannot_be_right_is_the_client_s_fault(
    project: Project, wire: bytes, code: grpc.StatusCode
) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{project.port}") as channel:
        call: Any = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        metadata = (("seldon", "d"), ("namespace", "ns"))
        with pytest.raises(grpc.RpcError) as error:
            call(wire, timeout=60, metadata=metadata)
        assert error.value.code() is code, error.value
        call(request(), timeout=60, metadata=metadata)


@pytest.mark.parametrize("transport", ["--rest", "--grpc"])
def test_the_command_line_asks_it(project: Project, transport: str) -> None:
    (project.folder / "request.json").write_text('{"inputs": {"x": [[1, 2]]}}')
    command = [sys.executable, "-m", "seldon_infra.cli.main", "predict", "d", transport, "--data", "request.json"]
    done = subprocess.run(
        [*command, "--stack", STACK], cwd=project.folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.partition("\n")[2]) == {"outputs": [[9.0]]}


def test_what_cannot_be_served_is_an_error_at_preview(project: Project) -> None:
    shutil.copytree(project.folder / "words" / "2", project.folder / "loose" / "v2")
    for folder, said in {"silent": "has no signature", "loose": "version folder 'v2', must be a whole number"}.items():
        project.write(DEFINITION.replace("MODEL", folder))
        done = project.engine.preview(check=False)
        assert done.returncode != 0
        assert said in done.stdout + done.stderr
