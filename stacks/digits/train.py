"""``python -m stacks.digits.train``: train the models of the deployment ``digits``, unless nothing has changed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from seldon_infra import InstanceGroup, SeldonInfraError, Tensor, TritonModel, config_pbtxt
from seldon_infra.servers.catalogue import environment, environment_path, load

HERE = Path(__file__).parent
MODELS = HERE / "models"
STAMP = "trained"
TRAIN_SECONDS = 300
CANARY = TritonModel(
    max_batch_size=64,
    inputs=(Tensor(name="scaled", dtype="FP32", dims=(64,)),),
    outputs=(Tensor(name="predict", dtype="INT64", dims=(1,)),),
    instance_groups=(InstanceGroup(kind="CPU", count=1),),
)
"""The canary's network takes what `scale` gives."""


def main() -> int:
    """Train with the model server's own packages, so that the files load there; all new files appear at once."""
    server = load("mlserver")
    sources = [HERE / "fit.py", HERE / "canary.py"]
    config = config_pbtxt(CANARY, "classify")
    made_of = [*(file.read_text(encoding="utf-8") for file in sources), config, environment_path(server).name]
    wanted = hashlib.sha256("".join(made_of).encode())
    stamp = MODELS / STAMP
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return 0
    print("training the digits models …", flush=True)
    try:
        python = environment(server) / "bin" / "python"
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".training-") as folder:
        made = Path(folder) / "models"
        made.mkdir()
        try:
            done = subprocess.run([str(python), str(HERE / "fit.py"), str(made)], timeout=TRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"not trained after {TRAIN_SECONDS} s; the models before it are unchanged", file=sys.stderr)
            return 1
        if done.returncode:
            print("training failed; the models before it are unchanged", file=sys.stderr)
            return 1
        (made / "canary" / "classify" / "config.pbtxt").write_text(config)
        (made / STAMP).write_text(wanted.hexdigest())
        shutil.rmtree(MODELS, ignore_errors=True)
        made.rename(MODELS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
