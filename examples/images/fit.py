"""Fits a classifier of handwritten digits, on the 8 x 8 images that scikit-learn ships: ``python fit.py FOLDER``."""

import json
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

folder = Path(sys.argv[1])
images, labels = load_digits(return_X_y=True)
seen, unseen, seen_labels, unseen_labels = train_test_split(images, labels, test_size=0.2, random_state=0)
model = SVC(C=10).fit(seen, seen_labels)
(folder / "digit").mkdir()
joblib.dump(model, folder / "digit" / "model.joblib")
rows = {"input": "pixels", "datatype": "FP64", "rows": unseen.tolist(), "labels": unseen_labels.tolist()}
(folder / "heldout.json").write_text(json.dumps(rows))
print(f"accuracy {model.score(unseen, unseen_labels):.3f} on {len(unseen)} held-out images")
