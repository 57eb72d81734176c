"""Detectors of Alibi Detect's behind MLServer: rows are handed on as they came, what is seen of them becomes metrics.

A request is answered with its own tensors, so that the node can stand before a model; ``parameters`` of the answer are
its tags. Metrics name the deployment, the predictor and the node, as Seldon's executor names them.
"""

import csv
import json
import os
import sys
import types
from collections import deque
from pathlib import Path

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceResponse, Parameters, ResponseOutput
from mlserver.utils import get_model_uri
from prometheus_client import Counter, Gauge

# What reads and writes saved detectors needs pydantic 1 and is not used here: rows are the artifact.
sys.modules.setdefault("alibi_detect.saving", types.ModuleType("alibi_detect.saving"))
from alibi_detect.cd import KSDrift  # noqa: E402
from alibi_detect.od import IForest  # noqa: E402

NAMES = ("deployment_name", "predictor_name", "model_name")


def reference(path):
    """Read reference rows and the names of their numbers."""
    file = path if path.is_file() else next(each for end in ("*.csv", "*.json") for each in sorted(path.glob(end)))
    if file.suffix == ".csv":
        header, *rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    else:
        said = json.loads(file.read_text(encoding="utf-8"))
        header, rows = said.get("features"), said["rows"]
    rows = np.asarray([row for row in rows if row], dtype=float)
    if rows.ndim != 2 or len(rows) < 2 or not np.isfinite(rows).all():
        raise ValueError(f"{file.name} must hold two rows or more of finite numbers, all of one width")
    return rows, [str(name).strip() for name in header or (f"f{index}" for index in range(rows.shape[1]))]


class Drift:
    """Holds windows of rows against the reference."""

    def __init__(self, options, rows, features, labels):
        self.window, self.features, self.labels = options["window"], features, labels
        self.kept, self.drifts = deque(), False
        self.detector = KSDrift(rows, p_val=options["p_value"], preprocess_fn=None)
        self.drift = gauge("seldon_detector_drift", "Whether the last window of rows drifted", labels)
        self.rows = counter("seldon_detector_rows", "Rows that were looked at", labels)
        self.windows = counter("seldon_detector_windows", "Windows of rows that were looked at", labels)
        self.distance = Gauge(
            "seldon_detector_drift_distance",
            "How far apart a feature's last window and the reference are, from 0 to 1",
            [*NAMES, "feature"],
            multiprocess_mode="mostrecent",
        )

    def see(self, rows):
        """Take rows in; what the last whole window said is what is said of them."""
        self.rows.inc(len(rows))
        self.kept.extend(rows)
        while len(self.kept) >= self.window:
            found = self.detector.predict(np.stack([self.kept.popleft() for _ in range(self.window)]))["data"]
            self.drifts = bool(found["is_drift"])
            self.drift.set(self.drifts)
            self.windows.inc()
            for name, distance in zip(self.features, np.atleast_1d(found["distance"]), strict=True):
                self.distance.labels(*self.labels, name).set(float(distance))
        return {"drift": self.drifts}


class Outliers:
    """Tells of each row how unlike the reference it is."""

    def __init__(self, options, rows, features, labels):
        self.detector = IForest(n_estimators=options["trees"])
        self.detector.isolationforest.set_params(random_state=options["seed"])
        self.detector.fit(rows)
        # More than this: rows that are all alike have one score, and none of them is unlike the others.
        self.threshold = float(np.quantile(self.detector.score(rows), 1 - options["share"])) + 1e-9
        self.outliers = counter("seldon_detector_outliers", "Rows that are unlike the reference", labels)
        self.rows = counter("seldon_detector_rows", "Rows that were looked at", labels)
        self.score = gauge("seldon_detector_outlier_score", "Score of the last request's most unlike row", labels)

    def see(self, rows):
        """Score rows."""
        scores = self.detector.score(rows)
        unlike = scores > self.threshold
        self.rows.inc(len(rows))
        self.outliers.inc(int(unlike.sum()))
        self.score.set(float(scores.max()))
        return {"outlier": unlike.tolist(), "outlier_score": [round(float(score), 6) for score in scores]}


def gauge(name, says, labels):
    """Make a gauge with the labels of this node."""
    return Gauge(name, says, NAMES, multiprocess_mode="mostrecent").labels(*labels)


def counter(name, says, labels):
    """Make a counter with the labels of this node."""
    return Counter(name, says, NAMES).labels(*labels)


KINDS = {"drift": Drift, "outlier": Outliers}


class Detector(MLModel):
    """Hands rows on, and looks at them."""

    async def load(self):
        """Read the reference rows, and fit the detector on them."""
        options = json.loads(os.environ["DETECTOR"])
        rows, self.features = reference(Path(await get_model_uri(self.settings)))
        labels = (os.environ.get("SELDON_DEPLOYMENT_ID", ""), os.environ.get("PREDICTOR_ID", ""), self.name)
        self.detector = KINDS[options["kind"]](options, rows, self.features, labels)
        return True

    async def predict(self, payload):
        """Answer a request with its own tensors."""
        tags = self.detector.see(self.rows_of(payload.inputs[0]))
        outputs = [
            ResponseOutput(
                name=each.name, shape=each.shape, datatype=each.datatype, data=each.data, parameters=each.parameters
            )
            for each in payload.inputs
        ]
        said = Parameters(**tags)
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=outputs, parameters=said)

    def rows_of(self, tensor):
        """Give the rows of a request's first tensor, or say what is wrong with them."""
        want = f"[n, {len(self.features)}]: {', '.join(self.features[:8])}"
        shape = list(tensor.shape)
        if tensor.datatype == "BYTES" or len(shape) != 2 or shape[1] != len(self.features):
            raise InferenceError(f"input '{tensor.name}': {tensor.datatype} {shape}, must be {want}")
        rows = np.asarray(NumpyCodec.decode_input(tensor), dtype=float).reshape(-1, len(self.features))
        if not len(rows) or not np.isfinite(rows).all():
            raise InferenceError(f"input '{tensor.name}': must hold one row or more of finite numbers")
        return rows
