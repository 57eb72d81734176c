"""Values between the wire and plain Python."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.provider.values import (
    Asset,
    Sealed,
    Secrets,
    from_wire,
    has_unknown,
    path_text,
    reveal,
    to_wire,
)
from seldon_infra.resources.model import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
trees = st.recursive(
    scalars | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | inner.map(Sealed)
    ),
    max_leaves=12,
)


def wire(tree: dict[str, Any]) -> Struct:
    return json_format.ParseDict(tree, Struct())


@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
def test_a_tree_survives_the_wire(tree: dict[str, Any]) -> None:
    assert from_wire(to_wire(tree)) == tree


@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
def test_a_revealed_tree_has_no_seal_and_sealing_it_again_hides_every_secret(tree: dict[str, Any]) -> None:
    plain, secrets = reveal(tree)
    assert "Sealed" not in repr(plain)
    again, more = reveal(secrets.seal(plain))
    assert again == plain
    assert set(secrets.texts) <= set(more.texts)


def test_the_engines_markers_are_understood() -> None:
    message = wire({
        "secret": {SIGNATURE: SECRET, "value": "x"},
        "unknown": UNKNOWN_TEXT,
        "secretUnknown": {SIGNATURE: SECRET, "value": UNKNOWN_TEXT},
        "output": {SIGNATURE: OUTPUT, "value": "y", "secret": True},
        "asset": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "z"},
    })  # fmt: skip
    tree = from_wire(message)
    assert isinstance(tree.pop("asset"), Asset)
    assert tree == {
        "secret": Sealed("x"),
        "unknown": UNKNOWN,
        "secretUnknown": Sealed(UNKNOWN),
        "output": Sealed("y"),
    }


def test_an_unknown_is_found_however_deep_and_secret() -> None:
    assert has_unknown({"a": [{"b": Sealed([UNKNOWN])}]})
    assert not has_unknown({"a": [{"b": Sealed([1])}]})


def test_a_secret_is_sealed_at_its_path_and_wherever_its_text_shows() -> None:
    secrets = Secrets(frozenset({("pin",)}), ("hunter2",))
    tree = {"pin": 4, "url": "http://me:hunter2@host", "list": ["hunter2", "other"], "name": "photos"}
    assert secrets.seal(tree) == {
        "pin": Sealed(4),
        "url": Sealed("http://me:hunter2@host"),
        "list": [Sealed("hunter2"), "other"],
        "name": "photos",
    }


@pytest.mark.parametrize(
    "text",
    ["bad p@ss\nword here", "url p%40ss%0Aword", "repr 'p@ss\\nword'", 'json "p@ss\\nword"'],
    ids=["as it is", "in a URL", "as Python writes it", "as JSON"],
)
def test_a_secret_is_masked_however_it_is_spelled(text: str) -> None:
    masked = Secrets(texts=("p@ss\nword",)).mask(text)
    assert "[secret]" in masked
    assert "word" not in masked.replace("[secret]", "")


def test_a_secret_of_one_letter_does_not_mask_every_text() -> None:
    assert Secrets(texts=("a",)).mask("a bad day") == "a bad day"


def test_a_path_reads_as_pulumi_writes_it() -> None:
    assert path_text(("ready", "ports", 0, "x.y", "z")) == 'ready.ports[0]["x.y"].z'
    assert path_text(("tags", "é x", 'a"b', "c\\")) == 'tags["é x"]["a\\"b"]["c\\"]'
