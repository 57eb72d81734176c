"""Hostile files are refused, whatever they are called; benign ones are not."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_infra.artifacts.judge.content import judge
from tests.unit.artifacts.judge import hostile
from tests.unit.artifacts.judge.written import File

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("format", list(hostile.FORMATS))
def test_every_hostile_file_is_refused(format: str) -> None:
    files = list(hostile.FORMATS[format]())
    missed = [file.name for file in files if not judge([file], "mlflow")]
    assert not missed
    assert len({file.name for file in files}) == len(files)


def test_the_corpus_has_two_hundred_files_in_eight_formats() -> None:
    assert len(hostile.FORMATS) >= 8
    assert sum(len(list(files())) for files in hostile.FORMATS.values()) >= 200


def test_no_benign_file_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.artifacts.judge.benign", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, timeout=300, check=True)
    files = [(File(it.name, it.read_bytes()), it.parent.name) for it in tmp_path.glob("*/*")]
    found = [judge([file], kind) for file, kind in files]
    assert [str(it) for each in found for it in each] == []
    assert len(found) >= 100


def test_a_hostile_file_that_is_cut_or_changed_breaks_nothing() -> None:
    """Whatever bytes come, there is an answer."""
    chance = random.Random(0)
    for format in ("pickle", "zip", "tar", "joblib", "onnx", "tensorflow", "numpy", "keras"):
        for file in hostile.FORMATS[format]():
            for at in (chance.randrange(file.size) for _ in range(10) if file.size < 20_000):
                changed = bytearray(file.content)
                changed[at] ^= 0xFF
                judge([File(file.name, bytes(changed)), File(file.name, file.content[:at])], "mlflow")
