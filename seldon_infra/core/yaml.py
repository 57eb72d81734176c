"""YAML text of plain data, the same bytes for the same data.

Manifests are read by YAML 1.1 and 1.2 readers alike: Go's, Python's, kubectl's. A string that one of them would take
for a boolean, a number or a date (``on``, ``1e3``, ``2024-01-01``) is quoted. Keys stay in the order in which they
were given, nothing is an alias, and an unknown type is an error instead of a Python tag.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./@+-]|:(?=[A-Za-z0-9_./])|[ ](?=[A-Za-z0-9_./]))*\Z")
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|ms|s)\Z")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_CONTROL = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_UNPRINTABLE = re.compile(f"[{_CONTROL}]")
_ESCAPED = re.compile(rf'["\\\n{_CONTROL}]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def dump(*documents: object) -> str:
    """Write documents of mappings, sequences and scalars as YAML text, separated by ``---``.

    Raises:
        TypeError: a value is neither a mapping, a list, a tuple, a string, a number, a boolean nor None.
        ValueError: a number is not finite.
    """
    return "---\n".join("".join(f"{line}\n" for line in _lines(document, "")) for document in documents)


def scalar(value: object) -> str:
    """Write one scalar as it stands on a line of YAML, quoted where a reader would misread it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case str():
            return _string(value)
    raise TypeError(f"{type(value).__name__} has no place in YAML; give a mapping, a sequence or a scalar")


def _lines(value: object, indent: str) -> Iterator[str]:
    """Lines of one value that has its lines to itself, each indented."""
    match value:
        case Mapping() if value:
            for key, item in value.items():
                yield from _entry(f"{indent}{scalar(key)}:", item, indent)
        case list() | tuple() if value:
            for item in value:
                yield from _element(item, indent)
        case _:
            yield indent + _inline(value)


def _entry(key: str, value: object, indent: str) -> Iterator[str]:
    """Lines of a key and its value; a sequence hangs at its key's own depth, as Kubernetes' documents have it."""
    if isinstance(value, str) and _stands_as_block(value):
        yield from _text_block(key, value, indent)
    elif isinstance(value, (Mapping, list, tuple)) and value:
        yield key
        yield from _lines(value, indent if isinstance(value, Sequence) else f"{indent}  ")
    else:
        yield f"{key} {_inline(value)}"


def _element(value: object, indent: str) -> Iterator[str]:
    """Lines of one element of a sequence: the dash takes the place of its first line's indentation."""
    if isinstance(value, str) and _stands_as_block(value):
        yield from _text_block(f"{indent}-", value, indent)
    else:
        first, *rest = _lines(value, f"{indent}  ")
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from rest


def _inline(value: object) -> str:
    """Write a scalar or an empty collection."""
    match value:
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
    return scalar(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no place in a manifest; give a finite number")
    mantissa, exponent, power = repr(value).partition("e")
    # YAML 1.1 reads 1e+16 as a string: it wants the point, and the power's sign.
    return mantissa + ("" if "." in mantissa else ".0") + exponent + power


def _string(value: str) -> str:
    if _QUANTITY.match(value) or (_PLAIN.match(value) and value.lower() not in _RESERVED):
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT_ESCAPES.get(character, f"\\u{ord(character):04x}")


def _stands_as_block(value: str) -> bool:
    """Whether a text of several lines can stand as it is, with nothing that a reader would trim, fold or refuse."""
    lines = value.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and bool(lines[0] and lines[-1])
        and not value.startswith(" ")
        and all(line == line.rstrip() for line in lines)
        and not _UNPRINTABLE.search(value)
    )


def _text_block(key: str, value: str, indent: str) -> Iterator[str]:
    yield f"{key} |" if value.endswith("\n") else f"{key} |-"
    yield from (f"{indent}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
