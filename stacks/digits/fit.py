"""Fits both models on the training split and writes them with the held-out rows: ``python fit.py FOLDER``.

Runs in the environment of the model server that will load the result (``train.py`` sees to that).
"""

import json
import shutil
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

SEED = 0
BRIGHTEST = 16.0


def main(folder: Path) -> None:
    """Fit, write, and say how well each model does on the rows that it has not seen."""
    images, labels = load_digits(return_X_y=True)
    seen, unseen, seen_labels, unseen_labels = train_test_split(
        images, labels, test_size=0.2, random_state=SEED, stratify=labels
    )
    main_model = SVC(C=10, gamma="scale").fit((seen / BRIGHTEST).astype(np.float32), seen_labels)
    canary = MLPClassifier((64,), max_iter=400, random_state=SEED).fit(seen / BRIGHTEST, seen_labels)
    write_main(main_model, folder / "classify")
    write_canary(canary, folder / "canary" / "classify" / "1")
    write_rows(unseen, unseen_labels, folder / "heldout.json")
    for name, model in (("main", main_model), ("canary", canary)):
        print(
            f"  {name}: accuracy {model.score(unseen / BRIGHTEST, unseen_labels):.3f} on {len(unseen)} held-out digits"
        )


def write_main(model: SVC, folder: Path) -> None:
    """Write the file that MLServer's scikit-learn runtime loads."""
    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")


def write_canary(model: MLPClassifier, folder: Path) -> None:
    """Write the weights beside the code that Triton's python backend runs, as version 1 in a model repository."""
    folder.mkdir(parents=True)
    shutil.copyfile(Path(__file__).with_name("canary.py"), folder / "model.py")
    weights = {f"w{index}": weight.astype(np.float32) for index, weight in enumerate(model.coefs_)}
    biases = {f"b{index}": bias.astype(np.float32) for index, bias in enumerate(model.intercepts_)}
    np.savez(folder / "weights.npz", **weights, **biases)


def write_rows(images: np.ndarray, labels: np.ndarray, file: Path) -> None:
    """Write raw pixels and labels, as ``predict`` and ``verify`` read them."""
    rows = {"input": "pixels", "datatype": "FP64", "rows": images.tolist(), "labels": labels.tolist()}
    file.write_text(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
