"""Writing files, locking a stack, and the script that starts a process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seldon_infra.core import atomic
from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime.processes import tail
from seldon_infra.runtime.stack_dir import StackDir, make_private
from seldon_infra.runtime.supervisor import script

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "x"
    atomic.write(file, "old")
    with pytest.raises(UnicodeEncodeError):
        atomic.write(file, "\ud800")
    assert file.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
    assert file.stat().st_mode & 0o777 == 0o600


@given(VALUES, VALUES)
@settings(deadline=None, max_examples=30)
def test_every_value_reaches_the_process_unchanged(value: str, word: str) -> None:
    """Quotes, dollars and line breaks in values are no code."""
    text = script(["printf", "%s|%s", word, "$VALUE"], {"VALUE": value})
    done = subprocess.run(
        ["/bin/sh", "-c", text.replace("'$VALUE'", '"$VALUE"')], capture_output=True, timeout=240, check=True
    )
    assert done.stdout.decode() == f"{word}|{value}"


def test_the_lock_of_a_stack_is_waited_for_and_not_forever(tmp_path: Path) -> None:
    stack = StackDir(tmp_path / "s")
    with (
        stack.locked(),
        pytest.raises(LimitReached, match="has been locked"),
        stack.locked(timeout=0.1),
    ):
        pass
    with stack.locked(timeout=0.1):
        pass


def test_a_lock_whose_folder_was_removed_is_made_anew(tmp_path: Path) -> None:
    stack = StackDir(tmp_path / "s")
    with stack.locked():
        stack.remove()
        with stack.locked(timeout=0.1):
            assert stack.root.exists()


def test_new_folders_are_for_their_owner_alone_whatever_the_mask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        make_private(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")} == {0o700}


def test_a_path_too_long_for_a_socket_names_its_length_and_the_limit(tmp_path: Path) -> None:
    with pytest.raises(LimitReached, match=r"would have \d+ bytes, must be at most 100"):
        StackDir(tmp_path / ("ü" * 50)).create()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100_000))))
    assert tail(log, 3) == ["99997", "99998", "99999"]
    assert tail(tmp_path / "none") == []
