"""Alibi's methods that take gradients, in TensorFlow. Each maker gives a function from a row to Alibi's own
explanation, as plain data."""

import sys
import types

import numpy as np
import tensorflow as tf

# Alibi's models of language want the package transformers as soon as TensorFlow is there; nothing here uses them.
language = types.ModuleType("alibi.utils.lang_model")
language.LanguageModel = language.DistilbertBaseUncased = language.BertBaseUncased = language.RobertaBase = None
sys.modules.setdefault(language.__name__, language)
from alibi.explainers import CEM, CounterfactualProto, IntegratedGradients  # noqa: E402

MOST_PROTOTYPES = 2000
"""Reference rows among which the nearest with another answer is looked for."""
ANSWER_STEP = 1e-3
"""How far an answer is moved to see how the loss changes, as Alibi has it."""


def integrated_gradients(card, rows, predict, model):
    """What each number adds between a baseline and the row, by the gradients on the way."""
    shape = [card.width if size is None else size for size in model.input_shape[1:]]
    if np.prod(shape) != card.width:
        raise ValueError(f"reference rows of {card.width} numbers, the model takes {shape}")

    def tensor(row):
        return np.asarray(row, dtype=model.inputs[0].dtype).reshape(1, *shape)

    differentiable(model, tensor(rows[0]))
    explainer = IntegratedGradients(model, n_steps=card.options["n_steps"])
    baseline = tensor(rows.mean(axis=0) if card.options["baseline"] == "mean" else np.zeros(card.width))

    def explain(row):
        answer = np.asarray(model(tensor(row)))
        target = answer.argmax(axis=1) if answer.shape[-1] > 1 else None
        found = explainer.explain(tensor(row), baselines=baseline, target=target)
        return {"meta": found.meta, "data": {**found.data, "feature_names": card.features}}

    return explain


def differentiable(model, row):
    """Refuse a model whose answer does not follow its input smoothly."""
    if not np.issubdtype(row.dtype, np.floating):
        raise ValueError(f"the model takes {row.dtype} numbers, to which there are no gradients; it must take floats")
    given = tf.constant(row)
    with tf.GradientTape() as tape:
        tape.watch(given)
        answer = model(given)
    if tape.gradient(answer, given) is None:
        raise ValueError("the model has no gradient from its input to its answer; each of its steps must have one")


class Scale:
    """Rows measured from the middle of the reference rows by how far these spread: a search goes equally far in each
    direction, and nought of a feature says nothing of it."""

    def __init__(self, rows, predict):
        self.middle, spread = np.median(rows, axis=0), rows.std(axis=0)
        self.spread, self.predict = np.where(spread > 0, spread, 1), predict
        self.rows = self.to(rows)
        self.range = tuple(edge.astype(np.float32)[None] for edge in (self.rows.min(axis=0), self.rows.max(axis=0)))

    def to(self, rows):
        """Give rows in that measure."""
        return (rows - self.middle) / self.spread

    def back(self, rows):
        """Give rows as they were."""
        return None if rows is None else np.asarray(rows) * self.spread + self.middle

    def answers(self, rows):
        """Ask for the classes' probabilities; one number is that of the second of two."""
        found = self.predict(self.back(rows))
        found = np.stack([1 - found, found], axis=1) if found.ndim == 1 else found
        if found.min() < -1e-6 or found.max() > 1 + 1e-6:
            raise ValueError("the predictor answers numbers outside 0 and 1, must answer probabilities of classes")
        return found


def graph_mode():
    """Let this process build graphs as in TensorFlow 1, which both searches are written for."""
    tf.compat.v1.disable_v2_behavior()
    # Keras 3 keeps no session any more.
    tf.compat.v1.keras.backend.get_session = tf.compat.v1.Session


def searched(card, scale):
    """Give what both searches are told."""
    options = card.options
    return {
        "shape": (1, card.width),
        "feature_range": scale.range,
        "beta": options["beta"],
        "c_init": options["c_init"],
        "c_steps": options["c_steps"],
        "max_iterations": options["max_iterations"],
        "eps": (ANSWER_STEP, options["eps"]),
        "clip": (-1000.0, 1000.0),
    }


def counterfactuals(card, rows, predict, model):
    """The nearest row with another answer, led by reference rows that have one."""
    graph_mode()
    scale = Scale(rows, predict)
    told = searched(card, scale)
    explainer = CounterfactualProto(scale.answers, use_kdtree=True, theta=card.options["theta"], **told)
    explainer.fit(scale.rows[:MOST_PROTOTYPES])

    def explain(row):
        found = explainer.explain(scale.to(row).astype(np.float32))
        nearest = found.data["cf"]
        kept = None if nearest is None else {key: nearest[key] for key in ("class", "proba")}
        return {
            "meta": found.meta,
            "data": {
                "X": row,
                "cf": None if kept is None else {"X": scale.back(nearest["X"]), **kept},
                "orig_class": found.data["orig_class"],
                "orig_proba": found.data["orig_proba"],
                "feature_names": card.features,
            },
        }

    return explain


def contrastive(card, rows, predict, model):
    """What must not be there for the answer to stay, or what alone is enough for it."""
    graph_mode()
    scale = Scale(rows, predict)
    explainer = CEM(scale.answers, card.options["mode"], kappa=card.options["kappa"], **searched(card, scale))
    explainer.fit(scale.rows, no_info_type="median")

    def explain(row):
        found = explainer.explain(scale.to(row).astype(np.float32))
        said = {name: scale.back(found.data[name]) for name in ("PN", "PP")}
        known = {name: found.data[name] for name in ("X_pred", "PN_pred", "PP_pred")}
        data = {
            "X": row,
            "mode": card.options["mode"],
            **said,
            **known,
            "no_info": scale.middle[None],
            "feature_names": card.features,
        }
        return {"meta": found.meta, "data": data}

    return explain


MAKERS = {
    "IntegratedGradients": integrated_gradients,
    "Counterfactuals": counterfactuals,
    "Contrastive": contrastive,
}
