"""Training the models of the stacks and the examples: one that takes too long leaves those before it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
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


def of_stack(train: ModuleType, here: Path) -> int:
    return int(train.train(here / "images", ["fit.py"], lambda made: None))


def of_example(train: ModuleType, here: Path) -> int:
    train.HERE = here  # type: ignore[attr-defined]
    return int(train.main(["images"]))


@pytest.mark.parametrize(("file", "run"), [("stacks/training.py", of_stack), ("examples/train.py", of_example)])
def test_training_that_takes_too_long_is_one_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    file: str,
    run: Callable[[ModuleType, Path], int],
) -> None:
    train = module(ROOT / file)
    here = tmp_path / "images"
    (here / "models").mkdir(parents=True)
    (here / "fit.py").write_text("import time\ntime.sleep(300)\n")
    (here / "models" / "before").touch()
    monkeypatch.setattr(train, "TRAIN_SECONDS", 0.2)
    assert run(train, tmp_path) == 1
    said = capfd.readouterr().err
    assert said == "not trained after 0.2 s; the models before it are unchanged\n"
    assert [file.name for file in (here / "models").iterdir()] == ["before"]
