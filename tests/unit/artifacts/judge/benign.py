"""A hundred models and more of which none is hostile: scikit-learn's own, else what their writers write.

They are written by a process of its own, as by a training script: where Pulumi is loaded, dill is, and changes what
joblib writes.
"""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import sys
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    svm,
    tree,
)
from sklearn.base import BaseEstimator

from tests.unit.artifacts.judge import written as w
from tests.unit.artifacts.judge.written import File

ROWS = np.random.default_rng(0).random((60, 4))
LABELS = (ROWS[:, 0] > 0.5).astype(int)


def write(folder: Path) -> None:
    """Write each file into the folder of the kind of server that it is for."""
    warnings.simplefilter("ignore")
    kinds = {"sklearn": [*sklearns(), *arrays(), *numbers()], "mlflow": others()}
    for kind, files in kinds.items():
        (folder / kind).mkdir()
        for file in files:
            (folder / kind / file.name).write_bytes(file.content)


def estimators() -> Iterator[BaseEstimator]:
    logistic = linear_model.LogisticRegression()
    yield from (
        logistic, linear_model.LinearRegression(), linear_model.Ridge(), linear_model.Lasso(),
        linear_model.SGDClassifier(), linear_model.Perceptron(), linear_model.LogisticRegressionCV(cv=2),
        tree.DecisionTreeClassifier(), tree.ExtraTreeRegressor(), ensemble.RandomForestClassifier(5),
        ensemble.ExtraTreesRegressor(5), ensemble.GradientBoostingClassifier(n_estimators=5),
        ensemble.GradientBoostingRegressor(n_estimators=5), ensemble.HistGradientBoostingClassifier(max_iter=5),
        ensemble.HistGradientBoostingRegressor(max_iter=5), ensemble.AdaBoostClassifier(n_estimators=3),
        ensemble.BaggingClassifier(n_estimators=3), ensemble.IsolationForest(n_estimators=5),
        ensemble.VotingClassifier([("a", logistic), ("b", naive_bayes.GaussianNB())]),
        ensemble.StackingClassifier([("a", logistic)], cv=2), svm.SVC(probability=True), svm.LinearSVC(), svm.SVR(),
        neighbors.KNeighborsClassifier(algorithm="kd_tree"), neighbors.KNeighborsRegressor(algorithm="ball_tree"),
        neighbors.NearestCentroid(), naive_bayes.GaussianNB(), naive_bayes.BernoulliNB(), naive_bayes.MultinomialNB(),
        neural_network.MLPClassifier(max_iter=5), gaussian_process.GaussianProcessClassifier(),
        discriminant_analysis.LinearDiscriminantAnalysis(), discriminant_analysis.QuadraticDiscriminantAnalysis(),
        dummy.DummyClassifier(), cluster.KMeans(2), cluster.MiniBatchKMeans(2), cluster.DBSCAN(), cluster.Birch(),
        mixture.GaussianMixture(2), decomposition.PCA(2), decomposition.TruncatedSVD(2), decomposition.NMF(2),
        covariance.EllipticEnvelope(), random_projection.GaussianRandomProjection(2),
        kernel_approximation.RBFSampler(), multiclass.OneVsRestClassifier(logistic),
        multioutput.MultiOutputClassifier(logistic), calibration.CalibratedClassifierCV(logistic, cv=2),
        model_selection.GridSearchCV(logistic, {"C": [1, 2]}, cv=2, scoring="accuracy"),
        feature_selection.SelectKBest(feature_selection.f_classif, k=2),
        pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC()),
        pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.PolynomialFeatures(2), logistic),
        pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), preprocessing.SplineTransformer()),
        compose.ColumnTransformer([("a", preprocessing.MinMaxScaler(), [0, 1])], remainder="passthrough"),
        preprocessing.QuantileTransformer(n_quantiles=10), preprocessing.PowerTransformer(),
        preprocessing.KBinsDiscretizer(3), preprocessing.OneHotEncoder(), preprocessing.OrdinalEncoder(),
        preprocessing.RobustScaler(),
    )  # fmt: skip


def sklearns() -> Iterator[File]:
    for at, estimator in enumerate(estimators()):
        rows = np.round(ROWS * 3) if isinstance(estimator, preprocessing.OneHotEncoder) else ROWS
        labels = np.stack([LABELS, LABELS], 1) if isinstance(estimator, multioutput.MultiOutputClassifier) else LABELS
        fitted = estimator.fit(rows, labels)
        name = f"{at}-{type(estimator).__name__}"
        if at % 3 == 0:
            yield File(f"{name}.pkl", pickle.dumps(fitted, at % 4 + 2))
        else:
            yield File(f"{name}.joblib", w.joblib_of(fitted))
    texts = feature_extraction.text.TfidfVectorizer().fit(["a model of words", "some more words"])
    yield File("texts.joblib", w.joblib_of(texts))
    yield File("isotonic.joblib", w.joblib_of(isotonic.IsotonicRegression().fit(ROWS[:, 0], ROWS[:, 1])))
    for kind in ("zlib", "gzip", "bz2", "xz", "lzma"):
        stream = io.BytesIO()
        joblib.dump(ensemble.RandomForestClassifier(3).fit(ROWS, LABELS), stream, compress=(kind, 3))
        yield File(f"forest-{kind}.joblib", stream.getvalue())
    yield File("old.pkl", pickle.dumps(naive_bayes.GaussianNB().fit(ROWS, LABELS), 0))


def arrays() -> Iterator[File]:
    values = (
        ROWS,
        np.array([1, "a", None], object),
        np.array(["a", "bc"]),
        np.zeros(3, "c16"),
        np.array(["2020"], "M8[D]"),
    )
    for at, value in enumerate(
        (*values, np.zeros(3, [("a", "f4"), ("b", "U3")]), np.zeros((0, 3)), np.asfortranarray(ROWS))
    ):
        yield File(f"{at}.npy", w.npy_of(value))
        yield File(f"{at}.joblib", w.joblib_of({"values": value, "more": [np.arange(3), value]}))
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.zeros(100_000), b=ROWS)
    yield File("arrays.npz", stream.getvalue())


def numbers() -> Iterator[File]:
    """Bare weights: they may begin like anything."""
    chance = random.Random(0)
    heads = (
        b"\x80\x02",
        b"\x80\x04",
        b"\x78\x9c",
        b"\x1f\x8b",
        b"]\0",
        b"{",
        b"(",
        b"c",
        b"\x08",
        b"MZ",
        b"BZ",
        b"\x93N",
    )
    for at, head in enumerate(heads):
        yield File(f"weights-{at}.bin", head + chance.randbytes(5000))


def others() -> Iterator[File]:
    layers = [w.DENSE, {"class_name": "function", "module": "keras.activations", "config": "relu"}]
    described = w.keras_of({"class_name": "Functional", "module": "keras.src.models", "config": {"layers": layers}})
    yield File("config.json", json.dumps(described).encode())
    yield File("model.h5", w.hdf5_of(described))
    packed = [("config.json", json.dumps(described).encode()), ("model.weights.h5", w.hdf5_of({}))]
    yield File("model.keras", w.zip_of(packed, zipfile.ZIP_DEFLATED))
    yield File("model.onnx", w.onnx_of("weights.bin"))
    yield File(
        "saved_model.pb", w.saved_model_of(["Placeholder", "MatMul", "SaveV2", "RestoreV2", "StatefulPartitionedCall"])
    )
    yield File("model.safetensors", struct.pack("<Q", 0x80) + b'{"w":{"dtype":"F32"}}'.ljust(0x80) + bytes(64))
    yield File("model.json", b'{"learner":{"gradient_booster":{"model":{"trees":[]}}},"version":[3,0,0]}')
    yield File("model.txt", b"tree\nversion=v4\nnum_class=1\nfeature_names=a b\n\nTree=0\nnum_leaves=2\n")
    yield File("model.ubj", b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{}}")
    yield File("README.md", b"# A model\n\ncat and dog\n(trained in 2026)\n")
    yield File("model.py", b"import os\n\n\nclass TritonPythonModel:\n    pass\n")
    loader = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
    yield File("MLmodel", loader.encode())
    settings = {"name": "m", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./model.joblib"}}
    yield File("model-settings.json", json.dumps(settings).encode())
    yield File("config.pbtxt", b'backend: "onnxruntime"\ndefault_model_filename: "model.onnx"\n')
    yield File("model.tar.gz", w.tar_of([(w.entry("m/model.pkl"), pickle.dumps(ROWS)), _inner_link()], "w:gz"))
    yield File("model.pt", w.torch_of(_state_dict()))
    script = ("m/code/__torch__.py", b"def forward(self, x):\n  return torch.relu(x)\n")
    yield File("script.pt", w.torch_of(b"\x80\x02c__torch__\nNet\n)\x81.", script))
    yield File(
        "model.mar",
        w.zip_of([("MAR-INF/MANIFEST.json", b"{}"), ("h.py", b"x = 1\n"), ("m.pt", w.torch_of(_state_dict()))]),
    )


def _inner_link() -> tuple[tarfile.TarInfo, bytes]:
    return w.entry("m/latest.pkl", tarfile.SYMTYPE, "model.pkl"), b""


def _state_dict() -> bytes:
    """What torch writes for one tensor: its numbers are a persistent id."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: object) -> object:
            return ("storage", "0", "cpu", 16) if value is ROWS else None

    stream = io.BytesIO()
    Pickler(stream, 2).dump(OrderedDict(w=ROWS))
    return stream.getvalue()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
