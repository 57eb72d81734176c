"""Settings beside a model's files, which servers read by their names: what they import, and the paths that they name.

Sources: MLflow's ``models/model.py`` and ``pyfunc/__init__.py``; MLServer's ``settings.py``; Triton's
``model_config.proto``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seldon_infra.artifacts.judge.finding import Finding, Unreadable
from seldon_infra.artifacts.judge.keras import description_of
from seldon_infra.artifacts.judge.paths import STAYS, climbs

ON_THE_LIST = "must be one that its server brings"
LOADERS = frozenset({
    "mlflow.catboost", "mlflow.diviner", "mlflow.h2o", "mlflow.keras", "mlflow.lightgbm", "mlflow.onnx",
    "mlflow.paddle", "mlflow.pmdarima", "mlflow.prophet", "mlflow.pyfunc.model", "mlflow.pytorch",
    "mlflow.sentence_transformers", "mlflow.sklearn", "mlflow.spacy", "mlflow.statsmodels", "mlflow.tensorflow",
    "mlflow.transformers", "mlflow.xgboost",
})  # fmt: skip
"""Modules of MLflow that load a model."""
IMPLEMENTATIONS = frozenset({
    "mlserver_sklearn.SKLearnModel", "mlserver_sklearn.sklearn.SKLearnModel", "mlserver_xgboost.XGBoostModel",
    "mlserver_xgboost.xgboost.XGBoostModel", "mlserver_lightgbm.LightGBMModel",
    "mlserver_lightgbm.lightgbm.LightGBMModel", "mlserver_mlflow.MLflowRuntime",
    "mlserver_mlflow.runtime.MLflowRuntime", "mlserver_huggingface.HuggingFaceRuntime",
    "mlserver_huggingface.runtime.HuggingFaceRuntime", "mlserver_catboost.CatboostModel", "mlserver_onnx.OnnxModel",
    "mlserver_alibi_explain.AlibiExplainRuntime", "mlserver_alibi_detect.AlibiDetectRuntime",
})  # fmt: skip
"""Runtimes of MLServer."""
_MLFLOW_PATHS = ("data", "model_path", "pickled_model", "python_model", "code", "model_data", "path", "uri")
_PBTXT = re.compile(
    r'(default_model_filename)\s*:\s*["\']([^"\']*)["\']'
    r'|key\s*:\s*["\'](EXECUTION_ENV_PATH)["\']\s*,?\s*value\s*:?\s*\{\s*string_value\s*:\s*["\']([^"\']*)["\']'
)


def judge_mlmodel(text: bytes, file: str, trusted: frozenset[str]) -> Iterator[Finding]:
    """Judge the file ``MLmodel`` of MLflow."""
    import yaml  # Few models have such a file.

    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line = next(iter(str(error).splitlines()), "")
        raise Unreadable(f"cannot be read: {line}") from None
    flavors = said.get("flavors") if isinstance(said, dict) else None
    for flavor in flavors.values() if isinstance(flavors, dict) else ():
        if isinstance(flavor, dict):
            yield from _flavor(flavor, file, trusted)


def _flavor(flavor: dict[Any, Any], file: str, trusted: frozenset[str]) -> Iterator[Finding]:
    loader = flavor.get("loader_module")
    if loader is not None and loader not in LOADERS | trusted:
        yield Finding(file, f"has the loader_module {loader}", ON_THE_LIST, str(loader))
    for key in ("code", "model_code_path"):
        code = flavor.get(key)
        if code is not None and str(code) not in trusted:
            yield Finding(file, f"runs the code in {key} '{code}'", "must hold no code", str(code))
    for key in _MLFLOW_PATHS:
        path = flavor.get(key)
        if isinstance(path, str) and climbs(path):
            yield Finding(file, f"has the {key} '{path}'", STAYS)


def judge_model_settings(text: bytes, file: str, trusted: frozenset[str]) -> Iterator[Finding]:
    """Judge the file ``model-settings.json`` of MLServer."""
    said = description_of(text)
    if not isinstance(said, dict):
        return
    implementation = said.get("implementation")
    if implementation is not None and implementation not in IMPLEMENTATIONS | trusted:
        yield Finding(file, f"has the implementation {implementation}", ON_THE_LIST, str(implementation))
    parameters = said.get("parameters")
    for key in ("uri", "environment_tarball", "environment_path"):
        path = parameters.get(key) if isinstance(parameters, dict) else None
        if isinstance(path, str) and (climbs(path) or "://" in path):
            yield Finding(file, f"has the parameter {key} '{path}'", STAYS)


def judge_config_pbtxt(text: bytes, file: str, trusted: frozenset[str]) -> Iterator[Finding]:
    """Judge the file ``config.pbtxt`` of Triton."""
    for found in _PBTXT.finditer(text.decode("utf-8", "replace")):
        key, path = found[1] or found[3], found[2] if found[1] else found[4]
        inner = path.removeprefix("$$TRITON_MODEL_DIRECTORY/")
        if climbs(inner) or "://" in inner:
            yield Finding(file, f"has {key} '{path}'", STAYS)


SETTINGS = {
    "MLmodel": judge_mlmodel,
    "model-settings.json": judge_model_settings,
    "config.pbtxt": judge_config_pbtxt,
}
"""What judges a file of some name."""
