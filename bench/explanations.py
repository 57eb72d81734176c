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
from seldon_infra.graph.spec import ALE, LIME, SHAP, AnchorTabular, ExplainerMethod, KernelShap, TreeShap
from seldon_infra.servers import catalogue
from tests.local.explainer_scene import make
from tests.local.project import Project, new_project

ROUNDS, SECONDS, TIMEOUT = 9, 1.0, 120
METHODS: tuple[ExplainerMethod, ...] = (AnchorTabular(), KernelShap(), TreeShap(), ALE(), SHAP(), LIME())
ROW = [300.0, 3.0, 120.0, 4.0, 1.0]
BARE = """
import json, statistics, sys, time
from pathlib import Path
import fit, methods, numpy as np
from explaining import Card, model_at, plain, reference

folder, path, rounds, row = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), np.array([json.loads(sys.argv[4])])
card, model = Card(folder), model_at(path)
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
shares = [100 - 15 * (len(names) - 1), *[15] * (len(names) - 1)]

def explained(name, share):
    return Predictor(
        name=name.lower(), graph=score, traffic=share, explainer=Explainer(type=name, model_uri=f"explainers/{{name}}")
    )

def alone(name, graph):
    predictor = Predictor(name="main", graph=graph)
    return SeldonDeployment(name=name, namespace="shop", protocol="v2", predictors=(predictor,))

drift = Model(name="drift", server=DriftDetector(), model_uri="payments.csv", children=(score,))
stack = Stack(target=Local(drain_seconds=1), deployments=(
    SeldonDeployment(
        name="fraud", namespace="shop", protocol="v2",
        predictors=tuple(explained(name, share) for name, share in zip(names, shares)),
    ),
    alone("plain", score), alone("watched", drift),
))
"""


def figures() -> list[Figure]:
    """Measure every method that runs here on one model of trees, then a detector."""
    with new_project() as project:
        make(project.folder)
        names = [type(method).__name__ for method in METHODS]
        for method, name in zip(METHODS, names, strict=True):
            rows, out = project.folder / "payments.csv", project.folder / "explainers" / name
            fit(method, model=project.folder / "model", reference=rows, out=out)
        project.write(DEPLOYMENTS.format(names=names))
        project.engine.run("up", "--stack", "test", "--yes", "--skip-preview", timeout=600)
        explained = [_method(project, method, name) for method, name in zip(METHODS, names, strict=True)]
        return [*explained, _detector(project)]


def _method(project: Project, method: ExplainerMethod, name: str) -> Figure:
    served, bare = _served(project, name), _bare(project.folder, method, name)
    return Figure(
        f"{name}: served", f"{served * 1000:.0f} ms", f"bare library, model in its process: {bare * 1000:.0f} ms"
    )


def _served(project: Project, name: str) -> float:
    path = f"/seldon/shop/fraud-explainer/{name.lower()}/v2/models/explainer/infer"
    _explained(project.port, path)
    times = []
    for _ in range(ROUNDS):
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


def _bare(folder: Path, method: ExplainerMethod, name: str) -> float:
    assert method.server is not None
    entry = catalogue.load(method.server)
    with tempfile.TemporaryDirectory() as code:
        for file, source in entry.copied.items():
            (Path(code) / file).write_bytes(source.read_bytes())
        (Path(code) / "bare.py").write_text(BARE)
        python = str(catalogue.environment(entry) / "bin" / "python")
        told = [str(folder / "explainers" / name), str(folder / "model"), str(ROUNDS), json.dumps(ROW)]
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
