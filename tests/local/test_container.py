"""A command in the place of an image, behind the gateway: on each protocol, with its files and its ports."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.local.project import Project, new_project
from tests.local.scene import ask, call

pytestmark = [pytest.mark.engine, pytest.mark.local]
BACKEND = Path(__file__).with_name("backend.py")
DEFINITION = f"""
from seldon_infra import ContainerServer

def deployment(protocol):
    server = ContainerServer(
        image='acme/echo:1', speaks=(protocol,), source='echo',
        local_command=(
            {sys.executable!r}, '{{source}}/backend.py', '{{name}} of {{deployment}}', '{{port.http}}', '{{port.grpc}}'
        ),
    )
    graph = Model(name='m', server=server)
    return SeldonDeployment(
        name=protocol, namespace='ns', protocol=protocol, predictors=(Predictor(name='main', graph=graph),)
    )

stack = Stack(target=Local(), deployments=tuple(map(deployment, ('seldon', 'v2', 'tensorflow'))))
"""
PATHS = {
    "seldon": ("/api/v1.0/predictions", b'{"data": {"ndarray": [[1]]}}', "/predict"),
    "v2": (
        "/v2/models/infer",
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "INT32", "data": [1]}]}',
        "/v2/models/m/infer",
    ),
    "tensorflow": ("/v1/models/tensorflow:predict", b'{"instances": [1]}', "/v1/models/m:predict"),
}


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "echo").mkdir()
        (made.folder / "echo" / "backend.py").write_text(BACKEND.read_text())
        made.write(DEFINITION)
        made.engine.up()
        yield made


@pytest.mark.parametrize("protocol", PATHS)
def test_a_command_answers_in_the_place_of_its_image(project: Project, protocol: str) -> None:
    path, body, asked = PATHS[protocol]
    answer = ask(project.port, f"/seldon/ns/{protocol}{path}", "POST", body)
    assert answer.status == 200, answer.body
    assert (answer.json["name"], answer.json["path"]) == (f"m of {protocol}", asked)


def test_the_answer_says_the_image_that_a_cluster_would_run(project: Project) -> None:
    path, body, _ = PATHS["seldon"]
    found = ask(project.port, f"/seldon/ns/seldon{path}", "POST", body).json
    assert found["meta"]["requestPath"] == {"m": "acme/echo:1"}


def test_grpc_reaches_the_command_s_own_port(project: Project) -> None:
    method = "tensorflow.serving.PredictionService/Predict"
    with grpc.insecure_channel(f"127.0.0.1:{project.port}") as channel:
        said, _ = call(channel, method, seldon="tensorflow")
    assert said == f"m of tensorflow /{method}"


def test_a_path_that_protocol_tensorflow_does_not_have_ends_at_the_gateway(project: Project) -> None:
    answer = ask(project.port, "/seldon/ns/tensorflow/v1/models/m:unload", "POST")
    assert answer.status == 404
    assert answer.json["error"] == "deployment 'tensorflow' has no such path or model; its models: m, tensorflow"
