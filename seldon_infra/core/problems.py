"""Problems of a definition: each names the user's object, what is there, the rule, and what to write instead.

Rules return problems and never raise, so that a user sees all of them at once and not one per attempt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from seldon_infra.core.errors import InvalidSpec

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

ARROW = " → "
HIDDEN = "[secret]"
_LONGEST_SHOWN = 60
_ALTERNATIVE = re.compile(r"(bool|int|float|str|[A-Z]\w*|[a-z-]+\[.*\])\Z")


@dataclass(frozen=True)
class Problem:
    """One broken rule, worded so that ``str`` reads as a sentence.

    ``SeldonDeployment 'fraud': traffic 20 + 70 = 90, must sum to 100; set traffic on 'main' to 80``
    """

    path: str
    """The user's object, from the outside in: ``SeldonDeployment 'fraud' → predictor 'main'``."""
    got: str
    """The field and the value that is there: ``traffic 20 + 70 = 90``."""
    want: str
    """The rule: ``must sum to 100``."""
    fix: str
    """What to write instead: ``set traffic on 'main' to 80``."""

    def __str__(self) -> str:
        return f"{self.path}: {self.got}, {self.want}; {self.fix}"

    def within(self, path: str) -> Problem:
        """Put the problem's object inside another one."""
        return replace(self, path=f"{path}{ARROW}{self.path}")

    def hiding(self, secrets: Iterable[object]) -> Problem:
        """Put a mark in the place of secret values; a fix could be made of one, so it goes as well."""
        got, want = self.got, self.want
        for text in (text for value in secrets for text in (shown(value), repr(value), str(value)) if text):
            got, want = got.replace(text, HIDDEN), want.replace(text, HIDDEN)
        return self if got == self.got else Problem(self.path, got, want, "correct the secret")


@dataclass
class Problems:
    """Gathers problems, then raises once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problems: Iterable[Problem]) -> None:
        """Gather more."""
        self.found.extend(problems)

    def raise_if_any(self) -> None:
        """Raise InvalidSpec with all of them, if there are any."""
        if self.found:
            raise InvalidSpec(self.found)


def from_validation_error(error: ValidationError, root: str, model: type[BaseModel] | None = None) -> list[Problem]:
    """Word a pydantic error as problems of the object ``root``.

    Args:
        error: what pydantic raised.
        root: the object in the user's words: ``predictor 'canary'``.
        model: the object's type; with it an unknown field's nearest name is offered, and a secret field's value hidden.
    """
    groups = (list(same) for _, same in groupby(error.errors(include_url=False), key=_subject))
    return [_problem(details, root, model) for group in groups for details in _alternatives(group)]


def shown(value: object) -> str:
    """Write a value as a message shows it: short, and an object of ours by its type."""
    # An Output has every attribute that it is asked for, and schedules work to get it: it must be known first.
    if hasattr(value, "apply") or hasattr(value, "model_fields_set"):
        return type(value).__name__
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _subject(detail: ErrorDetails) -> tuple[object, ...]:
    """Bring together what failed for one value of a union: pydantic puts each alternative's name at the end."""
    location = detail["loc"]
    if len(location) > 1 and _ALTERNATIVE.match(str(location[-1])):
        return (location[:-1], id(detail["input"]))
    return (location,)


def _alternatives(group: list[ErrorDetails]) -> list[list[ErrorDetails]]:
    """Alternatives want different things; equal wants are equal values of one mapping, each wrong by itself."""
    same_want = len({wanted(detail) for detail in group}) == 1
    return [[detail] for detail in group] if same_want else [group]


def _problem(details: list[ErrorDetails], root: str, model: type[BaseModel] | None) -> Problem:
    """Word one failure, or the alternatives of a union that failed together."""
    first = details[0]
    location = first["loc"] if len(details) == 1 else first["loc"][:-1]
    name = _field_text(location)
    if first["type"] == "missing":
        return Problem(root, f"{name} is not set", "must be given", f"write {name}=…")
    if first["type"] == "extra_forbidden":
        known = sorted(model.model_fields) if model and len(location) == 1 else []
        return Problem(root, f"{name} is not a field", "must be one that the object has", nearest(name, known))
    if hasattr(first["input"], "apply"):
        return Problem(root, f"{name} is an Output", "must be known before anything is applied", "write its value")
    got = name if _is_secret(location, model) else f"{name} {shown(first['input'])}"
    wants = list(dict.fromkeys(map(wanted, details)))
    return Problem(root, got, f"must be {' or '.join(wants)}", f"change {name}")


def _field_text(location: Iterable[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _is_secret(location: tuple[int | str, ...], model: type[BaseModel] | None) -> bool:
    info = model.model_fields.get(str(location[0])) if model and location else None
    return info is not None and not info.repr


def nearest(name: str, known: list[str]) -> str:
    """Say what to write instead of an unknown name: the nearest known one, else all of them."""
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name, known, n=1)
    if near:
        return f"write {near[0]}"
    return f"fields are: {', '.join(known)}" if known else f"remove {name}"


_WANTED: Mapping[str, str] = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "True or False",
    "bool_parsing": "True or False",
    "tuple_type": "a list",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
}


def wanted(detail: ErrorDetails) -> str:
    """Word what a failed validation would have taken: ``a whole number``."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return str(context["expected"])
        case "model_type" | "is_instance_of":
            return f"a {context.get('class_name') or context.get('class')}"
        case "value_error":
            return str(context["error"])
    return _WANTED.get(detail["type"], _as_noun(detail["msg"]))


def _as_noun(message: str) -> str:
    return message.removeprefix("Input should be ")


def gather(checks: Iterable[Iterable[Problem]]) -> Iterator[Problem]:
    """Chain what several rules found."""
    for found in checks:
        yield from found
