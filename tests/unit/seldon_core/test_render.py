"""What Helm is told: exactly what the golden files show."""

from __future__ import annotations

import pytest

from seldon_infra import Chart, SeldonCore
from seldon_infra.charts.render import over, paths, release
from seldon_infra.seldon_core.render import chart, image_parts, namespace_labels, probe
from tests.unit.seldon_core.cases import CASES, GOLDEN, golden


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_helm_is_told(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), f"run: python -m tests.unit.seldon_core.cases, then read the difference of {name}"


def test_the_chart_is_seldons_own_in_the_operators_version() -> None:
    assert chart(SeldonCore()) == Chart(
        name="seldon-core-operator", repository="https://storage.googleapis.com/seldon-charts", version="1.17.1"
    )


def test_a_release_leaves_its_namespace_to_another_owner_and_is_undone_where_it_fails() -> None:
    inputs = release(Chart(name="./charts/operator"), "seldon-core", "seldon-system", {"a": 1})
    assert (inputs["create_namespace"], inputs["atomic"]) == (False, True)
    assert {"version", "repository_opts"}.isdisjoint(inputs)


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("seldonio/executor:1.17.1", ("docker.io", "seldonio/executor", "1.17.1")),
        ("host:5000/a/b:2", ("host:5000", "a/b", "2")),
        ("localhost/a@sha256:ab", ("localhost", "a@sha256", "ab")),
    ],
)
def test_the_chart_puts_an_image_together_again(image: str, parts: tuple[str, str, str]) -> None:
    found = image_parts(image)
    assert (found["registry"], found["repository"], found["tag"]) == parts
    assert image in f"{found['registry']}/{found['repository']}:{found['tag']}"


def test_values_are_merged_as_helm_does_it() -> None:
    assert over({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2]}) == {"a": {"b": 3, "c": 2}, "d": [2]}
    assert paths({"a": {"b": 1, "c": {}}, "d": 2}) == ["a.b", "a.c", "d"]


def test_an_operator_of_one_namespace_finds_its_webhook_by_a_label() -> None:
    assert namespace_labels(SeldonCore(single_namespace=True)) == {"seldon.io/controller-id": "seldon-system"}
    assert namespace_labels(SeldonCore()) == {}


def test_the_question_reaches_the_webhook_of_an_operator_with_an_id() -> None:
    assert probe(SeldonCore(controller_id="a"))["metadata"]["labels"] == {"seldon.io/controller-id": "a"}
    assert "labels" not in probe(SeldonCore())["metadata"]
