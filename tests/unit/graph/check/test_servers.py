from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Explainer
from seldon_infra.servers.spec import (
    ContainerServer,
    HuggingFaceServer,
    MLflowServer,
    SklearnServer,
    XGBoostServer,
)
from tests.unit.graph.check.build import (
    NODE,
    PREDICTOR,
    Row,
    deployment,
    graph,
    model,
    of_node,
    of_predictor,
    predictor,
    python,
    runtime,
)

DIGEST = "ghcr.io/acme/score@sha256:" + "0a" * 32


def container(**fields: object) -> ContainerServer:
    return ContainerServer(**{"image": DIGEST, "speaks": ["seldon"], **fields})


def explainer(**fields: object) -> Explainer:
    return Explainer(**{"type": "AnchorTabular", "model_uri": "s3://bucket/explainer", **fields})


def hugging_face(**fields: object) -> object:
    return graph(model(server=HuggingFaceServer(**fields), model_uri=None), protocol="v2")


def on_v2(**fields: object) -> object:
    return deployment(predictor(**fields), protocol="v2")


def code(**fields: object) -> object:
    return of_node(server=python(**fields), model_uri=None)


ROWS = {
    "a prepackaged server has a model": Row(
        of_node(model_uri=None),
        f"{NODE}: model_uri is not set, must be given for SklearnServer; "
        "write model_uri='path/to/model', or a URI such as 's3://bucket/model'",
        of_node(model_uri="models/score"),
    ),
    "a model's place is not empty": Row(
        of_node(model_uri="", server=XGBoostServer()),
        f"{NODE}: model_uri is empty, must be given for XGBoostServer; "
        "write model_uri='path/to/model', or a URI such as 's3://bucket/model'",
        of_node(server=XGBoostServer()),
    ),
    "a model of the hub or of one's own": Row(
        hugging_face(),
        f"{NODE}: neither model_uri nor pretrained_model is set, must be one of them for HuggingFaceServer; "
        "write model_uri=…, or task=… and pretrained_model=… in HuggingFaceServer",
        hugging_face(task="text-classification", pretrained_model="distilbert-base-uncased"),
    ),
    "code is in a Python file": Row(
        code(source="score"),
        f"{NODE}: source 'score', must be the path of a Python file in the project; write source='path/to/file.py'",
        code(source="score.py"),
    ),
    "code is a class": Row(
        graph(model(server=runtime(class_name="score.Score"), model_uri=None), protocol="v2"),
        f"{NODE}: class_name 'score.Score', must be the name of a class; write class_name='NameOfTheClass'",
        graph(model(server=runtime(), model_uri=None), protocol="v2"),
    ),
    "code is in the project": Row(
        code(source="../score.py"),
        f"{NODE}: source '../score.py', must be the path of a Python file in the project; "
        "write source='path/to/file.py'",
        code(source="./nodes/score.py"),
    ),
    "code can be imported": Row(
        code(source="my-score.py"),
        f"{NODE}: source 'my-score.py', must have the name of a Python module; rename the file to 'my_score.py'",
        code(source="my_score.py"),
    ),
    "a class is no keyword": Row(
        code(class_name="class"),
        f"{NODE}: class_name 'class', must be the name of a class; write class_name='NameOfTheClass'",
        code(class_name="Class"),
    ),
    "requirements are pip's": Row(
        code(requirements=["numpy==2", "not a req !!"]),
        f"{NODE}: requirements 'not a req !!', must be a requirement of pip; write 'name==1.2.3'",
        code(requirements=["numpy", "shapely[vectorized]>=2,<3 ; python_version >= '3.11'", "a @ https://host/a.whl"]),
    ),
    "a version is one": Row(
        of_node(server=MLflowServer(version="latest")),
        f"{NODE}: MLflowServer version 'latest', must be three numbers; write version='1.17.1'",
        of_node(server=MLflowServer(version="1.17.1")),
    ),
    "an explainer starts from something": Row(
        of_predictor(explainer=explainer(model_uri=None, init_parameters={"threshold": 0.9})),
        f"{PREDICTOR}: explainer.model_uri is not set for AnchorTabular, must be given; "
        "write model_uri='s3://bucket/explainer' in Explainer",
        of_predictor(explainer=explainer(type="AnchorText", model_uri=None, init_parameters={"threshold": 0.9})),
    ),
    "an explainer starts from a model or from arguments": Row(
        of_predictor(explainer=explainer(type="AnchorImages", model_uri=None)),
        f"{PREDICTOR}: explainer.model_uri is not set for AnchorImages, must be given, or init_parameters; "
        "write model_uri='s3://bucket/explainer' in Explainer",
        of_predictor(explainer=explainer(type="AnchorImages")),
    ),
    "an explainer's licence is chosen": Row(
        of_predictor(explainer=explainer(version="1.19.0")),
        f"{PREDICTOR}: explainer.version '1.19.0' is under BSL-1.1, whose use in production has to be paid for, "
        "must be at most 1.17.1, the last under Apache-2.0, unless you accept that licence; "
        "write version='1.17.1', or licence='BSL-1.1' if you have one",
        of_predictor(explainer=explainer(version="1.19.0", licence="BSL-1.1")),
    ),
    "an explainer's licence is chosen by MLServer's versions on v2": Row(
        on_v2(explainer=explainer(version="1.5.0")),
        f"{PREDICTOR}: explainer.version '1.5.0' is under BSL-1.1, whose use in production has to be paid for, "
        "must be at most 1.4.0, the last under Apache-2.0, unless you accept that licence; "
        "write version='1.4.0', or licence='BSL-1.1' if you have one",
        on_v2(explainer=explainer(version="1.4.0")),
    ),
    "a licence is chosen": Row(
        of_node(server=SklearnServer(version="1.18.0")),
        f"{NODE}: SklearnServer version '1.18.0' is under BSL-1.1, whose use in production has to be paid for, "
        "must be at most 1.17.1, the last under Apache-2.0, unless you accept that licence; "
        "write version='1.17.1', or licence='BSL-1.1' if you have one",
        of_node(server=SklearnServer(version="1.18.0", licence="BSL-1.1")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_an_image_that_speaks_nothing_is_asked_what_it_speaks() -> None:
    assert [str(problem) for problem in check(of_node(server=container(speaks=[]), model_uri=None))] == [
        f"{NODE}: speaks is empty, must name at least one protocol; write speaks=['seldon']",
        f"{NODE}: server ContainerServer speaks nothing, must speak the deployment's protocol 'seldon'; "
        "use PythonServer or ContainerServer here",
    ]


@pytest.mark.parametrize("version", ["1.17.1", "1.9.0", "1.16.0"])
def test_versions_compare_as_numbers(version: str) -> None:
    assert check(of_node(server=SklearnServer(version=version))) == []
