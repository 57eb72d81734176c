"""An explainer on this machine: a copy of its files, a process beside its predictor's, and a route of its own.

It listens where Seldon's ingress has it, ``/seldon/NAMESPACE/NAME-explainer/PREDICTOR/``, and asks its predictor's own
address, so that a canary's explainer explains the canary. Predictions never pass through it: one that is slow or dead
takes nothing from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import known
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.spec.explainers import ExplainerMethod, looks_inside
from seldon_infra.servers import catalogue
from seldon_infra.servers.explainers import EXPLAINER, Beside, ExplainerServer
from seldon_infra.servers.layout import local_process
from seldon_infra.targets.local_render import started

if TYPE_CHECKING:
    from seldon_infra.graph.spec import Explainer, Predictor, SeldonDeployment
    from seldon_infra.targets.spec import Local

INFER, INSIDE = "infer", "source"
"""Placeholders that stand for the predictor's address and the model's own file."""


ROUTE_PARTS = (
    "namespace", "name", "protocol", "transports", "models", "orchestrated", "rest_seconds", "predictors",
)  # fmt: skip


@dataclass(frozen=True)
class _Setting:
    name: str
    value: object
    wire_type: str = "STRING"


def process(deployment: SeldonDeployment, predictor: Predictor, explainer: Explainer, target: Local) -> dict[str, Any]:
    """The process; ``{model}`` stands for the copy of its files, ``{infer}`` for its predictor's address."""
    entry = catalogue.load(explainer.method.server)
    asks = "v1/models/{}:predict" if deployment.protocol == "tensorflow" else "v2/models/{}/infer"
    asked = [_Setting("infer_uri", f"http://{{{INFER}}}/{asks.format(predictor.graph.name)}")]
    inside = [_Setting("model", f"{{{INSIDE}}}")] if reads_model(explainer) else []
    node = Beside(parameters=(*asked, *inside), env=explainer.env)
    made = local_process(entry, ExplainerServer(), node, deployment, predictor)
    return {**started(made, target), "live": dict(made.live)}


def reads_model(explainer: Explainer) -> bool:
    """Tell whether the explainer may need the model's own file; a name alone does not say by which algorithm it was
    fitted."""
    if isinstance(explainer.type, ExplainerMethod):
        return looks_inside(explainer.type)
    return explainer.method.needs_model


def install(explainer: Explainer) -> None:
    """Make the environment of an explainer's server if this machine has none yet; it says on stderr what it does."""
    catalogue.environment(catalogue.load(explainer.method.server))


def route(
    deployment: SeldonDeployment, predictor: Predictor, explainer: Explainer, addresses: Mapping[str, str]
) -> dict[str, Any]:
    """The explainer's way through the gateway, where Seldon's ingress has it."""
    timeout = parse_duration(known(explainer.timeout) or "")
    backend = {"name": EXPLAINER, "weight": 100, "rest": addresses["http"], "grpc": addresses["grpc"]}
    return {
        "namespace": deployment.namespace,
        "name": f"{deployment.name}-explainer/{predictor.name}",
        "protocol": "v2",
        "transports": ["rest"],
        "models": [EXPLAINER, f"{deployment.name}-{predictor.name}-explainer"],
        "orchestrated": False,
        "rest_seconds": float(timeout or 60),
        "predictors": [backend],
    }
