"""SHAP's own explainers. The answer has the form in which Alibi writes Shapley values, so that one reader does for
both."""

import numpy as np
import shap


def shapley(card, rows, predict, model):
    """Shapley values by the algorithm that the card names."""
    background = rows[: card.options["background"]] if card.options["background"] else None
    if card.options["algorithm"] == "tree":
        explainer = shap.TreeExplainer(model, background, feature_names=card.features)
        return lambda row: written(card, row, explainer(row), None)
    np.random.seed(card.options["seed"])
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.Explainer(
        predict, masker, algorithm=card.options["algorithm"], feature_names=card.features, seed=card.options["seed"]
    )
    most = {} if card.options["samples"] is None else {"max_evals": card.options["samples"]}
    return lambda row: written(card, row, explainer(row, silent=True, **most), predict(row))


def written(card, row, found, answer):
    """Write what SHAP gives: by class, row and feature."""
    values = found.values[..., None] if found.values.ndim == 2 else found.values
    base = np.atleast_1d(np.asarray(found.base_values)[0])
    answer = values.sum(axis=1) + base if answer is None else np.asarray(answer).reshape(len(row), -1)
    return {
        "meta": {"name": "SHAP", "params": card.options},
        "data": {
            "shap_values": np.moveaxis(values, 2, 0),
            "expected_value": base,
            "feature_names": card.features,
            "raw": {"raw_prediction": answer, "prediction": answer.argmax(axis=1), "instances": row},
        },
    }


MAKERS = {"SHAP": shapley}
