"""Every field of a specification says what it is and, where it may be left out, what holds then."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import seldon_infra

PACKAGE = Path(seldon_infra.__file__).parent
OTHERS = ("charts", "experiments", "ingress", "seldon_core")
OF_TRITON = ("__init__", "check", "message", "text")
"""Files of that room that specify nothing."""
FILES = [
    *sorted((PACKAGE / "graph" / "spec").glob("*.py")),
    *sorted((PACKAGE / "servers").glob("*spec.py")),
    *(path for path in sorted((PACKAGE / "servers" / "triton").glob("*.py")) if path.stem not in OF_TRITON),
    *(PACKAGE / room / "spec.py" for room in OTHERS),
    PACKAGE / "eks" / "gpu_software" / "spec.py",
]


class Field(NamedTuple):
    """One field as its file has it."""

    name: str
    optional: bool
    said: str


def fields() -> Iterator[Field]:
    for file in FILES:
        classes = (each for each in ast.parse(file.read_text()).body if isinstance(each, ast.ClassDef))
        for each in classes:
            for statement, after in zip(each.body, [*each.body[1:], None], strict=True):
                if isinstance(statement, ast.AnnAssign) and "ClassVar" not in ast.unparse(statement.annotation):
                    name = f"{each.name}.{ast.unparse(statement.target)}"
                    yield Field(name, statement.value is not None, _text(after))


def _text(statement: ast.stmt | None) -> str:
    text = statement.value if isinstance(statement, ast.Expr) else None
    return str(text.value) if isinstance(text, ast.Constant) else ""


FIELDS = list(fields())


@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
def test_a_field_says_what_it_is_and_its_default(field: Field) -> None:
    assert field.said
    assert not field.optional or "Default:" in field.said or "Always" in field.said
