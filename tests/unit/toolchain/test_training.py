"""Training the models of the stacks and the examples: one that takes too long leaves those before it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("train", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(("file", "words"), [("stacks/digits/train.py", []), ("examples/train.py", ["images"])])
def test_training_that_takes_too_long_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], file: str, words: list[str]
) -> None:
    train = module(ROOT / file)
    here = tmp_path / "images" if words else tmp_path
    (here / "models").mkdir(parents=True)
    for source in ("fit.py", "canary.py"):
        (here / source).write_text("import time\ntime.sleep(300)\n")
    (here / "models" / "before").touch()
    monkeypatch.setattr(train, "HERE", tmp_path)
    monkeypatch.setattr(train, "MODELS", tmp_path / "models", raising=False)
    monkeypatch.setattr(train, "TRAIN_SECONDS", 0.2)
    assert train.main(*[words] if words else []) == 1
    said = capfd.readouterr().err
    assert said == "not trained after 0.2 s; the models before it are unchanged\n"
    assert [file.name for file in (here / "models").iterdir()] == ["before"]
