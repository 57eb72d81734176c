"""How each server runs in a pod of its own: image, start, environment.

The versions are those that ``servers/`` has for this machine; images are named by tag, for their digests could not be
looked up when this was written. Sources: MLServer's ``mlserver/settings.py``, Triton's command line.
"""

from __future__ import annotations

from seldon_infra.graph.expand.chart import MLSERVER_MODELS
from seldon_infra.graph.render_security import MODEL_PATH, source_of
from seldon_infra.graph.render_values import Manifest, as_text, given
from seldon_infra.model_server.spec import ModelServer
from seldon_infra.servers.spec import (
    HuggingFaceServer,
    LightGBMServer,
    MLflowServer,
    MLServerRuntime,
    OnnxServer,
    Server,
    SklearnServer,
    TempoServer,
    TorchServeServer,
    TritonServer,
    XGBoostServer,
)

HTTP, GRPC, METRICS = 8080, 8081, 8082
"""The same ports for every server, so that one is swapped for another without a word to its callers."""
TRITON_IMAGE = "nvcr.io/nvidia/tritonserver:24.10-py3"
_MLSERVER_IMAGES: dict[type[Server], str] = {
    SklearnServer: "seldonio/mlserver:1.7.1-sklearn",
    XGBoostServer: "seldonio/mlserver:1.7.1-xgboost",
    MLflowServer: "seldonio/mlserver:1.7.1-mlflow",
    HuggingFaceServer: "seldonio/mlserver:1.7.1-huggingface",
    TempoServer: "seldonio/mlserver:1.7.1-slim",
}
_WITH_IMAGES: tuple[type[Server], ...] = (LightGBMServer, OnnxServer, TorchServeServer, MLServerRuntime)
SERVERS: tuple[type[Server], ...] = (TritonServer, *_MLSERVER_IMAGES, *_WITH_IMAGES)
"""What can run on its own."""
_CONNECTIONS = (
    "--grpc-keepalive-time=60000",
    "--grpc-keepalive-permit-without-calls=true",
    "--grpc-http2-max-pings-without-data=0",
    "--grpc-http2-min-recv-ping-interval-without-data=10000",
    "--grpc-max-connection-age=300000",
    "--grpc-max-connection-age-grace=300000",
)
"""Of gRPC connections, in milliseconds. Triton by itself asks a silent one after 2 hours whether it lives, and twice at
most; load balancers drop it after minutes, so it is asked each minute, as long as it is there. Clients that ask more
often than every 5 minutes are thrown out; 10 s is the least that gRPC's own clients ask, so all may. A connection
stays with its pod, and a new pod would get none: after 5 minutes clients are told to connect anew, and have 5 more to
finish what is under way. Source: ``tritonserver --help`` of 2.51; gRPC's doc/keepalive.md.
"""
CONTROL_VARIABLE = "TRITON_OPERATOR"
_CONTROL = {
    "none": (),
    "poll": ("--repository-poll-secs=30",),
    "explicit": (
        "--load-model=*",
        f"--http-restricted-api=model-repository:triton-operator=$({CONTROL_VARIABLE})",
        f"--grpc-restricted-protocol=model-repository:triton-operator=$({CONTROL_VARIABLE})",
    ),
}
"""What each mode of model control wants beside its name; Kubernetes puts the variable's value in."""
MESSAGE_BYTES = 64 * 1024**2
DRAIN_SECONDS = 30


def model_name(spec: ModelServer) -> str:
    """Give the name by which clients ask for the model; Triton's stands in its repository, so a placeholder does."""
    return "MODEL" if isinstance(spec.server, TritonServer) else spec.name


def default_image(server: Server) -> str | None:
    """Give the image of a server; None for code of the user's own, whose image only the user knows."""
    return TRITON_IMAGE if isinstance(server, TritonServer) else _MLSERVER_IMAGES.get(type(server))


def arguments(spec: ModelServer) -> list[str]:
    """Give the command line of Triton; by default nobody loads models but a new version of the Deployment."""
    if not isinstance(spec.server, TritonServer):
        return []
    place = MODEL_PATH if spec.model_control == "none" or spec.model_uri is None else source_of(spec.model_uri)
    return [
        "tritonserver",
        f"--model-repository={place}",
        f"--model-control-mode={spec.model_control}",
        *_CONTROL[spec.model_control],
        f"--http-port={HTTP}",
        f"--grpc-port={GRPC}",
        f"--metrics-port={METRICS}",
        f"--exit-timeout-secs={DRAIN_SECONDS}",
        *_CONNECTIONS,
        *spec.arguments,
    ]


def environment(spec: ModelServer) -> Manifest:
    """Give the variables that tell MLServer what to serve and where."""
    if isinstance(spec.server, TritonServer):
        return {}
    return given(
        {
            "MLSERVER_HOST": "0.0.0.0",
            "MLSERVER_HTTP_PORT": str(HTTP),
            "MLSERVER_GRPC_PORT": str(GRPC),
            "MLSERVER_METRICS_PORT": str(METRICS),
            "MLSERVER_GRPC_MAX_MESSAGE_LENGTH": str(MESSAGE_BYTES),
            "MLSERVER_DEBUG": "false",
            "MLSERVER_MODEL_NAME": spec.name,
            "MLSERVER_MODEL_IMPLEMENTATION": MLSERVER_MODELS.get(str(spec.server.implementation), spec.server.runtime),
            "MLSERVER_MODEL_URI": MODEL_PATH if spec.model_uri is not None else None,
            **_hugging_face(spec.server),
        }
    )


def _hugging_face(server: Server) -> Manifest:
    """Variables of the Hugging Face runtime. Source: its ``settings.py``."""
    if not isinstance(server, HuggingFaceServer):
        return {}
    fields = {name: getattr(server, name) for name in ("task", "pretrained_model", "pretrained_tokenizer")}
    said = {**fields, "optimum_model": as_text(server.optimum_model)}
    return {f"MLSERVER_MODEL_HUGGINGFACE_{name.upper()}": value for name, value in said.items()}
