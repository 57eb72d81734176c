"""What the two fronts of an orchestrator share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_infra.runtime.orchestrator.admission import Admission
from seldon_infra.runtime.orchestrator.config import Config
from seldon_infra.runtime.orchestrator.metrics import Metrics
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.told import Told

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.experiments import Experiments


@dataclass(frozen=True)
class Shared:
    """One orchestrator's parts, whichever way a request comes."""

    config: Config
    metrics: Metrics
    admission: Admission
    log: PayloadLog
    told: Told
    experiments: Experiments | None
    """None where its graph holds none."""
