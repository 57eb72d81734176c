"""Model servers that golden files show. ``python -m tests.unit.model_server.cases`` writes those anew."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seldon_infra.artifacts.spec import S3Storage
from seldon_infra.core.yaml import dump
from seldon_infra.graph.spec import Amounts, Hpa, Keda, MetricTarget, PodTemplate, QueueTime, ResourceMetric, Resources
from seldon_infra.model_server.render import model_server
from seldon_infra.model_server.spec import ModelServer, ServiceMonitor
from seldon_infra.servers.spec import MLServerRuntime, SklearnServer, TritonServer, XGBoostServer

GOLDEN = Path(__file__).parent / "golden"
DIGEST = "sha256:" + "0a" * 32


class Case(NamedTuple):
    """A model server and what its golden file shows."""

    shows: str
    server: ModelServer


def sklearn() -> ModelServer:
    """Give a scikit-learn model, autoscaled and watched."""
    return ModelServer(
        name="iris",
        namespace="models",
        server=SklearnServer(),
        model_uri="s3://models/iris",
        env_secret_ref_name="s3-credentials",
        callers=["shop"],
        hpa=Hpa(
            min_replicas=2,
            max_replicas=6,
            metrics=[ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70))],
        ),
        service_monitor=ServiceMonitor(labels={"release": "prometheus"}),
    )


def triton() -> ModelServer:
    """Give Triton on a GPU, on nodes that have one, with pods as its requests wait."""
    labels = {"namespace": "models", "service": "resnet", "model": "resnet"}
    waiting = QueueTime(prometheus="http://prometheus.monitoring:9090", labels=labels, milliseconds=50)
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return ModelServer(
        name="resnet",
        namespace="models",
        server=TritonServer(),
        image=f"nvcr.io/nvidia/tritonserver@{DIGEST}",
        model_uri="gs://models/resnet",
        resources=Resources(limits=Amounts(cpu=4, memory="16Gi", gpu=1)),
        pod=PodTemplate(spec={"tolerations": tolerations}),
        keda=Keda(min_replica_count=2, max_replica_count=8, queue_time=waiting),
    )


def controlled() -> ModelServer:
    """Give a Triton whose models are loaded by its own interface from a claim."""
    return ModelServer(
        name="ranks",
        namespace="models",
        server=TritonServer(),
        model_uri="pvc://ranks/repository",
        model_control="explicit",
        control_secret="triton-operator",
    )


def runtime() -> ModelServer:
    """Give a class of the user's own in an image of MLServer, without a model's files."""
    server = MLServerRuntime(source="stacks/digits/scale.py", class_name="Scale", image=f"ghcr.io/acme/scale@{DIGEST}")
    return ModelServer(name="scale", namespace="models", server=server, storage_ports=())


def imaged() -> ModelServer:
    """Give a scikit-learn model in an image, which the node fetches."""
    return ModelServer(
        name="iris",
        namespace="models",
        server=SklearnServer(),
        model_uri="oci://ghcr.io/acme/iris:7",
        storage_ports=(),
        pod=PodTemplate(spec={"imagePullSecrets": [{"name": "ghcr"}]}),
    )


def stored() -> ModelServer:
    """Give an XGBoost model of a store of one's own, whose credentials are the definition's."""
    minio = S3Storage(
        provider="Minio", access_key_id="reader", secret_access_key="of-a-test", endpoint="http://minio.minio:9000"
    )
    server = XGBoostServer()
    return ModelServer(name="score", namespace="models", server=server, model_uri="s3://models/score", storage=[minio])


CASES = {
    "image": Case("MLServer on a model in an image, read where it is mounted.", imaged()),
    "sklearn": Case("MLServer on a scikit-learn model: credentials, callers, autoscaling, metrics.", sklearn()),
    "storage": Case("MLServer on a model of a store whose credentials are declared: a Secret, and its port.", stored()),
    "triton-gpu": Case("Triton on a GPU, its image by digest, with pods as its requests wait.", triton()),
    "triton-explicit": Case("Triton on a claim, whose models are loaded by its own interface.", controlled()),
    "runtime": Case("A class of one's own in an image of MLServer.", runtime()),
}


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    return f"# {CASES[name].shows}\n{dump(*model_server(CASES[name].server).values())}"


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
