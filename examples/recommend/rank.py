"""Scores every film for a user; two ways, told apart by ``model_uri``."""

import json
from pathlib import Path

import numpy as np


class Rank:
    """Gives a score per film: by its popularity alone, or by what the user has liked."""

    def __init__(self, model_uri):
        self.scores = np.array(json.loads((Path(model_uri) / "scores.json").read_text()))

    def predict(self, rows, names, meta=None):
        """Score the films for each user number; sort by score for the ranking."""
        users = np.asarray(rows, dtype=float)
        if users.ndim != 2 or users.shape[1] != 1 or (users % 1).any():
            raise refusal("each row must be one user's number")
        if users.min(initial=0) < 0 or users.max(initial=0) >= len(self.scores):
            raise refusal(f"users have numbers from 0 to {len(self.scores) - 1}")
        return self.scores[users[:, 0].astype(int)]

    def class_names(self):
        """Name the scores."""
        return [f"film-{number}" for number in range(self.scores.shape[1])]


def refusal(text):
    """Make an error that the client gets as 400."""
    from seldon_core.flask_utils import SeldonMicroserviceException

    return SeldonMicroserviceException(text, status_code=400, reason="BAD_USER")
