"""Reads protobuf's text form, without knowing the message: fields by name, each with all its values as text or message.

It is enough for Triton's ``config.pbtxt``, and takes neither protobuf nor Triton's definitions.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r"""\s+|\#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.+-]+|[{}\[\]<>:,;])""", re.ASCII)
_OPEN = {"{": "}", "<": ">"}


def parse(text: str) -> dict[str, list[Any]]:
    """Read a message.

    Raises:
        ValueError: the text is not of that form; the message says where.
    """
    tokens = _tokens(text)
    found, rest = _message(tokens, 0, "")
    if rest != len(tokens):
        raise ValueError(f"'{tokens[rest]}' is not expected")
    return found


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"line {text.count(chr(10), 0, at) + 1} cannot be read")
        tokens += [match[1]] if match[1] else []
        at = match.end()
    return tokens


def _message(tokens: list[str], at: int, end: str) -> tuple[dict[str, list[Any]], int]:
    found: dict[str, list[Any]] = {}
    while at < len(tokens) and tokens[at] != end:
        name, at = tokens[at], at + 1
        at += at < len(tokens) and tokens[at] == ":"
        values, at = _values(tokens, at)
        found.setdefault(name, []).extend(values)
        at += at < len(tokens) and tokens[at] in ",;"
    if end and at == len(tokens):
        raise ValueError(f"it ends before '{end}'")
    return found, at + bool(end)


def _values(tokens: list[str], at: int) -> tuple[list[Any], int]:
    if at == len(tokens):
        raise ValueError("it ends before a value")
    if tokens[at] != "[":
        value, at = _value(tokens, at)
        return [value], at
    values, at = [], at + 1
    while at < len(tokens) and tokens[at] != "]":
        value, at = _value(tokens, at)
        values.append(value)
        at += at < len(tokens) and tokens[at] == ","
    return values, at + 1


def _value(tokens: list[str], at: int) -> tuple[Any, int]:
    token = tokens[at]
    if token in _OPEN:
        return _message(tokens, at + 1, _OPEN[token])
    if token in "}]>:,;":
        raise ValueError(f"'{token}' is not expected")
    return (_text(token) if token[0] in "\"'" else token), at + 1


def _text(token: str) -> str:
    try:
        return str(json.loads(f'"{token[1:-1]}"'))
    except ValueError:
        return token[1:-1]
