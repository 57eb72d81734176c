from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import Problem, Problems, from_validation_error, shown

PROBLEM = Problem(
    path="SeldonDeployment 'fraud' → predictor 'canary'",
    got="traffic 20 + 70 = 90",
    want="must sum to 100",
    fix="set traffic on 'main' to 80",
)


class Inner(BaseModel):
    size: int = 1


class Outer(BaseModel, extra="forbid"):
    colour: Literal["red", "green"] = "red"
    value: int | bool | None = None
    inner: Inner = Inner()
    inners: list[Inner] = []
    words: dict[str, str] = {}
    secret: str = Field(default="", repr=False)
    size: float = 1.0


def said(**fields: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(fields)
    return [str(problem) for problem in from_validation_error(caught.value, "thing 'x'", Outer)]


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(PROBLEM) == (
        "SeldonDeployment 'fraud' → predictor 'canary': traffic 20 + 70 = 90, must sum to 100; "
        "set traffic on 'main' to 80"
    )


def test_a_problem_can_be_put_inside_another_object() -> None:
    assert PROBLEM.within("stack 'prod'").path == "stack 'prod' → SeldonDeployment 'fraud' → predictor 'canary'"


def test_a_problem_hides_secrets_and_what_may_be_made_of_them() -> None:
    problem = Problem(path="thing 'x'", got="name 'Hunter 2'", want="must be a label", fix="write name='hunter-2'")
    assert str(problem.hiding(["Hunter 2", ""])) == "thing 'x': name [secret], must be a label; correct the secret"
    assert problem.hiding(["other"]) is problem


def test_a_value_of_later_is_shown_without_being_asked_for_anything() -> None:
    class Asked:
        def apply(self) -> None: ...

        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    assert shown(Asked()) == "Asked"


def test_problems_are_raised_once_and_all() -> None:
    problems = Problems()
    problems.raise_if_any()
    problems.add([PROBLEM])
    problems.add([PROBLEM])
    with pytest.raises(InvalidSpec) as caught:
        problems.raise_if_any()
    assert caught.value.problems == (PROBLEM, PROBLEM)
    assert str(caught.value) == f"{PROBLEM}\n{PROBLEM}"


def test_a_choice_names_what_there_is() -> None:
    assert said(colour="blue") == ["thing 'x': colour 'blue', must be 'red' or 'green'; change colour"]


def test_alternatives_of_one_value_are_one_problem() -> None:
    assert said(value="many") == ["thing 'x': value 'many', must be a whole number or True or False; change value"]


def test_two_values_that_are_equally_wrong_are_two_problems() -> None:
    assert len(said(inners=["a", "a"])) == 2


def test_equal_values_of_a_mapping_are_problems_each_by_its_key() -> None:
    assert said(words={"Team": 3, "Owner": 3}) == [
        "thing 'x': words.Team 3, must be a string; change words.Team",
        "thing 'x': words.Owner 3, must be a string; change words.Owner",
    ]


def test_a_value_inside_another_is_named_by_its_path() -> None:
    assert said(inner={"size": "a"}, inners=[{"size": "b"}]) == [
        "thing 'x': inner.size 'a', must be a whole number; change inner.size",
        "thing 'x': inners[0].size 'b', must be a whole number; change inners[0].size",
    ]


def test_a_secret_is_not_shown() -> None:
    assert said(secret=["hunter2"]) == ["thing 'x': secret, must be a string; change secret"]


def test_an_unknown_field_is_answered_by_the_nearest_one() -> None:
    assert said(color="red") == ["thing 'x': color is not a field, must be one that the object has; write colour"]


def test_an_unknown_field_like_no_other_is_answered_by_all() -> None:
    assert said(zzz=1) == [
        "thing 'x': zzz is not a field, must be one that the object has; "
        "fields are: colour, inner, inners, secret, size, value, words"
    ]


def test_a_long_value_is_cut() -> None:
    assert len(shown("a" * 1000)) == 60
