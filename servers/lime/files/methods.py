"""LIME: a linear model of the answers around a row."""

import numpy as np
from lime.lime_tabular import LimeTabularExplainer


def lime(card, rows, predict, model):
    """Weights of conditions that hold for the row, by class."""
    options = card.options
    explainer = LimeTabularExplainer(
        rows,
        mode=card.task,
        feature_names=card.features,
        class_names=card.classes or None,
        categorical_features=sorted(card.categories),
        categorical_names=card.categories,
        kernel_width=options["kernel_width"],
        discretize_continuous=True,
        random_state=options["seed"],
    )

    def explain(row):
        explainer.random_state = explainer.base.random_state = np.random.RandomState(options["seed"])
        classes = range(len(card.classes)) if card.classes else (0,)
        labels = {"labels": tuple(classes)} if card.classes else {}
        found = explainer.explain_instance(
            row[0], predict, num_features=options["features"], num_samples=options["samples"], **labels
        )
        return written(card, row, found, classes)

    return explain


def written(card, row, found, classes):
    """Write what LIME gives; in a regression it keeps its one answer under the number 1."""
    at = [each if card.classes else 1 for each in classes]
    weighed, named = found.as_map()[at[0]], found.as_list(at[0])
    rules = {str(index): text for (index, _), (text, _) in zip(weighed, named, strict=True)}
    answer = found.predict_proba if card.classes else [found.predicted_value]
    return {
        "meta": {"name": "LIME", "params": card.options},
        "data": {
            "weights": [[[index, weight] for index, weight in found.as_map()[each]] for each in at],
            "rules": rules,
            "intercept": [found.intercept[each] for each in at],
            "feature_names": card.features,
            "raw": {"raw_prediction": [np.asarray(answer)], "instances": row},
        },
    }


MAKERS = {"LIME": lime}
