"""What the operator's chart says where a SeldonDeployment says nothing: images, ports, amounts.

Source: helm-charts/seldon-core-operator/values.yaml of Seldon Core 1.17.1, the last under Apache-2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.servers.spec import LAST_APACHE_CORE

EXECUTOR_IMAGE = f"docker.io/seldonio/seldon-core-executor:{LAST_APACHE_CORE}"
EXECUTOR_USER = DEFAULT_USER = 8888
EXECUTOR_HTTP, EXECUTOR_GRPC = 8000, 5001
FIRST_HTTP, FIRST_GRPC, FIRST_METRICS = 9000, 9500, 6000
PROMETHEUS_PATH = "/prometheus"
INITIALIZER_IMAGE = f"seldonio/rclone-storage-initializer:{LAST_APACHE_CORE}"
EXECUTOR_RESOURCES: Mapping[str, Any] = {
    "limits": {"cpu": "500m", "memory": "512Mi"},
    "requests": {"cpu": "500m", "memory": "512Mi"},
}
INITIALIZER_RESOURCES: Mapping[str, Any] = {
    "limits": {"cpu": "1", "memory": "1Gi"},
    "requests": {"cpu": "100m", "memory": "100Mi"},
}
_MLSERVER = "seldonio/mlserver:1.3.5"
TENSORFLOW_SERVING = "tensorflow/serving:2.1.0"
SERVERS: Mapping[str, Mapping[str, str]] = {
    "SKLEARN_SERVER": {"seldon": f"seldonio/sklearnserver:{LAST_APACHE_CORE}", "v2": f"{_MLSERVER}-sklearn"},
    "XGBOOST_SERVER": {"seldon": f"seldonio/xgboostserver:{LAST_APACHE_CORE}", "v2": f"{_MLSERVER}-xgboost"},
    "MLFLOW_SERVER": {"seldon": f"seldonio/mlflowserver:{LAST_APACHE_CORE}", "v2": f"{_MLSERVER}-mlflow"},
    "TENSORFLOW_SERVER": {
        "seldon": f"seldonio/tfserving-proxy:{LAST_APACHE_CORE}",
        "tensorflow": TENSORFLOW_SERVING,
    },
    "TRITON_SERVER": {"v2": "nvcr.io/nvidia/tritonserver:21.08-py3"},
    "HUGGINGFACE_SERVER": {"v2": f"{_MLSERVER}-huggingface"},
    "TEMPO_SERVER": {"v2": f"{_MLSERVER}-slim"},
}
"""Images of prepackaged servers by protocol: predictor_servers."""
MLSERVER_MODELS = {
    "SKLEARN_SERVER": "mlserver_sklearn.SKLearnModel",
    "XGBOOST_SERVER": "mlserver_xgboost.XGBoostModel",
    "MLFLOW_SERVER": "mlserver_mlflow.MLflowRuntime",
    "HUGGINGFACE_SERVER": "mlserver_huggingface.HuggingFaceRuntime",
    "TEMPO_SERVER": "tempo.mlserver.InferenceRuntime",
}
"""Runtimes of MLServer by implementation. Source: operator/controllers/mlserver.go."""
EXPLAINERS = {"seldon": f"seldonio/alibiexplainer:{LAST_APACHE_CORE}", "v2": f"{_MLSERVER}-alibi-explain"}
