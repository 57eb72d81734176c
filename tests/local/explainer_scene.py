"""A model of card payments that scikit-learn fits in a moment, with rows; and models of texts and of images."""

from __future__ import annotations

import subprocess
from pathlib import Path

from seldon_infra.servers import catalogue

FEATURES = ("amount", "hour", "distance_km", "purchases_today", "new_shop")
MAKE = """
import csv, json, os, sys
import joblib, numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

random = np.random.default_rng(0)
rows = np.stack([random.lognormal(3.6, 1.2, 600).round(2), random.integers(0, 24, 600),
    random.exponential(30, 600).round(1), random.poisson(2, 600), random.integers(0, 2, 600)], axis=1)
fraud = (rows[:, 0] > 60) & ((rows[:, 2] > 30) | (rows[:, 4] == 1))
for name, trees in (("model", 20), ("other", 3)):
    os.makedirs(name)
    joblib.dump(RandomForestClassifier(trees, max_depth=5, random_state=0).fit(rows, fraud), f"{name}/model.joblib")
with open("payments.csv", "w") as file:
    csv.writer(file).writerows([FEATURES, *rows[:200].tolist()])
words = [f"the film was {word} in every scene" for word in ("superb", "dull") * 20]
os.makedirs("text"), os.makedirs("images")
joblib.dump(make_pipeline(CountVectorizer(), LogisticRegression()).fit(words, [1, 0] * 20), "text/model.joblib")
json.dump({"rows": words}, open("texts.json", "w"))
pixels, digits = load_digits(return_X_y=True)
joblib.dump(LogisticRegression(max_iter=200).fit(pixels[:500] / 16, digits[:500]), "images/model.joblib")
json.dump({"rows": (pixels[:60] / 16).tolist()}, open("images.json", "w"))
"""


def make(folder: Path) -> None:
    """Write the models ``model``, ``other``, ``text`` and ``images``, and rows for each kind."""
    python = catalogue.environment(catalogue.load("mlserver")) / "bin" / "python"
    command = [str(python), "-W", "ignore", "-c", f"FEATURES = {FEATURES!r}\n{MAKE}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
