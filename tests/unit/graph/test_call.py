"""Where a deployment answers, and the command that asks it."""

from __future__ import annotations

import json
import shlex

import pytest

from seldon_infra.graph.call import deployment_url, grpc_address, predict_curl
from tests.unit.graph.check.build import deployment


def test_a_deployment_is_below_the_ingress() -> None:
    assert deployment_url("https://models.acme.io/", "vision", "iris") == ("https://models.acme.io/seldon/vision/iris")


@pytest.mark.parametrize(
    ("ingress", "address"),
    [
        ("http://203.0.113.7", "203.0.113.7:80"),
        ("https://models.acme.io/", "models.acme.io:443"),
        ("http://127.0.0.1:8003", "127.0.0.1:8003"),
        ("http://[2001:db8::1]", "[2001:db8::1]:80"),
        ("http://[2001:db8::1]:81", "[2001:db8::1]:81"),
    ],
)
def test_grpc_is_at_the_ingress_itself(ingress: str, address: str) -> None:
    assert grpc_address(ingress) == address


@pytest.mark.parametrize(
    ("protocol", "path"),
    [("seldon", "api/v1.0/predictions"), ("v2", "v2/models/infer"), ("tensorflow", "v1/models/score:predict")],
)
def test_a_command_asks_in_the_deployments_protocol(protocol: str, path: str) -> None:
    words = shlex.split(predict_curl(deployment(protocol=protocol), "http://h/seldon/ns/fraud"))
    assert words[0] == "curl"
    assert words[-1] == f"http://h/seldon/ns/fraud/{path}"
    assert json.loads(words[words.index("-d") + 1])


def test_who_answers_grpc_alone_has_no_such_command() -> None:
    assert predict_curl(deployment(transport="grpc"), "http://h").startswith("#")
