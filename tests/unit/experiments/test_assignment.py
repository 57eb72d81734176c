from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.experiments.assignment import A, B, arm_of, as_key, key_in, point, unit_of

KEYS = [f"user-{number}" for number in range(20_000)]
TEXTS = st.text(min_size=1, max_size=40)
SHARES = st.floats(0, 1)
GOLDEN = [
    ("fraud-v2.0123456789ab", "user-1", 0.17109815964012542, B, A),
    ("fraud-v2.0123456789ab", "user-2", 0.28753423092404584, B, A),
    ("fraud-v2.0123456789ab", "Zoë", 0.31184776346801013, B, A),
    ("fraud-v2.0123456789ab", "4711", 0.42568562171063185, B, A),
    ("fraud-v2.ba9876543210", "user-1", 0.11205898316196328, B, A),
]
"""Salt, key, point, arm with half of the users in b, and with a tenth."""


@pytest.mark.parametrize(("salt", "key", "at", "half", "tenth"), GOLDEN)
def test_a_key_has_its_published_point(salt: str, key: str, at: float, half: int, tenth: int) -> None:
    assert point(salt, key) == at
    assert (arm_of(salt, key, 0.5), arm_of(salt, key, 0.1)) == (half, tenth)


@given(TEXTS, TEXTS, SHARES)
def test_a_key_always_has_the_same_arm(salt: str, key: str, share: float) -> None:
    assert arm_of(salt, key, share) == arm_of(salt, key, share)


@given(TEXTS, TEXTS, SHARES, SHARES)
def test_growing_b_moves_users_from_a_to_b_alone(salt: str, key: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert arm_of(salt, key, smaller) <= arm_of(salt, key, larger)


@given(TEXTS, TEXTS)
def test_a_share_of_all_or_nothing_means_it(salt: str, key: str) -> None:
    assert (arm_of(salt, key, 0.0), arm_of(salt, key, 1.0)) == (A, B)


@pytest.mark.parametrize("salt", ["one", "two", "fraud-v2.0123456789ab"])
def test_points_are_uniform(salt: str) -> None:
    cells = Counter(int(point(salt, key) * 100) for key in KEYS)
    expected = len(KEYS) / 100
    squares = sum((cells[cell] - expected) ** 2 / expected for cell in range(100))
    # 99 degrees of freedom: above 160 in one of ten thousand.
    assert squares < 160


def test_experiments_do_not_know_of_each_other() -> None:
    both = Counter((arm_of("one", key, 0.5), arm_of("two", key, 0.5)) for key in KEYS)
    expected = len(KEYS) / 4
    # 3 degrees of freedom: above 21 in one of ten thousand.
    assert sum((count - expected) ** 2 / expected for count in both.values()) < 21
    assert len(both) == 4


def test_what_stands_for_a_key_says_nothing_of_its_arm_and_is_its_own() -> None:
    units = [unit_of("one", key) for key in KEYS]
    assert len(set(units)) == len(KEYS)
    assert unit_of("one", "user-1") != unit_of("two", "user-1")


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("user-1", "user-1"),
        (" user-1 ", "user-1"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (True, "true"),
        ("", None),
        (" ", None),
        (None, None),
        ([1], None),
        ({"a": 1, "b": 2}, None),
    ],
)
def test_a_value_is_a_key_or_none(value: object, key: str | None) -> None:
    assert as_key(value) == key


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("parameters.user", "u"),
        ("parameters.wrapped", "w"),
        ("parameters.number", "42"),
        ("inputs.0.data.1", "2"),
        ("inputs.9.data.1", None),
        ("inputs.name", None),
        ("parameters.user.more", None),
        ("nothing", None),
    ],
)
def test_a_path_leads_to_a_key_or_to_none(path: str, key: str | None) -> None:
    message = {
        "parameters": {"user": "u", "wrapped": {"string_param": "w"}, "number": {"int64_param": "42"}},
        "inputs": [{"data": [1, 2]}],
    }
    assert key_in(message, path) == key


@pytest.mark.parametrize("message", [None, "text", 3, [], {}])
def test_a_message_of_another_shape_has_no_key(message: object) -> None:
    assert key_in(message, "parameters.user") is None
