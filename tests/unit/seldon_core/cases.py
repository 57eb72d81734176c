"""Operators that golden files show: the chart's values, as Helm gets them.

``python -m tests.unit.seldon_core.cases`` writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path

from seldon_infra import (
    Executor,
    Istio,
    OperatorProcess,
    RequestLogger,
    SeldonCore,
    ServerImage,
    StorageInitializer,
)
from seldon_infra.core.yaml import dump
from seldon_infra.ingress.render.istio import operator_values
from seldon_infra.seldon_core.render import values

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "default": ("What is installed where a stack says nothing: an operator behind no ingress.", SeldonCore()),
    "all-fields": (
        "Every field of SeldonCore, behind Istio.",
        SeldonCore(
            namespace="seldon",
            crd=False,
            webhook_certificate="cert-manager",
            webhook_port=9443,
            single_namespace=True,
            controller_id="team-a",
            keda=True,
            default_user=None,
            usage_metrics=True,
            executor=Executor(
                image="registry.example.com:5000/seldon/executor@sha256:0123",
                cpu_request="100m",
                cpu_limit="1",
                memory_request="128Mi",
                memory_limit="256Mi",
                request_logger=RequestLogger(
                    default_endpoint="http://broker.logs", queue_size=500, write_timeout="1.5s"
                ),
                full_health_checks=True,
                prometheus_path="/metrics",
                user=1000,
            ),
            storage_initializer=StorageInitializer(
                image="seldonio/rclone-storage-initializer:1.17.1",
                cpu_request="200m",
                cpu_limit="2",
                memory_request="200Mi",
                memory_limit="2Gi",
            ),
            servers=[
                ServerImage(
                    implementation="SKLEARN_SERVER", protocol="v2", image="mirror/mlserver", version="1.3.5-sklearn"
                ),
                ServerImage(implementation="CATBOOST_SERVER", protocol="v2", image="team/catboost", version="2.0.0"),
            ],
            explainer_image="seldonio/alibiexplainer:1.17.1",
            explainer_image_v2="seldonio/mlserver:1.3.5-alibi-explain",
            operator=OperatorProcess(
                cpu_request="200m", cpu_limit="1", memory_request="300Mi", memory_limit="600Mi", log_level="DEBUG"
            ),
            values={"hostNetwork": True, "executor": {"metricsPortName": "m"}},
        ),
    ),
}


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    shows, core = CASES[name]
    reached = operator_values(Istio(tls_to_pods="ISTIO_MUTUAL")) if name == "all-fields" else {}
    return f"# {shows}\n{dump(values(core, reached))}"


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
