"""The artifact's mark: who uses a copy, and whether a state has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seldon_infra.provider.framework import Context, Failed
from seldon_infra.provider.lifecycle import Alive, Lifecycle
from seldon_infra.provider.local.artifact import Artifact
from seldon_infra.provider.siblings import Known, owner_of
from seldon_infra.resources.local_artifact import ArtifactInputs, ArtifactOutputs
from tests.unit.artifacts.judge.written import called_in_protocol_4

URN = "urn:pulumi:test::scratch::seldon:local:Artifact::model"


def context(urn: str = URN, *, killed: bool = False) -> Context:
    return Context(urn, owner_of(urn), awaited=lambda: not killed)


def process() -> Lifecycle[ArtifactInputs, ArtifactOutputs]:
    """A plugin process that has just started."""
    return Lifecycle(Artifact(), Known())


def news(folder: Path, content: str) -> dict[str, Any]:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "model.bin").write_text(content)
    raw = {"stackDir": str(folder / "stack"), "project": str(folder), "uri": "model"}
    checked, problems = process().check({}, raw, context())
    assert not problems
    return checked


def copies(folder: Path) -> int:
    return len([it for it in (folder / "stack" / "models").iterdir() if it.suffix != ".users"])


def made(folder: Path, content: str, *, killed: bool = False) -> Alive:
    return process().create(news(folder, content), context(killed=killed))


def test_a_copy_that_a_killed_create_has_made_is_removed_by_the_next_one(tmp_path: Path) -> None:
    made(tmp_path, "one", killed=True)
    made(tmp_path, "two")
    assert copies(tmp_path) == 1


def test_a_copy_that_a_state_has_had_stays(tmp_path: Path) -> None:
    made(tmp_path, "one")
    made(tmp_path, "two")
    assert copies(tmp_path) == 2


def test_a_copy_that_has_moved_to_another_declaration_stays_with_it(tmp_path: Path) -> None:
    checked = news(tmp_path, "one")
    first = process().create(checked, context())
    process().read(first.id, first.outputs, checked, context(f"{URN}2"))
    assert process().create(checked, context()).id != first.id


def test_a_hostile_model_is_refused_with_all_its_findings_and_a_class_of_the_users_own_is_not(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(called_in_protocol_4("os", "system"))
    raw = {"stackDir": str(tmp_path / "stack"), "project": str(tmp_path), "uri": "model"}
    _, problems = process().check({}, {**raw, "server": "sklearn"}, context())
    assert [problem.reason for problem in problems] == [
        "'model': model imports os.system, must import only what its server needs; "
        "accept it by trusted=('os.system',) if you know who made the file"
    ]
    assert not process().check({}, {**raw, "server": "sklearn", "trusted": ["os.system"]}, context())[1]
    assert not process().check({}, raw, context())[1]
    assert not (tmp_path / "stack").exists()


def test_files_that_are_not_signed_are_refused_where_a_key_is_named(tmp_path: Path) -> None:
    news(tmp_path, "one")
    raw = {"stackDir": str(tmp_path / "stack"), "project": str(tmp_path), "uri": "model", "signedBy": "maker.pub"}
    _, problems = process().check({}, raw, context())
    assert "'model': model.sig is not in the model's folder" in str(problems)


def test_files_whose_digest_is_not_that_of_the_preview_are_not_served(tmp_path: Path) -> None:
    checked = news(tmp_path, "one")
    news(tmp_path, "two")
    with pytest.raises(Failed, match="'model' has changed since the preview; run again"):
        process().create(checked, context())
    assert not list(tmp_path.glob("stack/models/*"))


def test_a_mark_that_another_deletion_takes_away_meanwhile_is_none(tmp_path: Path) -> None:
    """A link that leads nowhere is listed and cannot be read, as a mark that goes between the two."""
    checked = news(tmp_path, "one")
    alive = process().create(checked, context())
    users = next((tmp_path / "stack" / "models").glob("*.users"))
    (users / f"{owner_of(URN)}.gone").symlink_to(tmp_path / "nowhere")
    process().delete((alive.id, alive.outputs, checked), context())
    assert not list(users.glob(f"*{alive.id.rpartition('-')[2]}*"))


def test_a_folder_of_marks_that_another_deletion_takes_away_meanwhile_has_none(tmp_path: Path) -> None:
    checked = news(tmp_path, "one")
    alive = process().create(checked, context())
    (tmp_path / "stack" / "models" / "gone.users").symlink_to(tmp_path / "nowhere")
    process().delete((alive.id, alive.outputs, checked), context())
    assert not list((tmp_path / "stack" / "models").glob("*.users/*"))
