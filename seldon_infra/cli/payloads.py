"""Print what loggers of a local stack have kept: requests, answers and feedback of a deployment's nodes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seldon_infra.cli.local_stack import LocalStack, NotServed, add_stack_arguments
from seldon_infra.core.errors import PartNotFound
from seldon_infra.runtime.payloads.payload import TYPES

SHOWN = 100
"""Characters of a payload on a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the deployment")
    parser.add_argument("--request-id", help="only those of one request, with its feedback")
    parser.add_argument("--node", help="only those of one node")
    parser.add_argument("--event", choices=tuple(TYPES), help="only those of one kind")
    parser.add_argument("--last", type=int, default=20, help="how many, the last ones (default: 20)")
    parser.add_argument("--json", action="store_true", help="whole, each as one line of JSON")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the last payloads, the oldest of them first."""
    stack = LocalStack.of(arguments)
    files = files_of(stack, arguments.name)
    wanted = {"request_id": arguments.request_id, "node": arguments.node, "event": arguments.event}
    filters = {column: value for column, value in wanted.items() if value is not None}
    for row in last_rows(files, filters, arguments.last):
        print(json.dumps(row, default=str) if arguments.json else _line(row))
    return 0


def files_of(stack: LocalStack, name: str) -> list[Path]:
    """A deployment's files, in the order of time.

    Raises:
        NotServed: it has none.
    """
    files = sorted(stack.folder.payloads.glob(f"*/{name}/*.parquet"), key=lambda file: file.name)
    if not files:
        raise NotServed(
            f"stack '{stack.name}' has kept no payloads of '{name}': a node with logger=Logger(mode='all') keeps them, "
            "as soon as a file is due (Local(payloads=PayloadFiles(rotate_seconds=…)))"
        )
    return files


def last_rows(files: list[Path], filters: dict[str, str], count: int) -> list[dict[str, Any]]:
    """The last rows that have the wanted values, the oldest first."""
    found: list[dict[str, Any]] = []
    for file in reversed(files):
        if len(found) >= count:
            break
        found = [*_rows(file, filters), *found]
    found.sort(key=lambda row: row["time"])
    return found[max(len(found) - count, 0) :]


def _rows(file: Path, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise PartNotFound("pyarrow, which reads payloads,", "run: pip install 'seldon-infra[payloads]'") from None
    try:
        rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    except FileNotFoundError:  # the oldest files go while one looks
        return
    yield from (row for row in rows if all(row[column] == value for column, value in filters.items()))


def _line(row: dict[str, Any]) -> str:
    payload = row["payload"] if len(row["payload"]) <= SHOWN else f"{row['payload'][:SHOWN]}…"
    cut = f" (of {row['size']} bytes)" if row["truncated"] else ""
    return f"{row['time']:%H:%M:%S.%f} {row['event']:<8} {row['node']}  {row['request_id']}  {payload}{cut}"
