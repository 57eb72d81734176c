"""The graph's nodes, as classes for Seldon's Python wrapper."""

import json
from pathlib import Path

import numpy as np

LARGEST_LOG_AMOUNT = 10.0


class Rewarded:
    """Adds up the rewards that feedback brings, and tells the sum in its tags."""

    def __init__(self):
        self.rewards = 0.0

    def send_feedback(self, features, feature_names, reward, truth, routing=None):
        """Take one reward."""
        self.rewards += reward


class Normalise:
    """Brings amount, hour, distance and count to about 0 to 1; the fifth column, 0 or 1, stays."""

    def transform_input(self, rows, names):
        """Scale each row of amount, hour, distance_km, purchases_today, new_shop."""
        amount, hour, distance, count, new_shop = np.asarray(rows, dtype=float).T
        logs = np.log1p(amount) / LARGEST_LOG_AMOUNT, np.log1p(distance) / LARGEST_LOG_AMOUNT
        return np.stack([logs[0], hour / 24, logs[1], count / 10, new_shop], axis=1)


class ByAmount(Rewarded):
    """Sends a request with nothing but small amounts to child 0, any other to child 1."""

    def __init__(self, threshold=50.0):
        super().__init__()
        self.threshold = np.log1p(float(threshold)) / LARGEST_LOG_AMOUNT

    def route(self, rows, names):
        """Give the child's number."""
        return int(np.asarray(rows, dtype=float)[:, 0].max() >= self.threshold)

    def tags(self):
        """Tell what feedback has brought."""
        return {"rewards-router": self.rewards}


class Network(Rewarded):
    """A logistic regression or a small network, from the file ``weights.json`` in ``model_uri``."""

    def __init__(self, model_uri, title="model"):
        super().__init__()
        self.title = title
        layers = json.loads((Path(model_uri) / "weights.json").read_text())
        self.layers = [(np.array(weights), np.array(biases)) for weights, biases in layers]

    def predict(self, rows, names, meta=None):
        """Give each row's probabilities of being honest and of being fraud."""
        values = np.asarray(rows, dtype=float)
        for weights, biases in self.layers[:-1]:
            values = np.maximum(values @ weights + biases, 0)
        weights, biases = self.layers[-1]
        fraud = 1 / (1 + np.exp(-(values @ weights + biases)))
        return np.hstack([1 - fraud, fraud])

    def tags(self):
        """Tell what feedback has brought."""
        return {f"rewards-{self.title}": self.rewards}


class Mean:
    """Averages what the models below it say."""

    def aggregate(self, answers, names):
        """Give the mean of each probability."""
        return np.mean([np.asarray(answer, dtype=float) for answer in answers], axis=0)
