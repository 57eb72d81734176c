"""A model of card payments that scikit-learn fits in a moment, with rows; and models of texts and of images."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from seldon_infra.explain.card import CARD, REFERENCE, Card
from seldon_infra.explain.reference import read_reference
from seldon_infra.graph.spec import ExplainerMethod
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

NETWORKS = """
import csv, keras, numpy as np, tensorflow as tf
keras.utils.set_random_seed(0)
rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(open("payments.csv")))[1:]], "float32")
fraud = (rows[:, 0] > 60) & ((rows[:, 2] > 30) | (rows[:, 4] == 1))
scaled = keras.layers.Normalization()
scaled.adapt(rows)
net = keras.Sequential([keras.Input((5,)), scaled, keras.layers.Dense(16, "relu"), keras.layers.Dense(2, "softmax")])
net.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
net.fit(rows, fraud.astype(int), epochs=30, verbose=0)
net.export("net/1", verbose=False)
net.save("net.keras")
keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]).save("square.keras")
class Steps(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.float32, "rows")])
    def answer(self, rows):
        large = tf.cast(rows[:, :1] > 60, tf.float32)
        return {"answer": tf.concat([1 - large, large], axis=1)}
steps = Steps()
tf.saved_model.save(steps, "steps/1", signatures=steps.answer)
"""


def make(folder: Path) -> None:
    """Write the models ``model``, ``other``, ``text`` and ``images``, and rows for each kind."""
    _written_by("mlserver", f"FEATURES = {FEATURES!r}\n{MAKE}", folder)


def make_networks(folder: Path) -> None:
    """Write the networks ``net``, ``net.keras`` and ``steps``, which has no gradients, for the rows of `make`, and
    ``square.keras``, which takes images of four points."""
    _written_by("tensorflow", NETWORKS, folder)


def _written_by(server: str, script: str, folder: Path) -> None:
    python = catalogue.environment(catalogue.load(server)) / "bin" / "python"
    command = [str(python), "-W", "ignore", "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def card_at(folder: Path, method: ExplainerMethod, reference: Path, classes: tuple[str, ...] = ()) -> Path:
    """Write an explainer's folder as a fit does, for a script that tries the library on several in one process."""
    rows = read_reference(reference)
    card = Card(
        method=method.model_dump(mode="json"),
        model_digest="sha256:1",
        input=rows.input,
        datatype=rows.datatype,
        output=None,
        features=rows.features or tuple(f"f{index}" for index in range(rows.width)),
        categories={},
        classes=classes,
        rows=len(rows.rows),
    )
    folder.mkdir(parents=True)
    (folder / CARD).write_text(card.model_dump_json())
    (folder / REFERENCE).write_text(json.dumps(rows.rows))
    return folder


def run_in(server: str, place: Path, script: str, told: object) -> str:
    """Run a script beside a server's own files, in its environment, and give what it prints."""
    entry = catalogue.load(server)
    for name, file in entry.copied.items():
        (place / name).write_bytes(file.read_bytes())
    (place / "script.py").write_text(script)
    python = str(catalogue.environment(entry) / "bin" / "python")
    command = [python, "-B", "-W", "ignore", str(place / "script.py"), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout
