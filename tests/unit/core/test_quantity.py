from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.quantity import (
    format_cpu,
    format_memory,
    parse_duration,
    parse_percent,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500m", "0.5"),
        ("1", "1"),
        (2, "2"),
        (0.5, "0.5"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),
        ("2M", "2000000"),
        ("1e3", "1000"),
        ("-1", "-1"),
        (".5", "0.5"),
        ("250000u", "0.25"),
        ("500000000n", "0.5"),
    ],
)
def test_a_quantity_is_read(text: str | int | float, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "1GB", "1 Gi", "half", "1mi", "0x10", "1Gi ", "٣", "--1", "1e1000", "nan"])
def test_another_text_is_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None


@given(st.integers(0, 2**70))
def test_memory_that_is_written_is_read_back(size: int) -> None:
    assert parse_quantity(format_memory(size)) == size


@given(st.integers(0, 10**6))
def test_cpu_that_is_written_is_read_back(thousandths: int) -> None:
    cores = Decimal(thousandths) / 1000
    assert parse_quantity(format_cpu(cores)) == cores


@pytest.mark.parametrize(
    ("text", "seconds"), [("200ms", "0.2"), ("5s", "5"), ("1m30s", "90"), ("1.5h", "5400"), ("10us", "0.00001")]
)
def test_a_duration_is_read(text: str, seconds: str) -> None:
    assert parse_duration(text) == Decimal(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 s", "5sec", "5s ", "1d"])
def test_another_text_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(("text", "share"), [("0%", 0), ("50%", 50), ("100%", 100), ("101%", None), ("50", None)])
def test_a_share_is_read(text: str, share: int | None) -> None:
    assert parse_percent(text) == share
