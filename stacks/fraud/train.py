"""``python -m stacks.fraud.train``: train the demo's models and fit their explainer, unless nothing has changed."""

from __future__ import annotations

import sys
from pathlib import Path

from seldon_infra import TreeShap
from seldon_infra.explain.fit import fit
from stacks.training import train

HERE = Path(__file__).parent


def main() -> int:
    """Train both arms of the A/B test, and fit the new one's explainer."""
    return train(HERE, ("fit.py", "payments.py", "train.py"), _explain)


def _explain(models: Path) -> None:
    fit(
        TreeShap(),
        model=models / "new",
        reference=models / "payments.csv",
        out=models / "why",
        classes=("genuine", "fraud"),
    )


if __name__ == "__main__":
    sys.exit(main())
