"""How a model is that another process serves: by that process, by what it wrote, and by whether it was ever ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.runtime import hosted
from seldon_infra.runtime.supervisor import ProgramState

PID = 7


@pytest.mark.parametrize(
    ("program", "written", "was_ready", "expected"),
    [
        ("RUNNING", None, False, "STARTING"),
        ("RUNNING", "STARTING 7", False, "STARTING"),
        ("RUNNING", "RUNNING 7", True, "RUNNING"),
        ("STARTING", "RUNNING 7", True, "RUNNING"),
        ("RUNNING", "FATAL 7", False, "FATAL"),
        ("RUNNING", "STOPPED 7", False, "STOPPED"),
        # The process is another one by now.
        ("RUNNING", "RUNNING 6", True, "STARTING"),
        ("RUNNING", "STARTING 6", False, "FATAL"),
        ("RUNNING", "RUNNING 6", False, "STOPPED"),
        ("STOPPED", "RUNNING 7", True, "STOPPED"),
        ("BACKOFF", "RUNNING 7", True, "BACKOFF"),
        ("ABSENT", "RUNNING 7", True, "ABSENT"),
    ],
)
def test_a_models_state_follows_from_its_process_and_its_own_word(
    tmp_path: Path, program: str, written: str | None, was_ready: bool, expected: str
) -> None:
    host, folder = hosted.Host(tmp_path / "mlserver-1", 0), tmp_path / "d.main.m-1"
    folder.mkdir()
    host.link(folder.name).parent.mkdir(parents=True)
    if written is not None:
        (folder / "state").write_text(written)
    if was_ready:
        host.link(folder.name).symlink_to(folder)
    assert hosted.state(host, folder, ProgramState(program, PID)).state == expected


def test_a_process_that_is_gone_serves_nothing_and_its_link_goes_too(tmp_path: Path) -> None:
    host = hosted.Host(tmp_path, 0)
    host.link("d.main.m-1").parent.mkdir()
    host.link("d.main.m-1").symlink_to(tmp_path)
    hosted.unload(host, "d.main.m-1", 1)
    assert not host.link("d.main.m-1").is_symlink()
