"""Reference rows: a CSV file with a header, or JSON as held-out rows are kept."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seldon_infra.core.errors import InvalidSpec, ModelNotFound
from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_ROWS = 20_000
"""Rows that a fit takes; more make it slower and no better."""
TEXT = "BYTES"


@dataclass(frozen=True)
class Reference:
    """Rows that an explainer or a detector is fitted on."""

    rows: Sequence[Any]
    """Lists of numbers, or texts."""
    features: tuple[str, ...] = ()
    """Names of a row's numbers. Default: none."""
    input: str = "predict"
    """Name of the predictor's input."""
    datatype: str = "FP64"
    """Its type on protocol v2."""

    @property
    def width(self) -> int:
        """Numbers of the first row; a text counts as one."""
        return 1 if self.datatype == TEXT or not self.rows else len(self.rows[0])


def read_reference(file: Path) -> Reference:
    """Read reference rows.

    Raises:
        ModelNotFound: there is no such file.
        InvalidSpec: it holds no rows of numbers of one width; every fault of the first rows at once.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelNotFound(f"reference data {file} does not exist; correct the path") from None
    except (OSError, ValueError) as error:
        raise _refused(file, f"it cannot be read: {error}", "must be text in UTF-8") from None
    found = _of_csv(file, text) if file.suffix == ".csv" else _of_json(file, text)
    problems = list(problems_of(found, f"reference data {file}"))
    if problems:
        raise InvalidSpec(problems)
    return found


def problems_of(reference: Reference, path: str) -> Iterator[Problem]:
    """Give what is wrong with reference rows."""
    if not 2 <= len(reference.rows) <= MOST_ROWS:
        yield Problem(
            path, f"{len(reference.rows)} rows", f"must be 2 to {MOST_ROWS}", "draw as many as that at random"
        )
    if reference.datatype == TEXT or not reference.rows:
        return
    width = len(reference.features) or reference.width
    odd = [index for index, row in enumerate(reference.rows) if len(row) != width]
    if odd:
        got = f"row {odd[0]} has {len(reference.rows[odd[0]])} numbers{_and_more(odd)}"
        yield Problem(
            path, got, f"must have {width}, as the {'header' if reference.features else 'first row'} has", "mend it"
        )
    unknown = [index for index, row in enumerate(reference.rows) if not all(map(_is_number, row))]
    if unknown:
        got = f"row {unknown[0]} holds what is no finite number{_and_more(unknown)}"
        yield Problem(
            path, got, "must hold numbers alone", "write categories as their numbers, and leave out what is not known"
        )
    twice = sorted({name for name in reference.features if reference.features.count(name) > 1})
    if twice:
        yield Problem(path, f"feature '{twice[0]}' comes twice", "must have a name of its own", "rename a column")


def _of_csv(file: Path, text: str) -> Reference:
    header, *rows = list(csv.reader(text.splitlines())) or [[]]
    return Reference([[_number(cell) for cell in row] for row in rows if row], tuple(name.strip() for name in header))


def _of_json(file: Path, text: str) -> Reference:
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise _refused(file, f"it is no JSON: {error}", "must be .csv with a header, or JSON with 'rows'") from None
    rows = tree.get("rows") if isinstance(tree, dict) else None
    if not isinstance(rows, list):
        raise _refused(file, "'rows' is missing", "must be an object with a list of rows")
    texts = bool(rows) and all(isinstance(row, str) for row in rows)
    if not texts and not all(isinstance(row, list) for row in rows):
        raise _refused(file, "'rows' holds no lists", "must hold lists of numbers, or texts")
    return Reference(
        rows,
        tuple(map(str, tree.get("features", ()))),
        str(tree.get("input", "predict")),
        TEXT if texts else str(tree.get("datatype", "FP64")),
    )


def _refused(file: Path, got: str, want: str) -> InvalidSpec:
    return InvalidSpec([Problem(f"reference data {file}", got, want, "mend the file")])


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _and_more(rows: Sequence[int]) -> str:
    return f", and so {'has' if len(rows) == 2 else 'have'} {len(rows) - 1} more" if len(rows) > 1 else ""
