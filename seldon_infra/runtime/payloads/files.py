"""Payloads as Parquet files: each is written whole beside its place and moved there, so that every file is complete.

A file holds what came to one deployment within a while. Of a log that is killed all files stay, and only what it had
not yet written is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seldon_infra.runtime.payloads.payload import JSON, PROTOBUF, Payload
from seldon_infra.runtime.payloads.words import Seldom

if TYPE_CHECKING:
    import pyarrow

SUFFIX = ".parquet"
_PART = ".part"
PART_SECONDS = 600.0
"""No file takes so long to write."""
MOST_FILES = 10_000
"""Of one deployment; beyond them the oldest go."""


def folder_of(root: Path, namespace: str, deployment: str) -> Path:
    """Where a deployment's files are."""
    return root / namespace / deployment


def schema() -> pyarrow.Schema:
    """Columns of a file: what CloudEvents calls type, requestid, inferenceservicename, endpoint and modelid."""
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [
            ("time", pa.timestamp("us", tz="UTC")),
            ("id", text),
            ("request_id", text),
            ("event", text),
            ("namespace", text),
            ("deployment", text),
            ("predictor", text),
            ("node", text),
            ("protocol", text),
            ("content_type", text),
            ("size", pa.int64()),
            ("truncated", pa.bool_()),
            ("payload", text),
        ]
    )


def write(folder: Path, payloads: Sequence[Payload], name: str) -> Path:
    """Write payloads as one file, which is there whole or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns = schema()
    table = pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(_columns(payloads), columns, strict=True)],
        schema=columns,
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part, whole = folder / f".{name}{_PART}", folder / f"{name}{SUFFIX}"
    try:
        with part.open("wb") as file:
            parquet.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return whole


def remove_parts(root: Path) -> None:
    """Remove what a log that was killed had begun to write; another one may be at work beside this."""
    before = time.time() - PART_SECONDS
    for part in root.glob(f"*/*/.*{_PART}"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < before:
                part.unlink()


def keep(folder: Path, most_bytes: int) -> int:
    """Remove the oldest files beyond ``most_bytes``, never the newest; and tell how many."""
    files = sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
    together, removed = 0, 0
    for index, file in enumerate(files):
        together += file.stat().st_size
        if index and (together > most_bytes or index >= MOST_FILES):
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def name_at(seconds: float, number: int) -> str:
    """Name a file by its time, so that names are in the order of time, and by who writes it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S.%f}Z-{os.getpid()}-{number}"


def _columns(payloads: Sequence[Payload]) -> Iterator[list[Any]]:
    """Values of each column, in the order of the schema."""
    texts = [_text(payload) for payload in payloads]
    yield [datetime.fromtimestamp(payload.time, UTC) for payload in payloads]  # to the microsecond as events have it
    yield from ([getattr(payload, name) for payload in payloads] for name in ("id", "request_id", "event"))
    for name in ("namespace", "deployment", "predictor", "node", "protocol"):
        yield [getattr(payload.origin, name) for payload in payloads]
    yield [content_type for _, content_type in texts]
    yield from ([getattr(payload, name) for payload in payloads] for name in ("size", "truncated"))
    yield [text for text, _ in texts]


def _text(payload: Payload) -> tuple[str, str]:
    """A payload as text: messages of gRPC as the JSON that stands for them."""
    if not payload.content_type.startswith(PROTOBUF):
        return payload.body.decode("utf-8", "replace"), payload.content_type
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    from seldon_infra.runtime.messages import message

    kind = payload.content_type.partition("message=")[2]
    try:
        found = json_format.MessageToJson(
            message(kind).FromString(payload.body), preserving_proto_field_name=True, indent=None
        )
    except (KeyError, ValueError, json_format.Error, DecodeError):  # NaN within JSON's own types has no word in JSON
        return payload.body.hex(), payload.content_type
    return found, JSON


@dataclass
class Gathering:
    """What came to one deployment since its last file."""

    since: float
    payloads: list[Payload] = field(default_factory=list)
    size: int = 0


class Files:
    """The files of all deployments of one stack."""

    def __init__(self, root: Path, rotate_seconds: float, rotate_bytes: int, keep_bytes: int) -> None:
        self._root, self._keep_bytes = root, keep_bytes
        self._seconds, self._most = rotate_seconds, rotate_bytes
        self._open: dict[tuple[str, str], Gathering] = {}
        self._number, self._said = 0, Seldom()

    def add(self, payload: Payload) -> None:
        """Take a payload into the file that is being gathered."""
        whose = payload.origin[:2]
        gathering = self._open.get(whose)
        if gathering is None:
            gathering = self._open[whose] = Gathering(time.monotonic())
        gathering.payloads.append(payload)
        gathering.size += payload.weight

    def due(self) -> list[Gathering]:
        """Take what should be written now, each of it one file."""
        before = time.monotonic() - self._seconds
        whose = [key for key, it in self._open.items() if it.size >= self._most or it.since <= before]
        return [self._open.pop(key) for key in whose]

    def gathered(self) -> list[Gathering]:
        """Take all that is not written yet."""
        found, self._open = list(self._open.values()), {}
        return found

    def store(self, payloads: Sequence[Payload]) -> bool:
        """Write a file and let old ones go; may run in a thread. What is not written then is gone, and that is said."""
        origin = payloads[0].origin
        folder = folder_of(self._root, origin.namespace, origin.deployment)
        self._number += 1
        try:
            write(folder, payloads, name_at(time.time(), self._number))
            keep(folder, self._keep_bytes)
        except OSError as error:
            self._said.say(f"{len(payloads)} payloads are lost: {folder}: {error.strerror or error}")
            return False
        return True
