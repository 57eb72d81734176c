"""What an experiment agreed on when it began, as plain data that goes with requests, records and reports.

An experiment that is changed is another one: what is measured afterwards must not be mixed with what was measured
before. So each definition is a **round** of its own, whose results are kept when the next begins. A round that differs
in more than the split has a **salt** of its own too, by which users are spread anew; where only the split changes,
users keep the arm that they have, as far as it does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from seldon_infra.experiments.assignment import arm_of, as_key, key_in, unit_of

PARAMETER = "experiment"
"""The router's parameter that holds the terms as JSON."""


@dataclass(frozen=True)
class Terms:
    """One round of an experiment."""

    name: str
    deployment: str
    arms: tuple[str, str]
    """Names of the nodes: a's, b's."""
    share_b: float
    """From 0 to 1."""
    sticky_by: Mapping[str, Any]
    metric: Mapping[str, Any]
    direction: str
    guardrails: tuple[Mapping[str, Any], ...]
    min_samples: int
    alpha: float
    identity: Mapping[str, Any] = field(default_factory=dict)
    """What the arms are made of."""

    @cached_property
    def salt(self) -> str:
        """What keys are hashed with: the same for all rounds that differ in the split alone."""
        return f"{self.name}.{_short({**asdict(self), 'share_b': None})}"

    @cached_property
    def round(self) -> str:
        """Names the round."""
        return _short(asdict(self))

    def arm_of(self, key: str) -> int:
        """Give the arm of a key."""
        return arm_of(self.salt, key, self.share_b)

    def unit_of(self, key: str) -> bytes:
        """Give what stands for a key in the records."""
        return unit_of(self.salt, key)

    def refuses(self, value: float) -> str | None:
        """Say what is wrong with a value as an outcome; None where nothing is."""
        if self.outcome is None:
            return "the experiment has no metric of outcomes: declare OutcomeRate or OutcomeMean"
        if self.outcome["kind"] == "outcome_rate":
            return None if value in (0, 1) else f"{value:g} must be 0 or 1, for the metric is OutcomeRate"
        low, high = self.outcome["low"], self.outcome["high"]
        # Written so that a value that is no number is refused too.
        return None if low <= value <= high else f"{value:g} must be from {low:g} to {high:g}, as OutcomeMean says"

    @property
    def outcome(self) -> Mapping[str, Any] | None:
        """The metric of outcomes, of the decision or of a guardrail; None where there is none."""
        metrics = (self.metric, *(each["metric"] for each in self.guardrails))
        return next((each for each in metrics if each["kind"].startswith("outcome")), None)

    def text(self) -> str:
        """Write the terms as JSON."""
        return json.dumps(asdict(self), sort_keys=True)


def key_of(terms: Terms, header: Callable[[str], str | None], message: Callable[[], object]) -> str | None:
    """Give a request's key; None where it has none.

    Args:
        terms: the experiment's.
        header: gives a header by its name in lower case.
        message: gives the request as JSON has it.
    """
    sticky = terms.sticky_by
    if sticky["kind"] == "header":
        return as_key(header(str(sticky["name"]).lower()))
    return key_in(message(), str(sticky["path"]))


def read_terms(text: str) -> Terms:
    """Read what :meth:`Terms.text` has written."""
    raw = json.loads(text)
    return Terms(**{**raw, "arms": tuple(raw["arms"]), "guardrails": tuple(raw["guardrails"])})


def _short(tree: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:12]
