"""The query protocol, which IAM speaks: parameters as a form with numbered members, answers as XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape


def read(body: bytes, shape: Any) -> dict[str, Any]:
    """The parameters of a request."""
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return dict(_value(shape, {key: text for key, text in form.items() if key not in ("Action", "Version")}))


def write(operation: str, shape: Any, result: Mapping[str, Any]) -> bytes:
    """The answer that says this."""
    inside = f"<{operation}Result>{_inside(shape, result)}</{operation}Result>"
    return f"<{operation}Response>{inside}<ResponseMetadata/></{operation}Response>".encode()


def _value(shape: Any, form: Mapping[str, str]) -> Any:
    """One value, of all that its name is the beginning of; a scalar has the empty name."""
    match shape.type_name:
        case "structure":
            found = {name: _below(form, name) for name in shape.members}
            return {name: _value(shape.members[name], part) for name, part in found.items() if part}
        case "list":
            numbers = sorted({int(part[1]) for key in form if (part := re.match(r"member\.(\d+)", key))})
            return [_value(shape.member, _below(form, f"member.{number}")) for number in numbers]
        case "integer":
            return int(form[""])
        case "boolean":
            return form[""] == "true"
        case _:
            return form[""]


def _below(form: Mapping[str, str], name: str) -> dict[str, str]:
    return {
        key[len(name) :].removeprefix("."): text
        for key, text in form.items()
        if key == name or key.startswith(f"{name}.")
    }


def _inside(shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            return "".join(f"<{name}>{_inside(shape.members[name], item)}</{name}>" for name, item in value.items())
        case "list":
            return "".join(f"<member>{_inside(shape.member, item)}</member>" for item in value)
        case "boolean":
            return "true" if value else "false"
        case _:
            return escape(str(value))
