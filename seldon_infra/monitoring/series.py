"""Metrics by their names, and how a deployment's are chosen among all.

Those of Seldon's executor are named by executor/api/metric of SeldonIO/seldon-core 1.17.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from seldon_infra.core.model import known
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Predictor, SeldonDeployment

REQUESTS = "seldon_api_executor_server_requests_seconds"
"""Histogram of what clients asked an orchestrator, by predictor."""
ASKED_NODES = "seldon_api_executor_client_requests_seconds"
"""Histogram of what an orchestrator asked its nodes, by node (``model_name``)."""
PREDICTIONS = (
    "predictions",
    "/seldon.protos.Seldon/Predict",
    "/inference.GRPCInferenceService/ModelInfer",
    "/tensorflow.serving.PredictionService/.*",
)
"""Values of the label `service`: of REST, and methods of gRPC."""
FAILED = ("5..", "Unknown", "Internal", "Unavailable", "DeadlineExceeded", "DataLoss", "Unimplemented")
"""Values of the label `code` that are no mistake of the client's: of REST, and gRPC's as Go writes them."""
REFUSED = ("429", "ResourceExhausted")
"""Values of the label `code` by which somebody says that there is too much to do."""
OF_DEPLOYMENT = ("namespace", "deployment_name")
OF_PREDICTOR = (*OF_DEPLOYMENT, "predictor_name")
OF_NODE = (*OF_PREDICTOR, "model_name")


def chosen(deployment: SeldonDeployment, *more: str) -> str:
    """Choose a deployment's series: the matchers between braces."""
    return ", ".join((f'namespace="{namespace_of(deployment)}"', f'deployment_name="{deployment.name}"', *more))


def predictions(deployment: SeldonDeployment, *more: str) -> str:
    """Choose a deployment's predictions."""
    return chosen(deployment, f"service=~{one_of(PREDICTIONS)}", *more)


def answering(deployment: SeldonDeployment) -> str:
    """Choose predictors that a client waits for: nobody waits for a shadow."""
    return f"predictor_name=~{one_of(each.name for each in deployment.predictors if not each.shadow)}"


def one_of(values: Iterable[str]) -> str:
    """Write an expression that any of these matches."""
    return f'"{"|".join(values)}"'


def rate(metric: str, matchers: str, by: tuple[str, ...], window: str = "5m", ago: str = "") -> str:
    """Give how fast a counter grows, per second."""
    offset = f" offset {ago}" if ago else ""
    return f"sum by ({', '.join(by)}) (rate({metric}{{{matchers}}}[{window}]{offset}))"


def share(part: str, whole: str) -> str:
    """Give one rate as a part of another; nothing of it yet is no series, where 0 is meant."""
    return f"({part} or 0 * {whole}) / {whole}"


def record(name: str, expression: str, **labels: str) -> Manifest:
    """A rule that records an expression."""
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def main_of(deployment: SeldonDeployment) -> Predictor:
    """The predictor that others are compared with: the one that answers most, of equals the first."""
    live = [each for each in deployment.predictors if not each.shadow] or list(deployment.predictors)
    return max(live, key=lambda each: known(each.traffic) or 0)


def title_of(deployment: SeldonDeployment) -> str:
    """Name a deployment in what people read."""
    return f"SeldonDeployment {namespace_of(deployment)}/{deployment.name}"


def namespace_of(deployment: SeldonDeployment) -> str:
    """The namespace as it stands in a text; one that comes late is seen by nobody but who looks at manifests before."""
    return known(deployment.namespace) or "<known after pulumi up>"
