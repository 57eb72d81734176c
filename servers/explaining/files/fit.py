"""Fits an explainer once, to see that its library takes it: ``python fit.py FOLDER [MODEL]``.

With the model's own file the first row is explained, and the card is told which of the model's answers are explained
and how many classes there are. Without, only methods that ask for no answers can be tried.
"""

import json
import sys
from pathlib import Path

import methods
import numpy as np
from explaining import CARD, TEXT, Card, model_at, plain, reference


def main(folder, path):
    """Try the explainer, and complete its card."""
    card = Card(folder)
    model = model_at(path, card) if path else None
    rows = reference(folder, card)
    if model is None:
        methods.MAKERS[card.kind]  # its library is there
        return
    complete(card, folder, model, rows)
    card = Card(folder)
    row = [rows[0]] if card.datatype == TEXT else rows[:1]
    explained = methods.MAKERS[card.kind](card, rows, answers(card, model), model)(row)
    json.dumps(plain(explained))


def complete(card, folder, model, rows):
    """Write into the card what only the model knows."""
    said = json.loads((folder / CARD).read_text(encoding="utf-8"))
    if hasattr(model, "classes_"):
        if not said["classes"]:
            said["classes"] = [str(each) for each in model.classes_]
        if said["output"] is None and hasattr(model, "predict_proba"):
            said["output"] = "predict_proba"
        if len(said["classes"]) != len(model.classes_):
            raise SystemExit(f"{len(said['classes'])} names of classes, the model knows {len(model.classes_)}")
    outputs = getattr(model, "output_shape", (1,))[-1]
    if said["classes"] and outputs not in (None, 1, len(said["classes"])):
        raise SystemExit(f"{len(said['classes'])} names of classes, the model answers {outputs} numbers")
    width = getattr(model, "n_features_in_", None)
    if width is not None and card.datatype != TEXT and width != card.width:
        raise SystemExit(f"reference rows of {card.width} numbers, the model takes {width}")
    (folder / CARD).write_text(json.dumps(said, indent=1), encoding="utf-8")


def answers(card, model):
    """Ask the model as the server would."""

    def predict(rows):
        ask = getattr(model, card.output or "predict")
        rows = list(rows) if card.datatype == TEXT else np.asarray(rows, dtype=float).reshape(len(rows), -1)
        return np.asarray(ask(rows), dtype=float)

    return predict


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    except ValueError as error:
        # Its last line is what the user is told.
        raise SystemExit(" ".join(str(error).split())) from None
