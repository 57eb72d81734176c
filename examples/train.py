"""``python examples/train.py NAME``: run an example's ``fit.py`` with the packages of the model server MLServer.

So the models are made by the very versions that load them, and the checkout's own environment needs none of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.servers.catalogue import environment, load

HERE = Path(__file__).parent
NAMES = sorted(file.parent.name for file in HERE.glob("*/fit.py"))
TRAIN_SECONDS = 300


def main(arguments: list[str]) -> int:
    """Train one example into its folder ``models``, which appears as a whole."""
    if len(arguments) != 1 or arguments[0] not in NAMES:
        print(f"usage: python examples/train.py NAME, where NAME is one of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    folder = HERE / arguments[0]
    try:
        python = environment(load("mlserver")) / "bin" / "python"
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=folder, prefix=".training-") as made:
        try:
            done = subprocess.run([str(python), str(folder / "fit.py"), made], timeout=TRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"not trained after {TRAIN_SECONDS} s; the models before it are unchanged", file=sys.stderr)
            return 1
        if done.returncode:
            return done.returncode
        shutil.rmtree(folder / "models", ignore_errors=True)
        shutil.copytree(made, folder / "models")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
