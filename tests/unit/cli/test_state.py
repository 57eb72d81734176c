"""The state file's copies: what breaks is found, and what is restored is what was there."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.cli.locks import held
from seldon_infra.cli.recover import heal, require_space
from seldon_infra.cli.state import (
    KEPT_COPIES,
    DiskAlmostFull,
    StateFile,
    StateLost,
    find_state,
    keep_copy,
    own_copies,
    restore,
)
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.resources.interrupted import INTERRUPTED_ID


def engine_writes(state: StateFile, serial: int) -> bytes:
    """Write a state as the engine does: the old one to `.bak`, the sum beside the file."""
    resources = [{"urn": f"urn:pulumi:test::scratch::seldon:local:Process::{n}", "serial": serial} for n in range(20)]
    content = json.dumps({"version": 3, "checkpoint": {"stack": "test", "latest": {"resources": resources}}}).encode()
    state.path.parent.mkdir(parents=True, exist_ok=True)
    if state.path.exists():
        write_with_sum(state.path.with_name("test.json.bak"), state.path.read_bytes())
    write_with_sum(state.path, content)
    return content


def write_with_sum(file: Path, content: bytes) -> None:
    total = base64.b64encode(hashlib.md5(content).digest()).decode()
    file.with_name(f"{file.name}.attrs").write_text(json.dumps({"md5": total}))
    file.write_bytes(content)


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path, "scratch", "test")


def test_a_state_cut_off_anywhere_comes_back_whole(state: StateFile) -> None:
    engine_writes(state, 1)
    whole = engine_writes(state, 2)
    keep_copy(state)
    for length in range(0, len(whole), max(1, len(whole) // 200)):
        state.path.write_bytes(whole[:length])
        assert not state.is_whole(), length
        restore(state)
        assert state.path.read_bytes() == whole
        assert state.is_whole()


def test_a_bit_flipped_anywhere_is_found_and_repaired(state: StateFile) -> None:
    engine_writes(state, 1)
    whole = engine_writes(state, 2)
    keep_copy(state)
    for offset in range(0, len(whole), max(1, len(whole) // 200)):
        flipped = bytearray(whole)
        flipped[offset] ^= 1
        state.path.write_bytes(flipped)
        assert not state.is_whole(), offset
        restore(state)
        assert state.path.read_bytes() == whole


def test_the_engines_backup_serves_where_there_is_no_copy_of_ours(state: StateFile) -> None:
    before = engine_writes(state, 1)
    engine_writes(state, 2)
    state.path.write_bytes(b"")
    restore(state)
    assert state.path.read_bytes() == before


def test_a_broken_backup_is_not_restored(state: StateFile) -> None:
    first = engine_writes(state, 1)
    keep_copy(state)
    engine_writes(state, 2)
    state.path.write_bytes(b"")
    state.path.with_name("test.json.bak").write_bytes(b'{"version": 3')
    restore(state)
    assert state.path.read_bytes() == first


def test_a_broken_copy_of_ours_is_not_restored(state: StateFile) -> None:
    engine_writes(state, 1)
    copy = keep_copy(state)
    assert copy is not None
    copy.write_bytes(b"{}")
    state.path.write_bytes(b"")
    with pytest.raises(StateLost, match="there is no copy"):
        restore(state)


def test_the_broken_file_is_kept_aside(state: StateFile) -> None:
    engine_writes(state, 1)
    keep_copy(state)
    state.path.write_bytes(b"half")
    _, broken = restore(state)
    assert broken.read_bytes() == b"half"


def test_an_engine_killed_between_the_sum_and_the_file_left_a_whole_state(state: StateFile) -> None:
    engine_writes(state, 1)
    old = state.path.read_bytes()
    write_with_sum(state.path.with_name("test.json.bak"), old)
    state.path.with_name("test.json.attrs").write_text(json.dumps({"md5": "the sum of the file to come"}))
    assert state.is_whole()


def test_a_state_without_a_sum_counts_by_its_structure(state: StateFile) -> None:
    engine_writes(state, 1)
    state.path.with_name("test.json.attrs").unlink()
    assert state.is_whole()
    state.path.write_bytes(b"[]")
    assert not state.is_whole()


def test_an_unchanged_state_is_not_copied_again(state: StateFile) -> None:
    engine_writes(state, 1)
    assert keep_copy(state)
    assert keep_copy(state) is None


def test_a_broken_state_is_never_copied(state: StateFile) -> None:
    engine_writes(state, 1)
    state.path.write_bytes(b"{")
    assert keep_copy(state) is None
    assert own_copies(state) == []


def test_only_the_last_copies_are_kept(state: StateFile) -> None:
    for serial in range(KEPT_COPIES + 3):
        last = engine_writes(state, serial)
        keep_copy(state)
    kept = own_copies(state)
    assert len(kept) == KEPT_COPIES
    assert kept[-1].read_bytes() == last


def test_copies_are_for_the_owners_eyes_only(state: StateFile) -> None:
    engine_writes(state, 1)
    keep_copy(state)
    assert state.copies.stat().st_mode & 0o077 == 0


def test_too_little_space_is_refused_with_both_figures(state: StateFile) -> None:
    engine_writes(state, 1)
    available = os.statvfs(state.backend)
    more_than_there_is = available.f_blocks * available.f_frsize
    with pytest.raises(DiskAlmostFull, match=r"MB are free.*needs.*Nothing has been changed"):
        require_space(state, least=more_than_there_is)


def test_enough_space_is_accepted(state: StateFile) -> None:
    require_space(state, least=1)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        pytest.param("file:///states", "/states", id="absolute"),
        pytest.param("file://states", "{project}/states", id="relative"),
        pytest.param("file://~", "{home}", id="home"),
        pytest.param("file:///with%20space?no_tmp_dir=true", "/with space", id="quoted, with options"),
    ],
)
def test_the_backends_folder_is_found(tmp_path: Path, url: str, folder: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: scratch\nruntime: python\n")
    found = find_state(tmp_path, "organization/scratch/test", url)
    wanted = Path(folder.format(project=tmp_path, home=Path.home()))
    assert found == StateFile(wanted, "scratch", "test")


def test_a_remote_backend_has_no_folder(tmp_path: Path) -> None:
    assert find_state(tmp_path, "test", "s3://states") is None


def compressed(state: StateFile) -> bytes:
    """Turn a state into what the engine writes under PULUMI_DIY_BACKEND_GZIP."""
    content = gzip.compress(engine_writes(state, 1))
    for file in (state.path, state.path.with_name("test.json.attrs")):
        file.unlink()
    write_with_sum(state.path.with_name("test.json.gz"), content)
    return content


def test_a_compressed_state_is_found_read_and_restored(state: StateFile) -> None:
    whole = compressed(state)
    assert state.is_whole()
    assert state.pending() == []
    keep_copy(state)
    for broken in (whole[: len(whole) // 2], whole[:-4], b""):
        state.path.write_bytes(broken)
        assert not state.is_whole()
        restore(state)
        assert state.path.read_bytes() == whole


def test_a_written_state_is_compressed_as_it_was_and_agrees_with_its_sum(state: StateFile) -> None:
    compressed(state)
    checkpoint = state.read()
    checkpoint["checkpoint"]["latest"]["pending_operations"] = []
    state.write(checkpoint)
    assert state.path.name == "test.json.gz"
    assert state.is_whole()
    assert state.read() == checkpoint


def test_a_state_under_zstd_is_named(state: StateFile) -> None:
    engine_writes(state, 1)
    newer = state.path.with_name("test.json.zst")
    newer.write_bytes(b"")
    os.utime(newer, ns=(2**62, 2**62))
    with pytest.raises(SeldonInfraError, match="compressed with zstd"):
        state.is_whole()


URN = "urn:pulumi:test::scratch::seldon:local:Process::new"
BEGUN = {
    "type": "creating",
    "resource": {
        "urn": URN, "custom": True, "type": "seldon:local:Process", "inputs": {"name": "new"}, "protect": True,
        "retainOnDelete": True, "dependencies": ["urn:gone"], "propertyDependencies": {"name": ["urn:gone"]},
    },
}  # fmt: skip


def heal_with(state: StateFile, begun: dict[str, Any], *resources: dict[str, Any]) -> list[dict[str, Any]]:
    """Heal a state with one begun operation; return the resources that are in it then."""
    engine_writes(state, 1)
    checkpoint = state.read()
    checkpoint["checkpoint"]["latest"] = {"resources": list(resources), "pending_operations": [begun]}
    state.write(checkpoint)
    (said,) = heal(state)
    assert "was interrupted while creating" in said
    assert state.pending() == []
    assert state.locks() == []
    return list(state.read()["checkpoint"]["latest"]["resources"])


def test_what_was_being_created_is_looked_for_and_nothing_keeps_it(state: StateFile) -> None:
    (there,) = heal_with(state, BEGUN)
    assert (there["id"], there["inputs"], there["refreshBeforeUpdate"]) == (INTERRUPTED_ID, {"name": "new"}, True)
    assert not {"protect", "retainOnDelete"} & set(there)
    assert (there["dependencies"], there["propertyDependencies"]) == ([], {"name": []})


def test_what_was_being_replaced_finds_its_replacement_itself(state: StateFile) -> None:
    old = {"urn": URN, "id": "old"}
    assert heal_with(state, BEGUN, old) == [old]


def test_what_was_deleted_to_make_room_gives_its_place_to_what_is_looked_for(state: StateFile) -> None:
    (there,) = heal_with(state, BEGUN, {"urn": URN, "id": "old", "pendingReplacement": True})
    assert there["id"] == INTERRUPTED_ID


def test_nothing_is_looked_for_whose_parent_has_gone(state: StateFile) -> None:
    orphan = {**BEGUN, "resource": {**BEGUN["resource"], "parent": "urn:gone"}}  # type: ignore[dict-item]
    assert heal_with(state, orphan) == []


def test_a_stack_that_someone_holds_is_not_healed(state: StateFile) -> None:
    engine_writes(state, 1)
    state.path.write_bytes(b"{")
    with held(state.lock_folder):
        (said,) = heal(state)
    assert f"stack 'test' is held by process {os.getpid()}" in said
    assert state.path.read_bytes() == b"{"
