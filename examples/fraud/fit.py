"""Makes up card payments, fits the models on most of them and keeps the rest: ``python fit.py FOLDER``."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

SEED, PAYMENTS, HELD_OUT = 0, 6000, 300


def payments(random):
    """Draw payments; fraud is likelier by night, far away, in new shops and with large amounts, never certain."""
    amount = np.round(random.lognormal(3.6, 1.2, PAYMENTS), 2)
    hour = random.integers(0, 24, PAYMENTS)
    distance = np.round(random.exponential(30, PAYMENTS), 1)
    count = random.poisson(2, PAYMENTS)
    new_shop = random.integers(0, 2, PAYMENTS)
    score = 1.2 * (np.log(amount) - 4) + 0.04 * (distance - 30) + 0.7 * (count - 2) + 2 * new_shop
    score += 2.5 * ((hour < 6) & (new_shop == 1)) - 4.2
    fraud = random.random(PAYMENTS) < 1 / (1 + np.exp(-2 * score))
    return np.stack([amount, hour, distance, count, new_shop], axis=1), fraud.astype(int)


def weights_of(model):
    """Write a fitted model as a list of layers: weights and biases."""
    if isinstance(model, LogisticRegression):
        return [[model.coef_.T.tolist(), model.intercept_.tolist()]]
    return [[w.tolist(), b.tolist()] for w, b in zip(model.coefs_, model.intercepts_, strict=True)]


def main(folder):
    """Fit one model for small payments and two for the others."""
    sys.path.insert(0, str(Path(__file__).parent))
    from nodes import Normalise

    rows, labels = payments(np.random.default_rng(SEED))
    scaled = Normalise().transform_input(rows, [])
    seen, small = slice(HELD_OUT, None), rows[HELD_OUT:, 0] < 50
    fitted = {
        "quick": LogisticRegression(C=100).fit(scaled[seen][small], labels[seen][small]),
        "linear": LogisticRegression(C=100).fit(scaled[seen], labels[seen]),
        "network": MLPClassifier((16,), max_iter=1000, random_state=SEED).fit(scaled[seen], labels[seen]),
    }
    for name, model in fitted.items():
        (folder / name).mkdir()
        (folder / name / "weights.json").write_text(json.dumps(weights_of(model)))
        print(f"{name}: accuracy {model.score(scaled[:HELD_OUT], labels[:HELD_OUT]):.3f}")
    kept = {"rows": rows[:HELD_OUT].tolist(), "labels": labels[:HELD_OUT].tolist()}
    (folder / "heldout.json").write_text(json.dumps({"input": "payments", "datatype": "FP64", **kept}))
    print(f"{labels[:HELD_OUT].mean():.0%} of the {HELD_OUT} held-out payments are fraud")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
