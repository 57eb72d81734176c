"""Classes for Seldon's own wrapper that the graphs of these tests are made of."""

import time
from pathlib import Path

import numpy as np
from seldon_core.flask_utils import SeldonMicroserviceException


class Rewarded:
    """Counts the rewards that come to it, and says so in its tags and metrics."""

    name = "rewarded"

    def __init__(self):
        self.reward = 0.0

    def send_feedback(self, features, feature_names, reward, truth, routing=None):
        self.reward += reward

    def tags(self):
        return {f"reward-{self.name}": self.reward}

    def metrics(self):
        return [{"type": "COUNTER", "key": f"calls_{self.name}", "value": 1}]


class Double(Rewarded):
    name = "double"

    def transform_input(self, rows, names):
        return np.asarray(rows, dtype=float) * 2


class Negate:
    def transform_output(self, rows, names):
        return -np.asarray(rows, dtype=float)


class Pick(Rewarded):
    """The first number of a request, doubled, is the route; 8 stands for none and 10 for all."""

    name = "pick"

    def route(self, features, names):
        first = int(np.asarray(features).flat[0])
        return {8: -2, 10: -1}.get(first, first // 2)


class Plus(Rewarded):
    """Adds; 1000 is refused, 1001 breaks it and 1002 takes it long."""

    def __init__(self, amount=1.0, name="plus"):
        super().__init__()
        self.amount, self.name = float(amount), name

    def predict(self, rows, names, meta=None):
        self._misbehave(float(np.asarray(rows, dtype=float).flat[-1]))
        return np.asarray(rows, dtype=float) + self.amount

    def _misbehave(self, last):
        if last == 2000:
            raise SeldonMicroserviceException("1000 is too much", status_code=400, reason="TOO_MUCH")
        if last == 2002:
            raise RuntimeError("broken inside")
        if last == 2004:
            time.sleep(3)


class Sum:
    def aggregate(self, answers, names):
        return np.sum([np.asarray(rows, dtype=float) for rows in answers], axis=0)


class Echo:
    """Gives back what it gets, in every place of a graph; what the wrapper could not write as it is, in an object."""

    def predict(self, data, names, meta=None):
        return data if isinstance(data, np.ndarray | str | bytes | dict) else {"echo": data}

    def transform_input(self, data, names):
        return self.predict(data, names)

    def transform_output(self, data, names):
        return self.predict(data, names)

    def aggregate(self, answers, names):
        return self.predict(answers[0], names)


class Marked:
    """Leaves a file named like the first word of a request in a folder; one called wait goes on when there is a go."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def predict(self, rows, names, meta=None):
        word = str(rows[0][0])
        (self.folder / word).touch()
        while word == "wait" and not (self.folder / "go").exists():
            time.sleep(0.02)
        return rows


class Slow:
    """Takes long."""

    def __init__(self, mark):
        self.mark = Path(mark)

    def predict(self, rows, names, meta=None):
        self.mark.touch()
        time.sleep(8)
        return rows
