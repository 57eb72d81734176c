"""What differs between two sets of inputs."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.provider.diff import Difference, Kind, differences
from seldon_infra.provider.values import path_text

OLD: dict[str, Any] = {"name": "a", "ports": [1, 2], "probe": {"path": "/", "seconds": 3}, "tags": {"x": "1"}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"name": "b"}, ["update name"]),
        ({"ports": [1, 3]}, ["update ports[1]"]),
        ({"ports": [1, 2, 3]}, ["add ports[2]"]),
        ({"ports": [1]}, ["delete ports[1]"]),
        ({"probe": {"path": "/live", "seconds": 3}}, ["update probe.path"]),
        ({"probe": {"seconds": 3}}, ["delete probe.path"]),
        ({"tags": {"x": "1", "y": "2"}}, ["add tags.y"]),
        ({"tags": "none"}, ["update tags"]),
        ({"extra": True}, ["add extra"]),
        ({"probe": {"path": "/", "seconds": 3.0}}, []),
        ({"ports": [True, 2]}, ["update ports[0]"]),
    ],
)
def test_a_change_is_named_by_its_path_and_kind(change: dict[str, Any], expected: list[str]) -> None:
    found = differences(OLD, {**OLD, **change}, frozenset())
    assert [f"{it.kind.value} {path_text(it.path)}" for it in found] == expected
    assert not any(it.replaces for it in found)


@pytest.mark.parametrize(
    ("replace_on", "change", "replaces"),
    [
        ({"name"}, {"name": "b"}, True),
        ({"name"}, {"ports": []}, False),
        ({"probe"}, {"probe": {"path": "/x", "seconds": 3}}, True),
        ({"probe.path"}, {"probe": {"path": "/x", "seconds": 3}}, True),
        ({"probe.path"}, {"probe": {"path": "/", "seconds": 4}}, False),
        ({"ports"}, {"ports": [1, 3]}, True),
        (None, {"tags": {}}, True),
    ],
)
def test_a_change_replaces_where_the_type_says_so(
    replace_on: set[str] | None, change: dict[str, Any], replaces: bool
) -> None:
    assert {it.replaces for it in differences(OLD, {**OLD, **change}, replace_on)} == {replaces}


def test_a_python_name_is_found_under_its_wire_name() -> None:
    found = differences({"drainSeconds": 1}, {"drainSeconds": 2}, {"drain_seconds"})
    assert found == [Difference(("drainSeconds",), Kind.UPDATE, replaces=True)]
