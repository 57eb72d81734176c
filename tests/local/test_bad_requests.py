"""What clients do wrong, through the whole way: Envoy, and MLServer asked directly. Each gets an error of the
protocol's own with status 4xx, and the next good request works."""

from __future__ import annotations

import contextlib
import json
import pickle
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import jsonschema
import openapi_spec_validator
import pytest
from openapi_schema_validator import OAS30Validator

from seldon_infra.runtime.messages import message
from seldon_infra.servers.catalogue import environment, load
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask, raw, received

pytestmark = [pytest.mark.engine, pytest.mark.local]
INFER = "/seldon/ns/iris/v2/models/classify/infer"
METHOD = "inference.GRPCInferenceService/ModelInfer"
TRAIN = Path(__file__).parents[2] / "bench" / "iris" / "train.py"
DEFINITION = """
from seldon_infra import SklearnServer
model = Model(name='classify', server=SklearnServer(), model_uri='model')
predictors = (Predictor(name='main', graph=model),)
stack = Stack(target=Local(), deployments=(
    SeldonDeployment(name='iris', namespace='ns', protocol='v2', predictors=predictors),
))
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "model").mkdir()
        python = environment(load("mlserver")) / "bin" / "python"
        subprocess.run([python, TRAIN, made.folder / "model" / "model.joblib"], check=True, timeout=600)
        made.write(DEFINITION)
        made.engine.up()
        yield made


def request(data: list[Any], shape: list[int] | None = None, datatype: str = "FP64") -> bytes:
    tensor = {"name": "x", "shape": shape or [1, len(data)], "datatype": datatype, "data": data}
    return json.dumps({"inputs": [tensor]}).encode()


GOOD = request([5.1, 3.5, 1.4, 0.2])


def good(project: Project) -> None:
    answer = ask(project.port, INFER, "POST", GOOD)
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["data"] == [0]


BAD: dict[str, tuple[bytes, str]] = {
    "malformed JSON": (b'{"inputs": [', INFER),
    "no JSON at all": (b"\x00\xff", INFER),
    "an empty body": (b"", INFER),
    "JSON of another shape": (b"[1, 2]", INFER),
    "no inputs": (b"{}", INFER),
    "a wrong shape": (request([1.0, 2.0]), INFER),
    "a shape that is not its data's": (request([1.0, 2.0], [1, 4]), INFER),
    "a wrong dtype": (request(["a", "b", "c", "d"], None, "BYTES"), INFER),
    "an unknown dtype": (request([1.0, 2.0, 3.0, 4.0], None, "FLOAT"), INFER),
    "NaN": (request([float("nan")] * 4), INFER),
    "a number beyond its dtype": (request([300, 1, 1, 1], None, "UINT8"), INFER),
    "an id of two lines": (GOOD.replace(b"{", b'{"id": "a\\r\\nX-Evil: 1", ', 1), INFER),
    "a long id": (GOOD.replace(b"{", b'{"id": "' + b"x" * 50_000 + b'", ', 1), INFER),
    "an unknown model": (GOOD, INFER.replace("classify", "nobody")),
    "an unknown deployment": (GOOD, INFER.replace("iris", "nobody")),
    "an unknown path": (GOOD, INFER + "/now"),
    "the model repository": (b"{}", "/seldon/ns/iris/v2/repository/models/classify/unload"),
    "100 MB": (b" " * 100_000_000, INFER),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_a_4xx_and_the_next_one_works(project: Project, name: str) -> None:
    body, path = BAD[name]
    answer = sent(project, path, body)
    assert 400 <= answer.status < 500, (answer.status, answer.body[:500])
    assert "error" in answer.json, answer.body[:500]
    assert "Traceback" not in answer.body.decode()
    good(project)


def sent(project: Project, path: str, body: bytes) -> Answer:
    """Send a body that the gateway may refuse before it has all of it."""
    if len(body) < 1_000_000:
        return ask(project.port, path, "POST", body)
    with socket.create_connection(("127.0.0.1", project.port), timeout=60) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(body)
        answer = received(connection)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), {}, rest)


def test_an_encoded_body_is_refused(project: Project) -> None:
    answer = ask(project.port, INFER, "POST", GOOD, {"Content-Encoding": "gzip"})
    assert answer.status == 415
    good(project)


def test_what_is_not_http_is_refused(project: Project) -> None:
    assert raw(project.port, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")
    good(project)


def infer(data: list[float], shape: list[int] | None = None, model: str = "classify", **contents: Any) -> bytes:
    tensor = {"name": "x", "datatype": "FP64", "shape": shape or [1, len(data)]}
    tensor["contents"] = contents or {"fp64_contents": data}
    made = message("inference.ModelInferRequest")(model_name=model, inputs=[tensor])
    return bytes(made.SerializeToString())


BAD_MESSAGES: dict[str, tuple[bytes, str]] = {
    "a malformed protobuf": (b"\xff\xff\xff", METHOD),
    "a wrong shape": (infer([1.0, 2.0]), METHOD),
    "a shape that is not its data's": (infer([1.0], [1, 4]), METHOD),
    "NaN": (infer([float("nan")] * 4), METHOD),
    "an unknown model": (infer([1.0] * 4, model="nobody"), METHOD),
    "a repository method": (b"", "inference.GRPCInferenceService/RepositoryModelUnload"),
    "an unknown service": (b"", "seldon.protos.Seldon/Predict"),
}
CLIENTS_FAULT = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.FAILED_PRECONDITION,
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_the_clients_fault_and_the_next_one_works(project: Project, name: str) -> None:
    wire, method = BAD_MESSAGES[name]
    with pytest.raises(grpc.RpcError) as error:
        call(project, wire, method)
    assert error.value.code() in CLIENTS_FAULT, error.value
    answer = message("inference.ModelInferResponse").FromString(call(project, infer([5.1, 3.5, 1.4, 0.2])))
    assert list(answer.outputs[0].contents.int64_contents) == [0]


def call(project: Project, wire: bytes, method: str = METHOD) -> bytes:
    metadata = (("seldon", "iris"), ("namespace", "ns"))
    with grpc.insecure_channel(f"127.0.0.1:{project.port}") as channel:
        return bytes(channel.unary_unary(f"/{method}")(wire, timeout=60, metadata=metadata))


def test_the_api_document_is_openapi_and_tells_the_truth(project: Project) -> None:
    document = ask(project.port, "/seldon/ns/iris/api/v1.0/doc/openapi.json", "GET", None).json
    openapi_spec_validator.validate(document)
    where = document["servers"][0]["url"]
    for path, operations in document["paths"].items():
        if "get" in operations:
            assert ask(project.port, where + path, "GET", None).status == 200, path
        if "post" in operations:
            taken = operations["post"]["requestBody"]
            given = operations["post"]["responses"]
            require(document, taken, json.loads(GOOD))
            require(document, given["200"], ask(project.port, where + path, "POST", GOOD).json)
            require(document, given["default"], ask(project.port, where + path, "POST", b"{").json)
    with pytest.raises(jsonschema.ValidationError):
        require(document, taken, {"inputs": []})


def require(document: Any, body: Any, tree: Any) -> None:
    """Hold a tree against the schema of a request's or an answer's body."""
    schema = body["content"]["application/json"]["schema"]
    OAS30Validator({**schema, "components": document["components"]}).validate(tree)


def half(model: bytes) -> bytes:
    return model[: len(model) // 2]


def no_model(model: bytes) -> bytes:
    """A pickle that may be read, of something that cannot predict."""
    return pickle.dumps({"weights": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("broken", "says"),
    [(half, r"model 'classify': model_uri 'model': model\.joblib "), (no_model, "process 'iris.main.classify'")],
)
def test_a_broken_model_fails_the_up_and_the_old_one_serves_on(
    project: Project, broken: Callable[[bytes], bytes], says: str
) -> None:
    """Half a file is refused when it is judged, what is no model by its server."""
    file = project.folder / "model" / "model.joblib"
    kept = file.read_bytes()
    file.write_bytes(broken(kept))
    failed = project.engine.up(check=False)
    assert failed.returncode != 0
    assert re.search(says, failed.stdout), failed.stdout
    good(project)
    file.write_bytes(kept)
    project.engine.up()
    good(project)
