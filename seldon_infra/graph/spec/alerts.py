"""From where on somebody is told, beside what a deployment promises."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar

from seldon_infra.core.model import Later, Spec


class Alerts(Spec):
    """Thresholds of the alerts that each watched deployment has without asking."""

    noun: ClassVar[str] = "alerts"

    queue_time: Later[str] = "500ms"
    """How long requests may wait in Triton until an instance takes them, on average over 5 minutes, as a duration.
    Default: ``"500ms"``."""
    shadow_failures: Later[float] = 1.0
    """By how many percentage points more of a shadow's requests may fail than of the predictor's that answers most.
    Default: 1."""
    shadow_times_slower: Later[float] = 2.0
    """How many times as slow as that predictor's a shadow's 99th percentile may be. Default: 2."""
    stale_after_days: Later[int] | None = None
    """Days after which pods that still run unchanged are told of: their models are at least as old. On clusters alone.
    Default: never."""
