"""What a deployment promises its clients."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar

from seldon_infra.core.model import Later, Spec


class Slo(Spec):
    """Service level objectives over 30 days; alerts tell when what may go wrong is used up too fast.

    What counts are predictions that reach the orchestrators of predictors that are no shadow.
    """

    noun: ClassVar[str] = "slo"

    availability: Later[float] | None = None
    """Percent of the requests that get an answer, or are refused for a mistake of the client's: 95 to below 100, such
    as 99.9. Default: none, nothing is promised."""
    latency_p99: Later[str] | None = None
    """Time within which 99 % of the requests are answered, as a duration from ``"5ms"`` to ``"10s"``: ``"200ms"``.
    Between the bounds of the executor's histogram it is interpolated, as Prometheus' quantiles are. Default: none."""
