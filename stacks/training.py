"""Trains the models of a deployment, unless nothing has changed since they were trained."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from seldon_infra import SeldonInfraError
from seldon_infra.servers.catalogue import environment, environment_path, load

STAMP = "trained"
TRAIN_SECONDS = 300


def train(here: Path, sources: Iterable[str], finish: Callable[[Path], None], texts: Iterable[str] = ()) -> int:
    """Run ``fit.py`` with the model server's own packages, so that the files load there; all new files appear at once.

    Args:
        here: the folder with ``fit.py``, in which ``models`` is made.
        sources: names of the files in it of which the models are made.
        finish: adds what ``fit.py`` cannot make to the folder of new models.
        texts: what else the models are made of.
    """
    server, models = load("mlserver"), here / "models"
    made_of = [*((here / name).read_text(encoding="utf-8") for name in sources), *texts, environment_path(server).name]
    wanted = hashlib.sha256("".join(made_of).encode()).hexdigest()
    stamp = models / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    print(f"training the {here.name} models …", flush=True)
    with tempfile.TemporaryDirectory(dir=here, prefix=".training-") as folder:
        made = Path(folder) / "models"
        made.mkdir()
        try:
            _fit(environment(server) / "bin" / "python", here, made)
            finish(made)
        except SeldonInfraError as error:
            print(error, file=sys.stderr)
            return 1
        (made / STAMP).write_text(wanted)
        shutil.rmtree(models, ignore_errors=True)
        made.rename(models)
    return 0


def _fit(python: Path, here: Path, made: Path) -> None:
    try:
        done = subprocess.run([str(python), str(here / "fit.py"), str(made)], timeout=TRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotTrained(f"not trained after {TRAIN_SECONDS} s; the models before it are unchanged") from None
    if done.returncode:
        raise NotTrained("training failed; the models before it are unchanged")


class NotTrained(SeldonInfraError):
    """There are no new models."""
