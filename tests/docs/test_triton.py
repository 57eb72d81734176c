"""docs/triton.md: what it declares is right, what it quotes is said, and its table leaves out nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import seldon_infra
import seldon_infra.triton
from seldon_infra import InvalidSpec, Predictor, SeldonDeployment
from seldon_infra.graph.check import check_cluster, check_local
from seldon_infra.servers.triton.message import messages
from seldon_infra.triton import read_config_pbtxt

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "triton.md").read_text()
WRITTEN_BY_ITSELF = {"name", "max_batch_size"}


def shown(number: int, **changes: str) -> dict[str, Any]:
    """Run one of the page's blocks, with words changed."""
    text = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[number]
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    return names


def quoted(begins: str) -> list[str]:
    return re.findall(rf"^    ({begins}.*)$", PAGE, re.MULTILINE)


def test_the_stack_that_is_shown_is_right() -> None:
    (deployment,) = shown(0)["stack"].deployments
    assert check_local(deployment) == []


def test_an_edge_that_is_wrong_is_said_as_quoted() -> None:
    wrong = {'"classify", inputs={"scaled": "between"}': '"clasify", inputs={"scaled": "betwen"}'}
    (deployment,) = shown(0, **wrong)["stack"].deployments
    said = {str(problem) for problem in check_local(deployment)}
    assert set(quoted("SeldonDeployment 'digits'")) <= said


def test_memory_of_gpus_is_held_to_what_the_node_asks_for() -> None:
    def said(**changes: str) -> list[str]:
        predictors = [Predictor(name="main", graph=shown(2, **changes)["model"])]
        return [str(it) for it in check_cluster(SeldonDeployment(name="score", protocol="v2", predictors=predictors))]

    assert said() == []
    assert said(**{'gpu_memory="12Gi"': 'gpu_memory="10Gi"'}) == quoted("SeldonDeployment 'score'")


def test_an_unknown_field_is_said_as_quoted() -> None:
    (line,) = quoted("models/classify/config.pbtxt line")
    with pytest.raises(InvalidSpec) as error:
        read_config_pbtxt('name: "classify"\ninstance_groups { count: 2 }\n', "models/classify/config.pbtxt")
    assert str(error.value) == line


def test_the_table_has_every_field_of_a_configuration_and_names_of_the_library() -> None:
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", PAGE, re.MULTILINE)
    fields = {name for left, _ in rows for name in re.findall(r"`(\w+)`", left)}
    assert fields | WRITTEN_BY_ITSELF == {field.name for field in messages().ModelConfig.DESCRIPTOR.fields}
    names = {name for _, right in rows for name in re.findall(r"`([A-Z]\w+)`", right)}
    assert names <= set(seldon_infra.triton.__all__)
