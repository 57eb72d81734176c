"""Explainers on this machine: real libraries, fitted, served beside their predictors, asked by the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seldon_infra.core.errors import InvalidSpec, NotPermitted
from seldon_infra.explain.card import read_card
from seldon_infra.explain.fit import NotFitted, fit
from seldon_infra.graph.spec import LIME, SHAP, ExplainerMethod
from tests.engine.scratch import STACK
from tests.local.explainer_scene import FEATURES, make
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask, held

pytestmark = [pytest.mark.engine, pytest.mark.local]

CLASSES = ("genuine", "fraud")
PAGE = (Path(__file__).parents[2] / "docs" / "explanation.md").read_text()
METHODS = ("trees", "shap", "lime")
ROW = "amount=300,hour=3,distance_km=120,purchases_today=4,new_shop=1"
NUMBERS = [300.0, 3.0, 120.0, 4.0, 1.0]
DEFINITION = """
def explained(name, method, traffic):
    graph = Model(name="score", server=SklearnServer(), model_uri="{model}")
    explainer = Explainer(type=method, model_uri=f"explainers/{{name}}", timeout="50s")
    return Predictor(name=name, graph=graph, traffic=traffic, explainer=explainer)

stack = Stack(target=Local(drain_seconds=0), deployments=(
    SeldonDeployment(name="fraud", namespace="shop", protocol="v2", predictors=(
        explained("trees", TreeShap(), 80),
        explained("shap", SHAP(algorithm="tree", background=0), 10),
        explained("lime", "LIME", 10),
    )),
))
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """One deployment of three predictors, each explained by another library."""
    with new_project() as made:
        make(made.folder)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda fit_one: fit_one(made.folder), [fits_by_permutation, page_fits, fits_shap, fits_lime]))
        made.write(DEFINITION.format(model="model"))
        made.engine.run("up", "--stack", STACK, "--yes", "--skip-preview", timeout=600)  # three libraries are imported
        yield made


def page_fits(folder: Path) -> None:
    """The page's own command, which writes ``explainers/trees``."""
    (line,) = re.findall(r"^seldon-infra (explainer fit TreeShap .*)$", PAGE, re.M)
    command = [sys.executable, "-m", "seldon_infra.cli.main", *line.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("TreeShap fitted in ")


def fits_shap(folder: Path) -> None:
    """SHAP by a script."""
    fitted(folder, SHAP(algorithm="tree", background=0), "shap")


def fits_by_permutation(folder: Path) -> None:
    """SHAP by answers alone, which compiles itself for seconds: it is tried by the fit, and not served here."""
    fitted(folder, SHAP(samples=200), "permuted")


def fits_lime(folder: Path) -> None:
    """LIME by a script."""
    fitted(folder, LIME(samples=500), "lime")


def fitted(folder: Path, method: ExplainerMethod, name: str) -> None:
    fit(
        method,
        model=folder / "model",
        reference=folder / "payments.csv",
        out=folder / "explainers" / name,
        classes=CLASSES,
    )


def explain(project: Project, *words: str, name: str = "fraud") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "explain", name, *words, "--stack", STACK]
    return subprocess.run(
        [*command, "--project", str(project.folder)], capture_output=True, text=True, timeout=600, cwd=project.folder
    )


def infer(project: Project, path: str, data: list[float]) -> Answer:
    tensor = {"name": "predict", "shape": [1, len(data)], "datatype": "FP64", "data": data}
    return ask(project.port, f"/seldon/shop/{path}", "POST", json.dumps({"inputs": [tensor]}).encode())


@pytest.mark.parametrize("name", METHODS)
def test_each_library_says_what_speaks_for_fraud_and_draws_it(project: Project, name: str, tmp_path: Path) -> None:
    picture = tmp_path / "why.svg"
    done = explain(project, "--row", ROW, "--predictor", name, "--svg", str(picture))
    assert done.returncode == 0, done.stderr
    head, first, *_ = done.stdout.splitlines()
    assert head.startswith("'fraud' ")
    assert first.split()[0].startswith("+")
    assert any(feature in first for feature in ("amount", "distance_km", "new_shop"))
    assert ET.parse(picture).getroot().tag.endswith("svg")


def test_the_page_shows_what_its_command_says(project: Project) -> None:
    line, shown = re.findall(r"^seldon-infra explain (.*)\n((?:.*\n)*?)```", PAGE, re.M)[0]
    name, *words = line.split()
    done = explain(project, *words, "--predictor", "trees", name=name)
    assert done.stdout == shown


def test_shapley_values_add_up_to_what_the_predictor_answers(project: Project) -> None:
    data = json.loads(explain(project, "--row", ROW, "--predictor", "trees", "--json").stdout)["data"]
    tensor = {"name": "predict", "shape": [1, 5], "datatype": "FP64", "data": NUMBERS}
    request = {"inputs": [tensor], "outputs": [{"name": "predict_proba"}]}
    answer = ask(project.port, "/seldon/shop/fraud/v2/models/score/infer", "POST", json.dumps(request).encode())
    answered = answer.json["outputs"][0]["data"]
    sums = [base + sum(values[0]) for base, values in zip(data["expected_value"], data["shap_values"], strict=True)]
    assert sums == pytest.approx(answered)


def test_it_answers_where_seldons_ingress_has_it_by_both_of_its_names(project: Project) -> None:
    for name in ("explainer", "fraud-trees-explainer"):
        answer = infer(project, f"fraud-explainer/trees/v2/models/{name}/infer", NUMBERS)
        assert answer.status == 200, answer.body
        assert answer.json["outputs"][0]["name"] == "explanation"


def test_a_row_of_another_width_is_refused_with_the_features(project: Project) -> None:
    answer = infer(project, "fraud-explainer/trees/v2/models/explainer/infer", NUMBERS[:4])
    assert (answer.status, answer.json["error"]) == (
        400,
        f"input 'predict': shape [1, 4], must be [1, 5]: {', '.join(FEATURES)}",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--row", "amont=1"), "--row: feature 'amont', must be one that the model has; write amount"),
        (("--row", "1,2"), "--row: 2 values, must be 5: amount, hour"),
        (("--text", "good"), "the explainer of 'fraud' takes --row or --data"),
        (("--row", ROW, "--svg", "nowhere/why.svg"), "--svg nowhere/why.svg cannot be written: No such file"),
        (("--row", ROW, "--predictor", "none"), "nothing explains predictor 'none' of 'fraud'; explained: lime, shap"),
    ],
)
def test_what_cannot_be_asked_is_said(project: Project, words: tuple[str, ...], message: str) -> None:
    done = explain(project, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_predictions_go_on_while_an_explainer_hangs(project: Project) -> None:
    with held(project.pids()["fraud.lime.explainer"]):
        answers = [infer(project, "fraud/v2/models/score/infer", NUMBERS).status for _ in range(20)]
    assert answers == [200] * 20


def test_a_changed_model_with_its_old_explainers_is_an_error_at_preview(project: Project) -> None:
    project.write(DEFINITION.format(model="other"))
    try:
        done = project.engine.preview(check=False)
    finally:
        project.write(DEFINITION.format(model="model"))
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for name in METHODS:
        assert f"predictor '{name}' → explainer: 'explainers/{name}' was fitted for a model with the digest" in said
    assert "fit it anew with seldon-infra explainer fit" in said


def test_a_card_says_which_answers_are_explained(project: Project) -> None:
    for name in (*METHODS, "permuted"):
        card = read_card(project.folder / "explainers" / name)
        assert (card.output, card.classes, card.features) == ("predict_proba", CLASSES, FEATURES)


def test_a_fit_is_refused_for_rows_of_another_shape(project: Project) -> None:
    (project.folder / "narrow.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(NotFitted, match="reference rows of 2 numbers, the model takes 5"):
        fit(
            LIME(),
            model=project.folder / "model",
            reference=project.folder / "narrow.csv",
            out=project.folder / "explainers" / "narrow",
        )
    assert not (project.folder / "explainers" / "narrow").exists()


def test_a_fit_replaces_nothing_but_an_older_explainer(project: Project) -> None:
    with pytest.raises(NotPermitted, match="is no explainer's folder"):
        fitted(project.folder, LIME(), "../model")
    assert (project.folder / "model" / "model.joblib").exists()


def test_a_fit_judges_the_model_before_it_loads_it(project: Project) -> None:
    from tests.unit.artifacts.judge.written import called_in_protocol_4

    hostile = project.folder / "hostile"
    hostile.mkdir()
    (hostile / "model.joblib").write_bytes(called_in_protocol_4("os", "system"))
    with pytest.raises(InvalidSpec, match=r"imports os\.system"):
        fit(LIME(), model=hostile, reference=project.folder / "payments.csv", out=project.folder / "explainers" / "x")


def test_an_explainer_whose_predictor_is_gone_says_so(project: Project) -> None:
    project.scene.processes.stop(project.stack.process("mlserver").id)
    answer = infer(project, "fraud-explainer/lime/v2/models/explainer/infer", NUMBERS)
    assert answer.status == 502, answer.body
    assert answer.json["error"].startswith("the predictor does not answer: ")
