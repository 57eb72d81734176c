"""What there is to say about a deployment in a picture: from the user's objects to boxes, labels and notes."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import is_later, known
from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Lane, Picture, Series, Step
from seldon_infra.graph.spec import (
    ABTest,
    AverageCombiner,
    Combiner,
    Explainer,
    Model,
    Node,
    OutputTransformer,
    Predictor,
    RandomAbTest,
    Resources,
    Router,
    SeldonDeployment,
    SimpleModel,
    SimpleRouter,
    Transformer,
)
from seldon_infra.servers.detectors import DriftDetector, OutlierDetector
from seldon_infra.servers.spec import (
    ContainerServer,
    HuggingFaceServer,
    LightGBMServer,
    MLflowServer,
    MLServerRuntime,
    OnnxServer,
    PythonServer,
    Server,
    SklearnServer,
    TempoServer,
    TensorFlowServer,
    TorchServeServer,
    TritonServer,
    XGBoostServer,
)

UNKNOWN = "(an output)"
"""Stands for a value that only an apply brings."""
_NAMES: dict[type, str] = {
    SklearnServer: "scikit-learn",
    XGBoostServer: "XGBoost",
    LightGBMServer: "LightGBM",
    OnnxServer: "ONNX Runtime",
    MLflowServer: "MLflow",
    TensorFlowServer: "TensorFlow",
    TorchServeServer: "TorchServe",
    HuggingFaceServer: "Hugging Face",
    TempoServer: "Tempo",
    DriftDetector: "drift detector",
    OutlierDetector: "outlier detector",
    SimpleModel: "fixed answer",
    SimpleRouter: "always the first",
    RandomAbTest: "random A/B test",
    AverageCombiner: "average",
}


def picture(deployment: SeldonDeployment) -> Picture:
    """Say what a picture of a deployment shows."""
    return Picture(
        name=deployment.name,
        notes=(f"namespace {_text(deployment.namespace)}", f"protocol {deployment.protocol}"),
        entrance=_entrance(deployment),
        lanes=tuple(_lane(deployment, predictor) for predictor in deployment.predictors),
    )


def _transports(deployment: SeldonDeployment) -> str:
    return {"rest": "REST", "grpc": "gRPC"}.get(deployment.transport or "", "REST and gRPC")


def _entrance(deployment: SeldonDeployment) -> Step:
    if deployment.server_type == "kafka":
        topics = _kafka_topics(deployment)
        answers = (f"answers go to {topics['KAFKA_OUTPUT_TOPIC']}",) if "KAFKA_OUTPUT_TOPIC" in topics else ()
        return Step(topics.get("KAFKA_INPUT_TOPIC", "Kafka"), "ingress", "KAFKA TOPIC", answers)
    path = f"/seldon/{_text(deployment.namespace)}/{deployment.name}/"
    sticky = (f"sticky by {deployment.sticky.header}",) if deployment.sticky else ()
    return Step(path, "ingress", "INGRESS", (_transports(deployment), *sticky))


def _kafka_topics(deployment: SeldonDeployment) -> dict[str, str]:
    orchestrators = [predictor.orchestrator for predictor in deployment.predictors if predictor.orchestrator]
    return {variable.name: _text(variable.value) for each in orchestrators for variable in each.env if variable.value}


def _lane(deployment: SeldonDeployment, predictor: Predictor) -> Lane:
    traffic = known(predictor.traffic)
    alone = len(deployment.predictors) == 1
    return Lane(
        name=predictor.name,
        notes=tuple(_lane_notes(deployment, predictor)),
        share=_share(predictor),
        weight=float(traffic) if traffic is not None else 100.0 * alone,
        shadow=predictor.shadow,
        flow=flow(deployment, predictor.graph),
        explainer=_explainer(deployment, predictor, predictor.explainer),
    )


def _share(predictor: Predictor) -> str:
    percent = "" if predictor.traffic is None else f"{_text(predictor.traffic)} %"
    return " ".join(part for part in ("shadow" if predictor.shadow else "", percent) if part)


def _lane_notes(deployment: SeldonDeployment, predictor: Predictor) -> Iterator[str]:
    yield _replicas(deployment, predictor)
    if predictor.no_engine:
        yield "no orchestrator"
    elif deployment.engine_separate_pod:
        yield "orchestrator in a pod of its own"
    if predictor.ssl:
        yield "TLS"


def _replicas(deployment: SeldonDeployment, predictor: Predictor) -> str:
    if predictor.hpa:
        low, high = _text(predictor.hpa.min_replicas, "1"), _text(predictor.hpa.max_replicas)
        return f"{low} to {high} replicas by HPA"
    if predictor.keda:
        low, high = _text(predictor.keda.min_replica_count, "0"), _text(predictor.keda.max_replica_count, "100")
        return f"{low} to {high} replicas by KEDA"
    for count in (predictor.replicas, deployment.replicas):
        if count is not None:
            return _counted(count)
    return _counted(1)


def _counted(count: object) -> str:
    return "1 replica" if count == 1 else f"{_text(count)} replicas"


def _explainer(deployment: SeldonDeployment, predictor: Predictor, explainer: Explainer | None) -> Step | None:
    if explainer is None:
        return None
    path = f"/seldon/{_text(deployment.namespace)}/{deployment.name}-explainer/{predictor.name}/"
    model = (_text(explainer.model_uri),) if explainer.model_uri else ()
    return Step(explainer.kind, "explainer", "EXPLAINER", (path, *model))


def flow(deployment: SeldonDeployment, node: Node) -> Flow:
    """Turn a graph into the flow that a request takes through it."""
    step = _step(deployment, node)
    below = tuple(flow(deployment, child) for child in node.children)
    match node:
        case ABTest():
            return Choice(step, below, tuple(f"{share:g} %" for share in node.split))
        case Router():
            return Choice(step, below, _ways(node))
        case Combiner():
            return Gather(below, step)
        case OutputTransformer():
            return Series((*below, step))
        case Model() | Transformer():
            return Series((step, *below)) if below else step


def _ways(router: Router) -> tuple[str, ...]:
    """Labels of a router's ways: the shares where they are known, else the numbers that it answers with."""
    if isinstance(router.server, RandomAbTest) and len(router.children) == 2:
        ratio = known(router.server.ratio_a)
        if ratio is not None:
            return (f"{100 * ratio:.4g} %", f"{100 - 100 * ratio:.4g} %")
    return tuple(str(index) for index in range(len(router.children)))


def _step(deployment: SeldonDeployment, node: Node) -> Step:
    kind = "transformer" if node.type == "OUTPUT_TRANSFORMER" else node.type.lower()
    extras = " · ".join(_extras(node))
    details = (_server(deployment, node), _text(node.model_uri), extras)
    return Step(node.name, kind, node.type.replace("_", " "), tuple(line for line in details if line))


def _server(deployment: SeldonDeployment, node: Node) -> str:
    if isinstance(node, ABTest):
        return f"A/B test by {node.sticky_by.kind}"
    if not isinstance(node.server, Server):
        return f"{_NAMES.get(type(node.server), type(node.server).__name__)}, built in"
    return f"{_server_name(node.server)} · {deployment.protocol}"


def _server_name(server: Server) -> str:
    match server:
        case PythonServer(class_name=name):
            return f"{name}, Seldon wrapper"
        case MLServerRuntime(class_name=name):
            return f"{name}, MLServer"
        case TritonServer(models=models) if len(models) > 1:
            return f"Triton, {len(models)} models"
        case TritonServer(config=config):
            return f"Triton, {config.backend}" if config else "Triton"
        case ContainerServer(image=image, local_command=command):
            return _text(image, _text(command[0]) if command else "no image")
    return _NAMES.get(type(server), type(server).__name__)


def _extras(node: Node) -> Iterator[str]:
    gpus = _gpus(node.resources)
    if gpus:
        yield gpus
    if node.logger:
        yield {"all": "logs requests and responses"}.get(node.logger.mode, f"logs {node.logger.mode}s")
    if node.pod:
        yield f"own pod, {_counted(node.pod.replicas)}" if node.pod.replicas is not None else "own pod"


def _gpus(resources: Resources | None) -> str:
    amounts = [each.gpu for each in (resources.limits, resources.requests) if each and each.gpu] if resources else []
    if not amounts:
        return ""
    return "1 GPU" if amounts[0] == 1 else f"{_text(amounts[0])} GPUs"


def _text(value: object, default: str = "") -> str:
    """Write a value, or that it comes later; ``default`` where there is none."""
    if value is None:
        return default
    return UNKNOWN if is_later(value) else str(value)
