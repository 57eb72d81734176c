"""Fits both arms of the A/B test and writes them with reference rows: ``python fit.py FOLDER``.

Runs in the environment of the model server that will load the result (``train.py`` sees to that).
"""

import csv
import sys
from pathlib import Path
from random import Random

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier

sys.path.insert(0, str(Path(__file__).parent))
from payments import FEATURES, is_fraud, payment

SEED, PAYMENTS, REFERENCE = 0, 4000, 500
KNOWN_TO_OLD = ("amount", "new_shop")


def main(folder: Path) -> None:
    """Fit, write, and say how often each model is right about payments that it has not seen."""
    random = Random(SEED)
    rows = np.array([payment(random) for _ in range(PAYMENTS)])
    fraud = np.array([is_fraud(row, random) for row in rows])
    seen = slice(PAYMENTS // 2)
    for name, known in (("old", KNOWN_TO_OLD), ("new", FEATURES)):
        # Both take whole rows; the old one has learnt nothing from what it does not know.
        learnt = rows * np.isin(FEATURES, known)
        model = RandomForestClassifier(20, max_depth=6, random_state=SEED).fit(learnt[seen], fraud[seen])
        (folder / name).mkdir()
        joblib.dump(model, folder / name / "model.joblib")
        right = model.score(rows[PAYMENTS // 2 :], fraud[PAYMENTS // 2 :])
        print(f"  {name}: right about {right:.1%} of {PAYMENTS // 2} unseen payments")
    with (folder / "payments.csv").open("w", newline="") as file:
        csv.writer(file).writerows([FEATURES, *rows[:REFERENCE].tolist()])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
