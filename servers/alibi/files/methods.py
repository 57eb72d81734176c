"""Alibi's methods. Each maker gives a function from a row to Alibi's own explanation, as plain data."""

import json
import sys
import types

import numpy as np

# Alibi's wrappers of SHAP cannot be imported without ray, which they use for several machines alone.
sys.modules.setdefault("ray", types.ModuleType("ray"))
from alibi.explainers import ALE, AnchorImage, AnchorTabular, AnchorText, KernelShap, TreeShap  # noqa: E402

ANCHOR = ("threshold", "delta", "tau", "batch_size", "beam_size", "coverage_samples")
PLAIN_TOKENS = "en"
MOST_CURVE_ROWS = 5000


def chosen(card, names):
    """Give those of the card's options that a call takes."""
    return {name: card.options[name] for name in names}


def said(explanation):
    """Give an explanation of Alibi's as plain data."""
    return json.loads(explanation.to_json())


def anchor_tabular(card, rows, predict, model):
    """Conditions on features that hold the answer where it is."""
    explainer = AnchorTabular(predict, card.features, categorical_names=card.categories, seed=card.options["seed"])
    explainer.fit(rows, disc_perc=tuple(card.options["percentiles"]))
    return lambda row: said(explainer.explain(row[0], **chosen(card, ANCHOR)))


def anchor_text(card, rows, predict, model):
    """Words that hold the answer where it is; others are hidden, so that no model of language is needed."""
    import spacy

    tokens = spacy.blank(PLAIN_TOKENS)
    # How common words are, which Alibi wants to know though nothing of it is used where words are only hidden.
    tokens.vocab.lookups.add_table("lexeme_prob", {})
    explainer = AnchorText(predict, sampling_strategy="unknown", nlp=tokens, seed=card.options["seed"])
    return lambda row: said(explainer.explain(row[0], **chosen(card, ANCHOR)))


def anchor_images(card, rows, predict, model):
    """Parts of an image that hold the answer where it is; the parts are those of SLIC."""
    shape = tuple(card.options["shape"])
    explainer = AnchorImage(
        predict,
        image_shape=shape,
        # What is taken out of the image is put in from others: a mean of the part itself would look much like it.
        images_background=rows.reshape(-1, *shape),
        segmentation_fn="slic",
        segmentation_kwargs={
            "n_segments": card.options["segments"],
            "compactness": card.options["compactness"],
            "sigma": 0.5,
        },
        seed=card.options["seed"],
    )

    def explain(row):
        np.random.seed(card.options["seed"])
        image = row[0].reshape(shape)
        found = said(explainer.explain(image, **chosen(card, ANCHOR)))
        found["data"]["image"] = image.tolist()
        return found

    return explain


def kernel_shap(card, rows, predict, model):
    """Shapley values of whatever answers, by weighted samples."""
    options = card.options
    explainer = KernelShap(predict, options["link"], card.features, task=card.task, seed=options["seed"])
    explainer.fit(rows[: options["background"]])
    samples = {} if options["samples"] is None else {"nsamples": options["samples"]}
    return lambda row: said(explainer.explain(row, silent=True, **samples))


def tree_shap(card, rows, predict, model):
    """Shapley values of trees, exact, from the model's own file."""
    explainer = TreeShap(model, model_output=card.options["output"], feature_names=card.features, task=card.task)
    explainer.fit(rows[: card.options["background"]] if card.options["background"] else None)
    return lambda row: said(explainer.explain(row))


def ale(card, rows, predict, model):
    """How the answer moves with each feature, over all reference rows; it is the same whatever the row."""
    explainer = ALE(predict, feature_names=card.features, target_names=card.classes or None)
    found = said(explainer.explain(rows[:MOST_CURVE_ROWS], min_bin_points=card.options["min_bin_points"]))
    return lambda row: {**found, "data": {**found["data"], "row": row[0].tolist()}}


MAKERS = {
    "AnchorTabular": anchor_tabular,
    "AnchorText": anchor_text,
    "AnchorImages": anchor_images,
    "KernelShap": kernel_shap,
    "TreeShap": tree_shap,
    "ALE": ale,
}
