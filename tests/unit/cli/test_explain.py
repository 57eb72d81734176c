from __future__ import annotations

import pytest

from seldon_infra.cli.explain import values_of
from seldon_infra.core.errors import InvalidSpec

FEATURES = ["amount", "hour", "distance"]


@pytest.mark.parametrize("text", ["1,2,3", " 1 , 2 , 3 ", "hour=2,distance=3,amount=1"])
def test_a_row_is_given_by_its_order_or_by_its_names(text: str) -> None:
    assert values_of(text, FEATURES) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("1,2", ["--row: 2 values, must be 3: amount, hour, distance; give one for each"]),
        ("1,2,red", ["--row: 2 'red', must be a number; write categories as their numbers"]),
        ("1,2,inf", ["--row: 2 'inf', must be a number; write categories as their numbers"]),
        ("amount=1,hour=2", ["--row: distance not given, must all be given; add them"]),
        (
            "amont=1,hour=2,distance=x",
            [
                "--row: feature 'amont', must be one that the model has; write amount",
                "--row: amount not given, must all be given; add them",
                "--row: distance 'x', must be a number; write categories as their numbers",
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_a_row_is_said_at_once(text: str, messages: list[str]) -> None:
    with pytest.raises(InvalidSpec) as refused:
        values_of(text, FEATURES)
    assert [str(problem) for problem in refused.value.problems] == messages
