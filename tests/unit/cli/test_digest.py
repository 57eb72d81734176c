"""The command that prints what `model_digest` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.artifacts.stores import resolve
from seldon_infra.cli.main import main


def test_the_digest_of_a_folder_is_what_a_preview_holds_it_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.joblib").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    assert main(["digest", "model"]) == 0
    assert capsys.readouterr().out.strip() == resolve("model", tmp_path).digest


def test_what_is_not_there_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["digest", "/nowhere/model"]) == 2
    assert "'/nowhere/model' leads to /nowhere/model, which does not exist" in capsys.readouterr().err
