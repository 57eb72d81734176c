"""Explainers with TensorFlow on this machine: what a network must be, what searches say of a model that only answers,
and a network behind TensorFlow's protocol, explained by its own gradients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.explain.fit import NotFitted, fit
from seldon_infra.explain.reasons import Contrast, Weights, reasons_of
from seldon_infra.graph.spec import Contrastive, Counterfactuals, ExplainerMethod, IntegratedGradients
from tests.engine.scratch import STACK
from tests.local.explainer_scene import card_at, make, make_networks, run_in
from tests.local.project import Project, new_project
from tests.local.scene import ask
from tests.unit.artifacts.judge.written import LAMBDA, keras_of, zip_of

pytestmark = [pytest.mark.engine, pytest.mark.local]

CLASSES = ("genuine", "fraud")
PAGE = (Path(__file__).parents[2] / "docs" / "explanation.md").read_text()
NUMBERS = [300.0, 3.0, 120.0, 4.0, 1.0]
ROW = "amount=300,hour=3,distance_km=120,purchases_today=4,new_shop=1"
FRAUD, GENUINE = [90.0, 12.0, 40.0, 2.0, 0.0], [58.0, 12.0, 60.0, 2.0, 1.0]
DEFINITION = """
from seldon_infra import TensorFlowServer
graph = Model(name="score", server=TensorFlowServer(), model_uri="net")
gradients = Explainer(type="IntegratedGradients", model_uri="explainers/IntegratedGradients", timeout="100s")
stack = Stack(target=Local(drain_seconds=0), deployments=(
    SeldonDeployment(name="payments", namespace="shop", protocol="tensorflow", predictors=(
        Predictor(name="main", graph=graph, explainer=gradients),
    )),
))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks and forests, with their rows."""
    made = tmp_path_factory.mktemp("networks")
    make(made)
    make_networks(made)
    return made


def test_a_model_that_is_no_network_is_refused(folder: Path) -> None:
    out = folder / "explainers" / "refused"
    with pytest.raises(NotFitted, match=re.escape("holds none of .keras, .h5, saved_model.pb, which it looks into")):
        fit(IntegratedGradients(), model=folder / "model", reference=folder / "payments.csv", out=out)
    assert not out.exists()


def test_a_network_is_judged_before_it_is_loaded(folder: Path) -> None:
    packed = zip_of([("config.json", json.dumps(keras_of(LAMBDA)).encode())])
    (folder / "hostile.keras").write_bytes(packed)
    out = folder / "explainers" / "hostile"
    with pytest.raises(InvalidSpec, match="Lambda"):
        fit(IntegratedGradients(), model=folder / "hostile.keras", reference=folder / "payments.csv", out=out)


GRADIENTS = """
import json, sys
from pathlib import Path
import fit

for folder, path in json.loads(sys.argv[1]):
    try:
        fit.main(Path(folder), path)
        print("fitted")
    except (ValueError, SystemExit) as error:
        print(error)
"""


@pytest.fixture(scope="module")
def tried(folder: Path) -> list[tuple[str, str]]:
    """What each network's fit says, and what it should; the page's own command has fitted one meanwhile."""
    (folder / "narrow.csv").write_text("a,b\n1,2\n3,4\n")
    (folder / "empty").mkdir()
    rows = folder / "payments.csv"
    asked = {
        "net.keras": (rows, CLASSES, "fitted"),
        "net": (rows, ("a", "b", "c"), "3 names of classes, the model answers 2 numbers"),
        "net/1": (folder / "narrow.csv", (), "reference rows of 2 numbers, the model takes [5]"),
        "steps": (rows, (), "the model has no gradient from its input to its answer; each of its steps must have one"),
        "empty": (rows, (), f"{folder / 'empty'} holds no model of Keras (.keras, .h5) and no saved_model.pb"),
    }
    told = [
        [str(card_at(folder / "tried" / name, IntegratedGradients(), reference, classes)), str(folder / name)]
        for name, (reference, classes, _) in asked.items()
    ]
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(page_fits, folder)
        said = run_in("alibi-tensorflow", folder, GRADIENTS, told).splitlines()
        page.result()
    return list(zip((line for line in said if line), (message for *_, message in asked.values()), strict=True))


def test_a_network_has_gradients_to_look_at_and_rows_of_its_width(tried: list[tuple[str, str]]) -> None:
    assert [said for said, _ in tried] == [message for _, message in tried]


@pytest.fixture(scope="module")
def project(folder: Path, tried: object) -> Iterator[Project]:
    """A network behind TensorFlow's protocol, explained by its gradients."""
    with new_project() as made:
        for name in ("net", "square.keras", "payments.csv", "explainers"):
            (made.folder / name).symlink_to(folder / name)
        made.write(DEFINITION)
        made.engine.run("up", "--stack", STACK, "--yes", "--skip-preview", timeout=600)  # TensorFlow starts twice
        yield made


def page_fits(folder: Path) -> None:
    """The page's own command, which writes ``explainers/IntegratedGradients``."""
    (line,) = re.findall(r"^seldon-infra (explainer fit IntegratedGradients .*)$", PAGE, re.M)
    command = [sys.executable, "-m", "seldon_infra.cli.main", *line.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def explain(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "explain", "payments", "--row", ROW]
    where = ["--stack", STACK, "--project", str(project.folder)]
    return subprocess.run([*command, *where, *words], capture_output=True, text=True, timeout=600)


def test_gradients_lead_from_the_mean_row_to_what_the_predictor_answers(project: Project, tmp_path: Path) -> None:
    picture = tmp_path / "why.svg"
    done = explain(project, "--svg", str(picture))
    assert done.returncode == 0, done.stderr
    answer = ask(
        project.port,
        "/seldon/shop/payments/v1/models/score:predict",
        "POST",
        json.dumps({"instances": [NUMBERS]}).encode(),
    )
    answered = answer.json["predictions"][0][1]
    said = re.match(r"'fraud' (\S+), \S+ of an unknown row\n", done.stdout)
    assert said
    assert float(said[1]) == pytest.approx(answered, abs=1e-3)
    assert re.search(r"^  \+\d\.\d+  (amount|distance_km|new_shop) = ", done.stdout, re.M)
    assert ET.parse(picture).getroot().tag.endswith("svg")


SEARCHES = """
import json, sys
from pathlib import Path
import methods, network
from explaining import Card, Predictor, plain, reference

uri, asked = json.loads(sys.argv[1])
for folder, row, model in asked:
    card = Card(Path(folder))
    rows = reference(Path(folder), card)
    explain = methods.MAKERS[card.kind](card, rows, Predictor(card, uri), model and network.load(model, None))
    print(json.dumps(plain(explain(rows[:1] * 0 + row))))
"""
PREDICT = "/seldon/shop/payments/v1/models/score:predict"


@pytest.fixture(scope="module")
def found(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the searches say of rows near the network's limit, and gradients of an image, in one process."""
    place = tmp_path_factory.mktemp("searches")
    searches: dict[str, tuple[ExplainerMethod, list[float]]] = {
        "nearest": (Counterfactuals(max_iterations=40, c_steps=2), FRAUD),
        "absent": (Contrastive(max_iterations=60, c_steps=2), GENUINE),
        "enough": (Contrastive(max_iterations=60, c_steps=2, mode="PP"), GENUINE),
    }
    rows = project.folder / "payments.csv"
    squares = place / "squares.csv"
    squares.write_text("a,b,c,d\n1,2,3,4\n4,3,2,1\n")
    square = card_at(place / "square", IntegratedGradients(), squares, CLASSES)
    # Alibi's searches turn off what gradients need, so those come first.
    asked: list[list[Any]] = [[str(square), [0.0, 1.0, 2.0, 4.0], str(project.folder / "square.keras")]]
    asked += [
        [str(card_at(place / name, method, rows, CLASSES)), row, None] for name, (method, row) in searches.items()
    ]
    told = [f"http://127.0.0.1:{project.port}{PREDICT}", asked]
    lines = run_in("alibi-tensorflow", place, SEARCHES, told).splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return dict(zip(["square", *searches], said, strict=True))


def test_a_search_over_tensorflow_s_protocol_finds_a_row_with_another_answer(
    project: Project, found: Mapping[str, Any]
) -> None:
    data = found["nearest"]["data"]
    answer = ask(project.port, PREDICT, "POST", json.dumps({"instances": data["cf"]["X"]}).encode())
    assert (data["orig_class"], data["cf"]["class"]) == (1, 0)
    assert data["cf"]["X"][0][0] < 70  # of 60 on, with such a distance, it is fraud
    assert answer.json["predictions"][0] == pytest.approx(data["cf"]["proba"][0], abs=1e-4)


def test_what_must_be_absent_and_what_is_enough_are_told_by_answers_alone(found: Mapping[str, Any]) -> None:
    absent, enough = (reasons_of(found[name], CLASSES) for name in ("absent", "enough"))
    assert isinstance(absent, Contrast)
    assert (absent.says, absent.answer, absent.other) == ("instead", "genuine", "fraud")
    assert isinstance(enough, Contrast)
    assert (enough.says, enough.answer, enough.other) == ("enough", "genuine", "genuine")


def test_gradients_of_an_image_are_one_for_each_of_its_points(found: Mapping[str, Any]) -> None:
    reasons = reasons_of(found["square"], CLASSES)
    assert isinstance(reasons, Weights)
    assert reasons.image == [[0.0, 0.25], [0.5, 1.0]]
    assert sum(map(sum, reasons.points)) == pytest.approx(reasons.total - reasons.base)
