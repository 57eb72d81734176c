"""Rules about explainers: their options, and where a method runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import below, predictors
from seldon_infra.graph.rules.references import image_is_a_reference
from seldon_infra.graph.spec.explainers import ExplainerMethod, IntegratedGradients, looks_inside
from seldon_infra.servers.spec import MLServerRuntime, SklearnServer, TensorFlowServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seldon_infra.graph.rules.place import InPredictor
    from seldon_infra.graph.spec import Explainer, SeldonDeployment

ASKED = ("v2", "tensorflow")
"""Protocols on which this machine's explainers ask."""
NETWORK_SERVERS = (TensorFlowServer, MLServerRuntime)
"""Servers whose ``model_uri`` may hold a network."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_SHARES = ("threshold", "delta", "tau")
_POSITIVE = ("c_init", "eps")
_COUNTS = {
    "batch_size": 1, "beam_size": 1, "coverage_samples": 1, "segments": 1, "background": 0, "samples": 1, "features": 1,
    "min_bin_points": 1, "n_steps": 1, "max_iterations": 1, "c_steps": 1,
}  # fmt: skip


def options_make_sense(at: InPredictor) -> Iterator[Problem]:
    """Shares lie between 0 and 1, counts are positive, percentiles rise."""
    method = at.predictor.explainer.type if at.predictor.explainer else None
    if not isinstance(method, ExplainerMethod):
        return
    for field in _SHARES:
        share = getattr(method, field, None)
        if share is not None and not 0 < share < 1:
            yield Problem(
                at.path, f"explainer.{field} {share:g}", "must lie between 0 and 1", f"write {field}=0.1, say"
            )
    for field in _POSITIVE:
        size = getattr(method, field, None)
        if size is not None and size <= 0:
            yield Problem(at.path, f"explainer.{field} {size:g}", "must be above 0", f"write {field}=0.01, say")
    for field in ("beta", "theta", "kappa"):
        yield from below(at.path, f"explainer.{field}", getattr(method, field, None), 0)
    for field, least in _COUNTS.items():
        yield from below(at.path, f"explainer.{field}", getattr(method, field, None), least)
    percentiles = list(getattr(method, "percentiles", ()))
    if percentiles != sorted(set(percentiles)) or not all(0 < each < 100 for each in percentiles):
        want = "must rise, between 0 and 100"
        yield Problem(at.path, f"explainer.percentiles {percentiles}", want, "write percentiles=(25, 50, 75)")
    shape = getattr(method, "shape", None)
    if shape is not None and (len(shape) != 3 or min(shape) < 1):
        want = "must be height, width and channels"
        yield Problem(at.path, f"explainer.shape {list(shape)}", want, "write shape=(28, 28, 1)")


def files_are_pinned_whole(at: InPredictor) -> Iterator[Problem]:
    """A digest is whole, an image a reference, a time-out a duration."""
    explainer = at.predictor.explainer
    if explainer is None:
        return
    if explainer.model_digest is not None and not _DIGEST.match(explainer.model_digest):
        fix = "copy the whole digest; run: seldon-infra digest FOLDER"
        got = f"explainer.model_digest '{explainer.model_digest}'"
        yield Problem(at.path, got, "must be sha256: and 64 hexadecimal digits", fix)
    for field in ("signed_by", "trusted") if explainer.model_uri is None else ():
        if getattr(explainer, field):
            fix = f"write model_uri=…, or remove {field}"
            yield Problem(at.path, f"explainer.{field} without model_uri", "must have files to look at", fix)
    yield from image_is_a_reference(at.path, "explainer.image", explainer.image)
    timeout = known(explainer.timeout)
    if timeout is not None and not parse_duration(timeout):
        yield Problem(at.path, f"explainer.timeout '{timeout}'", "must be a duration", "write timeout='60s'")


def method_runs_here(at: InPredictor) -> Iterator[Problem]:
    """On this machine explainers ask by REST, on two protocols, and are fitted."""
    explainer = at.predictor.explainer
    if explainer is None:
        return
    if at.deployment.protocol not in ASKED:
        fix = f"set protocol='v2' on {title(at.deployment)}, or use a cluster"
        got = f"explainer on protocol '{at.deployment.protocol}'"
        yield Problem(at.path, got, "must be on 'v2' or 'tensorflow' here", fix)
    elif explainer.model_uri is None:
        fix = "fit one with seldon-infra explainer fit, and write model_uri='explainers/…'"
        yield Problem(at.path, "explainer.model_uri is not set", "must be given on this machine", fix)
    if at.deployment.transport == "grpc":
        fix = f"remove transport from {title(at.deployment)}"
        yield Problem(at.path, "explainer with transport 'grpc'", "must have REST, by which it asks", fix)


def method_has_a_model_to_look_into(at: InPredictor) -> Iterator[Problem]:
    """What looks into a model reads one model's files, not a graph's: trees of scikit-learn, or a network of Keras."""
    explainer, graph = at.predictor.explainer, at.predictor.graph
    if explainer is None or not _looks_inside(explainer):
        return
    servers = NETWORK_SERVERS if explainer.method is IntegratedGradients else (SklearnServer,)
    if graph.children or not isinstance(graph.server, servers) or graph.model_uri is None:
        got = f"explainer.type '{explainer.kind}' looks into the model"
        names = " or ".join(server.__name__ for server in servers)
        want = f"must explain a predictor that is one Model with {names} and a model_uri"
        yield Problem(at.path, got, want, "use KernelShap, AnchorTabular, SHAP or LIME, which ask for answers alone")


def cluster_speaks_the_protocol(at: InPredictor) -> Iterator[Problem]:
    """Seldon has explainer images for two protocols."""
    if at.predictor.explainer and at.deployment.protocol == "tensorflow":
        want = "must be on protocol 'seldon' or 'v2' on a cluster"
        yield Problem(at.path, "explainer on protocol 'tensorflow'", want, "remove explainer")


def cluster_has_an_image(at: InPredictor) -> Iterator[Problem]:
    """Seldon has no image for SHAP and LIME, and this library's servers speak protocol v2 alone."""
    explainer = at.predictor.explainer
    if explainer is None or explainer.kind not in ("SHAP", "LIME"):
        return
    if explainer.image is None:
        fix = f"write image='registry/name@sha256:…' with servers/{explainer.method.server} in it"
        got = f"explainer.image is not set for {explainer.kind}"
        yield Problem(at.path, got, "must be given on a cluster, where Seldon has none", fix)
    if at.deployment.protocol != "v2":
        got = f"explainer {explainer.kind} on protocol '{at.deployment.protocol}'"
        yield Problem(at.path, got, "must be on protocol 'v2'", f"set protocol='v2' on {title(at.deployment)}")


def cluster_has_the_model_beside(at: InPredictor) -> Iterator[Problem]:
    """Seldon's operator gives an explainer's container its own files alone, not the model's."""
    explainer = at.predictor.explainer
    if explainer is not None and explainer.image is not None and _looks_inside(explainer):
        got = f"explainer.type '{explainer.kind}' looks into the model, with an image of this library's"
        fix = "use KernelShap, AnchorTabular, SHAP or LIME, which ask for answers alone"
        yield Problem(at.path, got, "must not, on a cluster: the model's file is not there", fix)


def paths_differ_between(deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """An explainer is reached at the deployment's name with ``-explainer``, which may be another deployment's name."""
    for at, other in _beside(deployments, lambda at: f"{at.deployment.name}-explainer"):
        path = f"/seldon/{known(at.deployment.namespace)}/{other.name}/{at.predictor.name}/"
        got = f"name '{other.name}' leads to {path}, where the explainer of {at.path} is"
        yield Problem(title(other), got, "must be no explainer's path", "rename it")


def virtual_services_differ_between(deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """An explainer's routes are objects of their own. Source: createExplainerIstioResources in
    seldondeployment_explainers.go of SeldonIO/seldon-core."""
    for at, other in _beside(deployments, lambda at: f"{at.deployment.name}-{at.predictor.name}-explainer"):
        got = f"VirtualService '{other.name}-http' is made for it and for the explainer of {at.path}"
        yield Problem(title(other), got, "must be made for one alone", "rename one of them")


def _beside(
    deployments: Sequence[SeldonDeployment], named: Callable[[InPredictor], str]
) -> Iterator[tuple[InPredictor, SeldonDeployment]]:
    """Give each explained predictor for which another deployment of its namespace has the name that it stands for."""
    there = {(known(each.namespace), each.name): each for each in deployments}
    for at in (at for each in deployments for at in predictors(each) if at.predictor.explainer):
        namespace = known(at.deployment.namespace)
        other = there.get((namespace, named(at)))
        if namespace is not None and other is not None:
            yield at, other


def _looks_inside(explainer: Explainer) -> bool:
    return explainer.method.needs_model if isinstance(explainer.type, str) else looks_inside(explainer.type)


PREDICTOR_RULES = (options_make_sense, files_are_pinned_whole)
LOCAL_PREDICTOR_RULES = (method_runs_here, method_has_a_model_to_look_into)
CLUSTER_PREDICTOR_RULES = (cluster_speaks_the_protocol, cluster_has_an_image, cluster_has_the_model_beside)
