"""Rules about detectors: their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import below
from seldon_infra.servers.detectors import Detector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.rules.place import InNode

_SHARES = ("p_value", "share", "alert_share")
_COUNTS = {"window": 2, "trees": 1}


def options_of_detectors(at: InNode) -> Iterator[Problem]:
    """Shares lie between 0 and 1, counts are large enough to say something."""
    if not isinstance(at.node.server, Detector):
        return
    for field in _SHARES:
        share = getattr(at.node.server, field, None)
        if share is not None and not 0 < share < 1:
            yield Problem(at.path, f"{field} {share:g}", "must lie between 0 and 1", f"write {field}=0.01, say")
    for field, least in _COUNTS.items():
        yield from below(at.path, field, getattr(at.node.server, field, None), least)


NODE_RULES = (options_of_detectors,)
