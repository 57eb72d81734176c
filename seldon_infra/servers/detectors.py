"""What watches requests on their way to a model: servers that hand rows on as they came, and say what they saw."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

import json
from collections.abc import Mapping
from typing import ClassVar, Literal

from seldon_infra.core.model import Later
from seldon_infra.servers.spec import NodeType, Protocol, Server

_ALL_ROLES: tuple[NodeType, ...] = ("MODEL", "TRANSFORMER")


class Detector(Server):
    """A detector of Alibi Detect's before a model; use ``DriftDetector`` or ``OutlierDetector``.

    ``model_uri`` leads to reference rows: a ``.csv`` file with a header, or JSON with ``rows``, alone or in a folder.
    """

    alternatives: ClassVar[str] = "DriftDetector or OutlierDetector"
    catalogue: ClassVar[str | None] = "detect"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    roles: ClassVar[tuple[NodeType, ...]] = _ALL_ROLES
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)
    runtime: ClassVar[str | None] = "detecting.Detector"

    image: Later[str] | None = None
    """Image for a cluster, with the files of ``servers/detect`` in it. Default: none, for the local target only."""

    @property
    def told(self) -> Mapping[str, str]:
        """Its kind and options, as its runtime reads them."""
        return {"DETECTOR": json.dumps(self.model_dump(mode="json", exclude={"image"}), sort_keys=True)}


class DriftDetector(Detector):
    """Tells whether rows have come to differ from the reference. Source: alibi-detect's ``KSDrift``.

    A window of rows is held against the reference by a Kolmogorov-Smirnov test for each feature, with Bonferroni's
    correction for there being several.
    """

    kind: Literal["drift"] = "drift"
    """Tells servers apart in data. Always ``drift``."""
    p_value: float = 0.01
    """Chance that a window without drift is called one. Default: 0.01."""
    window: int = 200
    """Rows of a window; each row is in one. Default: 200."""


class OutlierDetector(Detector):
    """Tells of each row whether it is unlike the reference. Source: alibi-detect's ``IForest``, an isolation forest."""

    kind: Literal["outlier"] = "outlier"
    """Tells servers apart in data. Always ``outlier``."""
    share: float = 0.01
    """Share of the reference rows that counts as outliers, which sets the threshold. Default: 0.01."""
    alert_share: float = 0.1
    """Share of outliers among the rows of five minutes from which on an alert fires. Default: 0.1."""
    trees: int = 100
    """Trees of the forest. Default: 100."""
    seed: int = 0
    """Of what is drawn. Default: 0."""
