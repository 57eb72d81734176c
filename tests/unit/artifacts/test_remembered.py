"""What was read of a file is read again once anything about the file has changed, and never otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seldon_infra.artifacts import remembered as module
from seldon_infra.artifacts.digest import digest_of
from seldon_infra.artifacts.judged import judged
from seldon_infra.artifacts.remembered import SMALLEST, remembered
from tests.unit.artifacts.judge.written import called_in_protocol_4

Read = Callable[[str], str]
HOSTILE = called_in_protocol_4("os", "system")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file for one that has been left alone for long enough."""
    monkeypatch.setattr(module, "SETTLED_NS", -(10**12))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "model.bin"
    made.write_bytes(b"1" * SMALLEST)
    return made


def reads(file: Path, what: str = "first") -> bool:
    """Tell whether a file is read when it is asked for."""
    read = []
    remembered(file, what, lambda: read.append(1) or file.read_bytes()[:1].decode())  # type: ignore[func-returns-value]
    return bool(read)


@pytest.mark.usefixtures("settled")
def test_an_unchanged_file_is_read_once_for_each_thing_that_is_asked_of_it(file: Path) -> None:
    assert reads(file)
    assert not reads(file)
    assert reads(file, "another thing")
    assert not reads(file)


@pytest.mark.usefixtures("settled")
def test_an_edit_that_puts_size_and_time_back_is_seen(file: Path) -> None:
    assert reads(file)
    before = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert reads(file)


@pytest.mark.usefixtures("settled")
def test_another_file_moved_into_the_place_is_seen_with_the_same_size_and_time(file: Path) -> None:
    assert reads(file)
    other = file.with_name("other")
    other.write_bytes(b"2" * SMALLEST)
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    os.replace(other, file)
    assert reads(file)


def test_a_file_that_was_just_written_is_not_remembered_because_a_second_edit_may_be_of_the_same_tick(
    file: Path,
) -> None:
    assert reads(file)
    assert reads(file)


@pytest.mark.usefixtures("settled")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(file: Path) -> None:
    def read() -> str:
        file.write_bytes(b"2" * (SMALLEST + 1))
        return "of the file before"

    remembered(file, "first", read)
    assert reads(file)


@pytest.mark.usefixtures("settled")
def test_a_memory_that_is_torn_or_cannot_be_written_is_none(file: Path, cache: Path) -> None:
    assert reads(file)
    (entry,) = (cache / "read").glob("*.json")
    entry.write_text('{"mark"')
    assert reads(file)
    for each in (cache / "read").iterdir():
        each.unlink()
    (cache / "read").rmdir()
    (cache / "read").write_text("a file")
    assert reads(file)
    assert reads(file)


@pytest.mark.usefixtures("settled")
def test_more_files_than_are_remembered_make_the_oldest_half_forgotten(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(4):
        file = tmp_path / f"{number}.bin"
        file.write_bytes(b"1" * SMALLEST)
        assert reads(file)
    assert len(list((cache / "read").glob("*.json"))) == 2
    assert not reads(file)


@pytest.mark.usefixtures("settled")
def test_a_judgement_is_of_one_servers_list_and_of_the_names_that_are_trusted(file: Path) -> None:
    file.write_bytes(HOSTILE + b"0" * SMALLEST)
    for _ in range(2):
        assert [finding.name for finding in judged(file, "sklearn")] == ["os.system"]
        assert judged(file, "sklearn", ["os.system"]) == []


@pytest.mark.usefixtures("settled")
def test_a_model_that_was_benign_and_has_been_changed_in_place_is_judged_and_digested_anew(file: Path) -> None:
    assert judged(file, "sklearn") == []
    first, _ = digest_of(file)
    before = file.stat()
    with file.open("r+b") as stream:
        stream.write(HOSTILE)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [finding.name for finding in judged(file, "sklearn")] == ["os.system"]
    assert digest_of(file)[0] != first
