"""Alerts of detectors before models: rows that have come to differ from the reference, and many rows unlike it."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import known
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.detectors import DriftDetector, OutlierDetector

DRIFT, OUTLIERS, ROWS = "seldon_detector_drift", "seldon_detector_outliers_total", "seldon_detector_rows_total"
_BY = "by (namespace, deployment_name, predictor_name, model_name)"
_WINDOW, _ARRIVING = "5m", "15m"


def groups(deployment: SeldonDeployment) -> list[Manifest]:
    """Give a deployment's group of rules as Prometheus reads it; none without detectors."""
    alerts = list(_alerts(deployment))
    name = f"{known(deployment.namespace)}/{deployment.name}/detection"
    return [{"name": name, "rules": alerts}] if alerts else []


def _alerts(deployment: SeldonDeployment) -> Iterator[Manifest]:
    for predictor in deployment.predictors:
        for node in nodes(predictor.graph):
            labels = {"deployment_name": deployment.name, "predictor_name": predictor.name, "model_name": node.name}
            matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
            chosen = f"{{{matchers}}}"
            place = f"'{node.name}' before predictor '{predictor.name}' of '{deployment.name}'"
            if isinstance(node.server, DriftDetector):
                # The last window's word stays where no row comes any more, and says nothing of what is served then.
                arriving = f"sum {_BY} (increase({ROWS}{chosen}[{_ARRIVING}])) > 0"
                expression = f"max {_BY} ({DRIFT}{chosen}) == 1 and {arriving}"
                said = f"{place} sees rows that differ from the reference"
                yield _alert("SeldonDrift", expression, said, _DRIFTED)
            elif isinstance(node.server, OutlierDetector):
                outliers, rows = (f"sum {_BY} (rate({what}{chosen}[{_WINDOW}]))" for what in (OUTLIERS, ROWS))
                most = node.server.alert_share
                said = f"{place} calls more than {most:.0%} of the rows outliers"
                yield _alert("SeldonOutliers", f"{outliers} / {rows} > {most:g}", said, _UNLIKE)


_DRIFTED = (
    "Look at seldon_detector_drift_distance: the feature with the largest distance has changed most. Find out whether "
    "its source has changed or the world has; then mend the source, or fit the model and the detector anew."
)
_UNLIKE = (
    "Look at what clients send: a unit, an order of columns, a default in the place of a value that is not known. "
    "Where the rows are right, the reference is too narrow."
)


def _alert(name: str, expression: str, summary: str, runbook: str) -> Manifest:
    return {
        "alert": name,
        "expr": expression,
        "labels": {"severity": "ticket"},
        "annotations": {"summary": summary, "runbook": runbook},
    }
