"""A router of Seldon's Python wrapper that learns from rewards which of its children does best.

What it has learnt is in one file (BANDIT_STATE), written whole beside its place and moved there, so that it survives a
restart. All who have the file learn together: each reward is added to what the file says, under a lock.
"""

import fcntl
import json
import math
import os
import random
import sys
import tempfile
from contextlib import contextmanager

MOST_REMEMBERED = 1000
"""Requests whose reward is remembered, so that it does not count twice."""


def epsilon_greedy(arms, dice, epsilon):
    """Choose any child with probability ``epsilon``, else the one with the best mean reward so far."""
    if dice.random() < epsilon or not any(arm["rewards"] for arm in arms):
        return dice.randrange(len(arms))
    means = [arm["sum"] / arm["rewards"] if arm["rewards"] else 0.0 for arm in arms]
    return dice.choice([index for index, mean in enumerate(means) if mean == max(means)])


def thompson_sampling(arms, dice, epsilon):
    """Draw each child's chance of success from what is known of it, and choose the best draw."""
    draws = [dice.betavariate(1 + arm["sum"], 1 + arm["rewards"] - arm["sum"]) for arm in arms]
    return draws.index(max(draws))


POLICIES = {"epsilon-greedy": epsilon_greedy, "thompson-sampling": thompson_sampling}


class Refused(ValueError):
    """A reward that cannot be learnt from."""


class State:
    """Rewards by child, in a file that several may have; without a file in memory alone."""

    def __init__(self, path, names):
        self.path, self.names = path, names
        self.seen_at = None
        self.tree = {"arms": {}, "seen": []}

    def arms(self):
        """Give what is known of each child; the file is read again where somebody else has changed it."""
        if self.path and self._written_at() != self.seen_at:
            self._read()
        return [self.tree["arms"].get(name, {"rewards": 0, "sum": 0.0}) for name in self.names]

    def add(self, name, reward, request):
        """Add a reward, unless the request's has been added before; tell whether it counts."""
        with self._alone():
            self._read()
            if request and request in self.tree["seen"]:
                return False
            arm = self.tree["arms"].setdefault(name, {"rewards": 0, "sum": 0.0})
            arm["rewards"] += 1
            arm["sum"] += reward
            if request:
                self.tree["seen"] = [*self.tree["seen"], request][-MOST_REMEMBERED:]
            self._write()
        return True

    @contextmanager
    def _alone(self):
        if not self.path:
            yield
            return
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        with open(f"{self.path}.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _written_at(self):
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _read(self):
        if not self.path:
            return
        written_at = self._written_at()
        try:
            with open(self.path, encoding="utf-8") as file:
                self.tree = json.load(file)
        except FileNotFoundError:
            pass
        except ValueError as error:
            print(f"{self.path} cannot be read, what is known stays: {error}", file=sys.stderr, flush=True)
        self.seen_at = written_at

    def _write(self):
        if not self.path:
            return
        descriptor, part = tempfile.mkstemp(dir=os.path.dirname(self.path), prefix=".bandit-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.tree, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)
        self.seen_at = self._written_at()


class Bandit:
    """Chooses children by a policy, and learns from feedback."""

    def __init__(self, arms, policy, epsilon=0.1, seed=None, state=None):
        self.names = arms.split(",")
        self.choose = POLICIES[policy]
        self.epsilon = float(epsilon)
        self.dice = random.Random(None if seed is None else int(seed))
        self.state = State(state or os.environ.get("BANDIT_STATE"), self.names)

    def route(self, features=None, names=None):
        """Give the number of a child."""
        return self.choose(self.state.arms(), self.dice, self.epsilon)

    def learn(self, reward, child, request=None):
        """Take a reward for a child; the first one of a request counts, and no other.

        Raises:
            Refused: there is no such child, or the reward is not from 0 to 1.
        """
        if child is None or not 0 <= child < len(self.names):
            raise Refused(f"response.meta.routing names child {child}, must be 0 to {len(self.names) - 1}")
        if not (math.isfinite(reward) and 0 <= reward <= 1):
            raise Refused(f"reward {reward:g}, must be from 0 to 1")
        return self.state.add(self.names[child], float(reward), request)

    def route_raw(self, request):
        """Answer the wrapper, whatever the request holds."""
        from seldon_core.proto import prediction_pb2

        chosen = self.route()
        if isinstance(request, dict):
            return {"data": {"ndarray": [[chosen]]}}
        data = prediction_pb2.DefaultData()
        data.ndarray.append([chosen])
        return prediction_pb2.SeldonMessage(data=data)

    def send_feedback_raw(self, feedback):
        """Take feedback of the wrapper's."""
        from seldon_core.flask_utils import SeldonMicroserviceException
        from seldon_core.proto import prediction_pb2

        meta = feedback.response.meta
        try:
            self.learn(feedback.reward, meta.routing.get(os.environ.get("PREDICTIVE_UNIT_ID")), meta.puid or None)
        except Refused as refused:
            raise SeldonMicroserviceException(str(refused), status_code=400, reason="MICROSERVICE_BAD_DATA") from None
        return prediction_pb2.SeldonMessage()

    def metrics(self):
        """Tell Prometheus what is known of each child."""
        known = zip(self.names, self.state.arms(), strict=True)
        return [
            {"type": "GAUGE", "key": key, "value": value, "tags": {"child": name}}
            for name, arm in known
            for key, value in (("bandit_rewards", arm["rewards"]), ("bandit_reward_sum", arm["sum"]))
        ]
