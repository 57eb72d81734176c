"""What a process's folder says of it, written by whichever version or broken by hand: no listing falls over it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.runtime.processes import Liveness, Processes, ProcessSpec, Record
from seldon_infra.runtime.stack_dir import StackDir

RECORD = Record(
    "a-12345678",
    "owner",
    "12345678",
    ProcessSpec("a", ["true"], {"A": "b"}, ports=["http"], live=Liveness("http", "/")),
    {"http": 20001},
)


def processes(folder: Path, written: object) -> Processes:
    """A stack with a process of which the record says this."""
    found = Processes(StackDir(folder))
    found.folder(RECORD.id).mkdir(parents=True)
    (found.folder(RECORD.id) / "record.json").write_text(
        written if isinstance(written, str) else json.dumps(written), encoding="utf-8"
    )
    return found


def written() -> Any:
    return json.loads(json.dumps(asdict(RECORD)))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert processes(tmp_path, written()).record(RECORD.id) == RECORD


@pytest.mark.parametrize("broken", ["", "{", "{}", "[]", "3", '{"id": "a"}', '{"id": "a", "spec": 3}'])
def test_what_is_no_record_is_passed_over(tmp_path: Path, broken: str) -> None:
    found = processes(tmp_path, broken)
    assert found.record(RECORD.id) is None
    assert list(found.all()) == []


def test_fields_of_another_version_are_passed_over(tmp_path: Path) -> None:
    later = {**written(), "colour": "red"}
    later["spec"]["colour"] = "red"
    assert processes(tmp_path, later).record(RECORD.id) == RECORD


def test_fields_that_an_earlier_version_did_not_write_have_their_defaults(tmp_path: Path) -> None:
    earlier = written()
    for name in ("environment", "ports", "live", "first_port", "last_port", "links", "files", "grace_seconds"):
        del earlier["spec"][name]
    found = processes(tmp_path, earlier).record(RECORD.id)
    assert found is not None
    assert found.spec == ProcessSpec("a", ["true"])
