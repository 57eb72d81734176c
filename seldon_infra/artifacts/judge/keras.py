"""Keras' descriptions of a model: layers that hold code, objects of other modules. They are JSON, alone or within HDF5.

An HDF5 file keeps them in one piece and uncompressed, so that they are found without reading its tree. Raw data in
files of their own (H5Pset_external) is not found. Sources: Keras' ``saving/serialization_lib.py`` and
``legacy/saving/serialization.py``; HDF5's file format specification, III.G and IV.A.2.g.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from seldon_infra.artifacts.judge.finding import Finding, Unreadable
from seldon_infra.artifacts.judge.streams import Bounded

HDF5 = b"\x89HDF\r\n\x1a\n"
_CODE = frozenset({"Lambda", "__lambda__", "lambda"})
_ONLY_KERAS = "must be built of Keras' own layers"
_NO_CODE = "must hold no code"
_MODULE = re.compile(r"(tf_keras|keras|tensorflow\.keras|tensorflow\.python\.keras)(\.\w+)*\Z")
_CALLED = re.compile(r"(\w+\.)*(activations|initializers|losses|metrics|ops|regularizers|constraints)(\.\w+)*\Z")
_BLOCK, _OVERLAP = 2**23, 2**20
"""Bytes that are looked at together, and of these the ones that are looked at again with the next."""
_SAID = re.compile(rb'"(class_name|module|function_type|registered_name)"\s*:\s*"([^"\\]{0,400})"')
_ESCAPED = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
_EXTERNAL_LINK = re.compile(rb"\x01[\x08-\x1f]\x40")


def judge_description(value: Any, file: str) -> Iterator[Finding]:
    """Find what a description would import or run; anything else than Keras' own layers is."""
    rest, seen = [value], set[int]()
    while rest:
        each = rest.pop()
        if isinstance(each, dict | list):
            if id(each) in seen:
                continue
            seen.add(id(each))
            rest += each.values() if isinstance(each, dict) else each
        if isinstance(each, dict) and isinstance(each.get("class_name"), str):
            yield from _object(each, file)


def _object(said: dict[str, Any], file: str) -> Iterator[Finding]:
    name, module = said["class_name"], said.get("module")
    if name in _CODE:
        yield _holds_code(file)
    elif isinstance(module, str) and "config" in said:
        called = said["config"] if name == "function" else name
        if not _is_own(module, name):
            whole = f"{module}.{called}"
            yield Finding(file, f"imports {whole}", _ONLY_KERAS, whole)


def _is_own(module: str, name: str) -> bool:
    if module == "builtins":
        return True  # Keras looks such names up among its own
    if not _MODULE.match(module):
        return False
    return name[:1].isupper() or _CALLED.match(module) is not None


def _holds_code(file: str) -> Finding:
    return Finding(file, "holds a Lambda layer, which is code", _NO_CODE, "keras.layers.Lambda")


def judge_text(stream: Bounded, file: str) -> Iterator[Finding]:
    """Find the same in the midst of other bytes: an HDF5 file, or a text that is too large to be taken apart."""
    found: dict[Finding, None] = {}
    rest = b""
    while block := stream.read(_BLOCK):
        text = rest + block
        found |= dict.fromkeys(_in_block(text, file))
        rest = text[-_OVERLAP:]
    yield from found


def _in_block(text: bytes, file: str) -> Iterator[Finding]:
    if _ESCAPED.search(text) and b"class" in text:
        yield Finding(file, "writes letters as escapes", "must be written as Keras does")
    for value in _descriptions(text):
        yield from judge_description(value, file)
    # What ends in the next block cannot be taken apart, so its words count by themselves.
    for said in _SAID.finditer(text):
        what, value = said[1].decode(), said[2].decode("utf-8", "replace")
        if what in ("class_name", "function_type") and value in _CODE:
            yield _holds_code(file)
        elif what == "module" and value != "builtins" and not _MODULE.match(value):
            yield Finding(file, f"imports from {value}", _ONLY_KERAS, value)


def _descriptions(text: bytes) -> Iterator[Any]:
    """Read every object of JSON that lies whole among other bytes."""
    whole, place = text.decode("latin-1"), 0
    decoder = json.JSONDecoder()
    while (place := whole.find('{"', place)) >= 0:
        try:
            value, place = decoder.raw_decode(whole, place)
        except (ValueError, RecursionError):
            place += 1
        else:
            yield value


def judge_hdf5(stream: Bounded, file: str) -> Iterator[Finding]:
    """Find code in an HDF5 file, and what lies in other files or is packed so that nobody sees it."""
    found: dict[Finding, None] = {}
    rest = b""
    while block := stream.read(_BLOCK):
        text = rest + block
        found |= dict.fromkeys([*_in_block(text, file), *_links(text, file), *_packed(text, file)])
        rest = text[-_OVERLAP:]
    yield from found


def _links(text: bytes, file: str) -> Iterator[Finding]:
    for mark in _EXTERNAL_LINK.finditer(text):
        target = _external_target(text, mark.start())
        if target:
            yield Finding(file, f"links to the file '{target}'", "must hold its weights itself")


def _external_target(text: bytes, at: int) -> str | None:
    """Read a link message of type 64, None where the bytes only look like one."""
    flags = text[at + 1]
    place = at + 3 + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(text[place : place + width], "little")
    place += width + length
    size = int.from_bytes(text[place : place + 2], "little")
    said = text[place + 2 : place + 2 + size].split(b"\0")
    # A byte for version and flags, then the file's name and the object's, each with an end.
    whole = 0 < length < 1024 and len(said) == 4 and not said[0] and not said[3] and said[2][:1] == b"/"
    return said[1].decode("utf-8", "replace") if whole and said[1].isascii() and said[1] else None


def _packed(text: bytes, file: str) -> Iterator[Finding]:
    """A fractal heap with filters keeps attributes compressed, which no writer of models does."""
    at = text.find(b"FRHP\0")
    while at >= 0:
        if text[at + 7 : at + 9] not in (b"", b"\0", b"\0\0"):
            yield Finding(file, "keeps attributes compressed", "must be written as Keras does")
            return
        at = text.find(b"FRHP\0", at + 1)


def description_of(text: bytes) -> Any:
    """Read JSON.

    Raises:
        Unreadable: it is nested so deep that no reader takes it.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise Unreadable("is nested deeper than any reader goes") from None
    except ValueError:
        return None
