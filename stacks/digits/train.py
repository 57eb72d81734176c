"""``python -m stacks.digits.train``: train the models of the deployment ``digits``, unless nothing has changed."""

from __future__ import annotations

import sys
from pathlib import Path

from seldon_infra import InstanceGroup, Tensor, TritonModel, config_pbtxt
from stacks.training import train

HERE = Path(__file__).parent
CANARY = TritonModel(
    max_batch_size=64,
    inputs=(Tensor(name="scaled", dtype="FP32", dims=(64,)),),
    outputs=(Tensor(name="predict", dtype="INT64", dims=(1,)),),
    instance_groups=(InstanceGroup(kind="CPU", count=1),),
)
"""The canary's network takes what `scale` gives."""


def main() -> int:
    """Train both models, and write the canary's configuration beside it."""
    config = config_pbtxt(CANARY, "classify")
    place = Path("canary", "classify", "config.pbtxt")
    return train(HERE, ("fit.py", "canary.py"), lambda made: _write(made / place, config), [config])


def _write(file: Path, text: str) -> None:
    file.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
