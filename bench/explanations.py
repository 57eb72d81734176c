"""What an explanation takes, by method: served beside its predictor, and by the bare library with the model in its own
process. And what a detector before a model adds to a request."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

import uvloop

from bench.table import Figure
from seldon_infra.cli.load import Target, load
from seldon_infra.explain.fit import fit
from seldon_infra.graph.spec import (
    ALE,
    LIME,
    SHAP,
    AnchorTabular,
    Contrastive,
    Counterfactuals,
    ExplainerMethod,
    IntegratedGradients,
    KernelShap,
    TreeShap,
)
from seldon_infra.servers import catalogue
from tests.local.explainer_scene import make, make_networks
from tests.local.project import Project, new_project

ROUNDS, SECONDS, TIMEOUT = 9, 1.0, 120
SEARCH_ROUNDS = 3
"""A search asks some thousand times, one row after the other."""
SEARCHES: tuple[ExplainerMethod, ...] = (Counterfactuals(eps=0.05, beta=0.01, c_init=10.0), Contrastive(eps=0.05))
METHODS: tuple[ExplainerMethod, ...] = (AnchorTabular(), KernelShap(), TreeShap(), ALE(), SHAP(), LIME(), *SEARCHES)
GRADIENTS = IntegratedGradients(baseline="mean")
ROW = [300.0, 3.0, 120.0, 4.0, 1.0]
BARE = """
import json, statistics, sys, time
from pathlib import Path
import fit, methods, numpy as np
from explaining import Card, model_at, plain, reference

folder, path, rounds, row = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), np.array([json.loads(sys.argv[4])])
card = Card(folder)
model = model_at(path, card)
explain = methods.MAKERS[card.kind](card, reference(folder, card), fit.answers(card, model), model)
explain(row)
times = []
for _ in range(rounds):
    start = time.perf_counter()
    json.dumps(plain(explain(row)))
    times.append(time.perf_counter() - start)
print(statistics.median(times))
"""
DEPLOYMENTS = """
score = Model(name="score", server=SklearnServer(), model_uri="model")
names = {names!r}
shares = [100 - 10 * (len(names) - 1), *[10] * (len(names) - 1)]

def explained(name, share):
    return Predictor(
        name=name.lower(), graph=score, traffic=share, explainer=explainer(name)
    )

def explainer(name):
    return Explainer(type=name, model_uri=f"explainers/{{name}}", timeout="120s")

def alone(name, graph):
    predictor = Predictor(name="main", graph=graph)
    return SeldonDeployment(name=name, namespace="shop", protocol="v2", predictors=(predictor,))

net = Predictor(
    name="main",
    graph=Model(name="score", server=TensorFlowServer(), model_uri="net"),
    explainer=explainer("IntegratedGradients"),
)
drift = Model(name="drift", server=DriftDetector(), model_uri="payments.csv", children=(score,))
stack = Stack(target=Local(drain_seconds=1), deployments=(
    SeldonDeployment(
        name="fraud", namespace="shop", protocol="v2",
        predictors=tuple(explained(name, share) for name, share in zip(names, shares)),
    ),
    alone("plain", score), alone("watched", drift),
    SeldonDeployment(name="net", namespace="shop", protocol="tensorflow", predictors=(net,)),
))
"""


def figures() -> list[Figure]:
    """Measure every method on one model of trees, gradients on a network, then a detector."""
    with new_project() as project:
        make(project.folder)
        make_networks(project.folder)
        for method, model in (*((method, "model") for method in METHODS), (GRADIENTS, "net")):
            rows, out = project.folder / "payments.csv", project.folder / "explainers" / type(method).__name__
            fit(method, model=project.folder / model, reference=rows, out=out)
        names = [type(method).__name__ for method in METHODS]
        project.write("from seldon_infra import TensorFlowServer\n" + DEPLOYMENTS.format(names=names))
        project.engine.run("up", "--stack", "test", "--yes", "--skip-preview", timeout=600)
        on_trees = [
            _method(project, method, "model", f"fraud-explainer/{name.lower()}")
            for method, name in zip(METHODS, names, strict=True)
        ]
        return [*on_trees, _method(project, GRADIENTS, "net", "net-explainer/main"), _detector(project)]


def _method(project: Project, method: ExplainerMethod, model: str, path: str) -> Figure:
    rounds = SEARCH_ROUNDS if method in SEARCHES else ROUNDS
    name = type(method).__name__
    served, bare = _served(project, path, rounds), _bare(project.folder, method, model, rounds)
    return Figure(
        f"{name}: served", f"{served * 1000:.0f} ms", f"bare library, model in its process: {bare * 1000:.0f} ms"
    )


def _served(project: Project, explainer: str, rounds: int) -> float:
    path = f"/seldon/shop/{explainer}/v2/models/explainer/infer"
    _explained(project.port, path)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        _explained(project.port, path)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _explained(port: int, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    connection.request("POST", path, _request(), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {said[:300]!r}")


def _request() -> bytes:
    tensor = {"name": "predict", "shape": [1, len(ROW)], "datatype": "FP64", "data": ROW}
    return json.dumps({"inputs": [tensor]}).encode()


def _bare(folder: Path, method: ExplainerMethod, model: str, rounds: int) -> float:
    entry = catalogue.load(method.server)
    with tempfile.TemporaryDirectory() as code:
        for file, source in entry.copied.items():
            (Path(code) / file).write_bytes(source.read_bytes())
        (Path(code) / "bare.py").write_text(BARE)
        python = str(catalogue.environment(entry) / "bin" / "python")
        fitted = folder / "explainers" / type(method).__name__
        told = [str(fitted), str(folder / model), str(rounds), json.dumps(ROW)]
        command = [python, "-B", "-W", "ignore", str(Path(code) / "bare.py"), *told]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return float(done.stdout.splitlines()[-1])


def _detector(project: Project) -> Figure:
    targets = [
        Target(project.port, f"/seldon/shop/{name}/v2/models/{node}/infer", _request())
        for name, node in (("plain", "score"), ("watched", "drift"))
    ]
    rounds = [tuple(_p50(target) for target in targets) for _ in range(ROUNDS)]
    plain = statistics.median(alone for alone, _ in rounds)
    more = statistics.median(watched - alone for alone, watched in rounds)
    return Figure("DriftDetector in the graph: added to p50", f"{more:.1f} ms", f"the model alone: {plain:.1f} ms")


def _p50(target: Target) -> float:
    result = uvloop.run(load(target, connections=1, seconds=SECONDS))
    if result.failures:
        raise RuntimeError(f"{target}: {result.failures[0]}")
    return result.percentile(50)
