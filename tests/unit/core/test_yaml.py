"""YAML text: what every reader reads the same, and the same bytes each time."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.yaml import dump, scalar

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXT)
_DOCUMENTS = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(_DOCUMENTS, min_size=1, max_size=3))
def test_what_is_written_reads_back_equal(documents: list[object]) -> None:
    assert list(yaml.safe_load_all(dump(*documents))) == documents


@pytest.mark.parametrize(
    "text",
    [
        *("on", "Off", "yes", "NO", "y", "N", "true", "False", "null", "~", "", "1", "-1", "1.5", "1e3", "1_000"),
        *("0x1f", "0o17", "017", "12:30:45", "2024-01-01", ".inf", "-.INF", ".nan", "=", "<<", "- a", "a: b"),
        *("a #b", "*a", "&a", "!a", "%a", "@a", "`a", "[a", "{a", "a:", " a", "a ", "---", "...", "?", "|", ">"),
        *("'a'", '"a"', "a\tb", "\x85", "_1", "+1", "1.17.1", "1e-3"),
    ],
)
def test_text_that_a_reader_could_misread_is_quoted(text: str) -> None:
    assert scalar(text).startswith('"')
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}


@pytest.mark.parametrize(
    "text",
    [
        *("digits", "SKLEARN_SERVER", "s3://models/digits/1", "seldonio/mlserver:1.7.1", "500m", "16Gi", "200ms"),
        *("seldon.io/no-engine", "a b", "nvcr.io/nvidia/tritonserver@sha256:0a1b", "/tmp", "f", "t"),
    ],
)
def test_ordinary_names_paths_images_and_quantities_stay_plain(text: str) -> None:
    assert scalar(text) == text
    assert yaml.safe_load(f"key: {text}") == {"key": text}


def test_keys_keep_their_order_and_sequences_hang_at_their_key() -> None:
    document = {"b": 1, "a": {"z": [{"name": "x", "on": True}, [1, []]], "empty": {}}}
    assert dump(document) == ('b: 1\na:\n  z:\n  - name: x\n    "on": true\n  - - 1\n    - []\n  empty: {}\n')


def test_documents_are_separated_by_a_line_of_dashes() -> None:
    assert dump({"a": 1}, {"b": 2}) == "a: 1\n---\nb: 2\n"


def test_a_value_used_twice_is_written_twice() -> None:
    shared = {"cpu": "500m"}
    assert dump({"limits": shared, "requests": shared}) == "limits:\n  cpu: 500m\nrequests:\n  cpu: 500m\n"


def test_text_of_several_lines_stands_as_a_block() -> None:
    assert dump({"config": "name: x\n\n  deep\n", "list": ["a\nb"]}) == (
        "config: |\n  name: x\n\n    deep\nlist:\n- |-\n  a\n  b\n"
    )


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_a_type_without_a_place_in_yaml_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="has no place in YAML"):
        dump({"key": [value]})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        dump(value)
