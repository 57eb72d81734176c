"""Rows as people read them: columns in a terminal, tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Row = Sequence[str]


def columns(
    head: Row, rows: Sequence[Row], indent: str = "", fill: Callable[[str, int], str] = str.ljust
) -> Iterator[str]:
    """Lay rows out in columns that are as wide as they need; ``str.rjust`` fills numbers from the left.

    >>> list(columns(("A", "B"), [("1", "x"), ("22", "y")]))
    ['A   B', '1   x', '22  y']
    """
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield indent + "  ".join(fill(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def markdown(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Write a Markdown table; what a cell holds cannot break it.

    >>> list(markdown(("A",), [("a|b",)]))
    ['| A |', '| --- |', '| a\\\\|b |']
    """
    yield _markdown_row(head)
    yield _markdown_row(["---"] * len(head))
    yield from map(_markdown_row, rows)


def _markdown_row(row: Row) -> str:
    return f"| {' | '.join(map(_markdown_cell, row))} |"


def _markdown_cell(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
    return escaped.replace("\n", " ")
