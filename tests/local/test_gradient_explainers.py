"""Explainers with TensorFlow on this machine: what a network must be, what searches say of a model that only answers,
and a network behind TensorFlow's protocol, explained by its own gradients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.explain.fit import NotFitted, fit
from seldon_infra.explain.reasons import Contrast, reasons_of
from seldon_infra.graph.spec import Contrastive, Counterfactuals, IntegratedGradients
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
QUICK = Counterfactuals(max_iterations=40, c_steps=2)
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


def test_a_network_has_gradients_to_look_at_and_rows_of_its_width(folder: Path) -> None:
    (folder / "narrow.csv").write_text("a,b\n1,2\n3,4\n")
    rows, method = folder / "payments.csv", IntegratedGradients()
    asked = {
        "net.keras": (rows, CLASSES, "fitted"),
        "net": (rows, ("a", "b", "c"), "3 names of classes, the model answers 2 numbers"),
        "net/1": (folder / "narrow.csv", (), "reference rows of 2 numbers, the model takes [5]"),
        "steps": (rows, (), "the model has no gradient from its input to its answer; each of its steps must have one"),
        "model": (rows, (), f"{folder / 'empty'} holds no model of Keras (.keras, .h5) and no saved_model.pb"),
    }
    (folder / "empty").mkdir()
    told = [
        [
            str(card_at(folder / "tried" / name, method, reference, classes)),
            str(folder / name.replace("model", "empty")),
        ]
        for name, (reference, classes, _) in asked.items()
    ]
    said = run_in("alibi-tensorflow", folder, GRADIENTS, told)
    assert [line for line in said.splitlines() if line] == [message for *_, message in asked.values()]


SEARCHES = """
import json, sys
from pathlib import Path
import fit, methods
from explaining import Card, model_at, plain, reference

folders, path, row = json.loads(sys.argv[1])
for folder in map(Path, folders):
    card = Card(folder)
    model, rows = model_at(path, card), reference(folder, card)
    card.output = "predict_proba"
    explain = methods.MAKERS[card.kind](card, rows, fit.answers(card, model), model)
    print(json.dumps(plain(explain(rows[:1] * 0 + row))))
"""


def test_what_must_be_absent_and_what_is_enough_are_told_by_answers_alone(folder: Path) -> None:
    quick = Contrastive(max_iterations=60, c_steps=2, eps=0.05)
    methods = (quick, quick.model_copy(update={"mode": "PP"}))
    cards = [
        str(card_at(folder / "searched" / method.mode, method, folder / "payments.csv", CLASSES)) for method in methods
    ]
    told = [cards, str(folder / "model" / "model.joblib"), [58.0, 12.0, 60.0, 2.0, 1.0]]
    lines = run_in("alibi-tensorflow", folder, SEARCHES, told).splitlines()
    absent, enough = (reasons_of(json.loads(line), CLASSES) for line in lines if line.startswith("{"))
    assert isinstance(absent, Contrast)
    assert (absent.says, absent.answer, absent.other) == ("instead", "genuine", "fraud")
    assert isinstance(enough, Contrast)
    assert (enough.says, enough.answer, enough.other) == ("enough", "genuine", "genuine")


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


@pytest.fixture(scope="module")
def project(folder: Path) -> Iterator[Project]:
    """A network behind TensorFlow's protocol, explained by its gradients."""
    with new_project() as made:
        for name in ("net", "payments.csv"):
            (made.folder / name).symlink_to(folder / name)
        page_fits(made.folder)
        made.write(DEFINITION)
        made.engine.run("up", "--stack", STACK, "--yes", "--skip-preview", timeout=280)  # TensorFlow starts twice
        yield made


def page_fits(folder: Path) -> None:
    """The page's own command, which writes ``explainers/IntegratedGradients``."""
    (line,) = re.findall(r"^seldon-infra (explainer fit IntegratedGradients .*)$", PAGE, re.M)
    command = [sys.executable, "-m", "seldon_infra.cli.main", *line.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def explain(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "explain", "payments", "--row", ROW]
    where = ["--stack", STACK, "--project", str(project.folder)]
    return subprocess.run([*command, *where, *words], capture_output=True, text=True, timeout=150)


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


SEARCHED = """
import json, sys
from pathlib import Path
import methods
from explaining import Card, Predictor, plain, reference

folder, uri, row = json.loads(sys.argv[1])
card, rows = Card(Path(folder)), reference(Path(folder), Card(Path(folder)))
explain = methods.MAKERS[card.kind](card, rows, Predictor(card, uri), None)
print(json.dumps(plain(explain(rows[:1] * 0 + row))))
"""


def test_a_search_over_tensorflow_s_protocol_finds_a_row_with_another_answer(project: Project, tmp_path: Path) -> None:
    path = "/seldon/shop/payments/v1/models/score:predict"
    card = card_at(tmp_path / "card", QUICK, project.folder / "payments.csv", CLASSES)
    told = [str(card), f"http://127.0.0.1:{project.port}{path}", [90.0, 12.0, 40.0, 2.0, 0.0]]
    lines = run_in("alibi-tensorflow", tmp_path, SEARCHED, told).splitlines()
    (found,) = (json.loads(line)["data"] for line in lines if line.startswith("{"))
    answer = ask(project.port, path, "POST", json.dumps({"instances": found["cf"]["X"]}).encode())
    assert (found["orig_class"], found["cf"]["class"]) == (1, 0)
    assert found["cf"]["X"][0][0] < 70  # of 60 on, with such a distance, it is fraud
    assert answer.json["predictions"][0] == pytest.approx(found["cf"]["proba"][0], abs=1e-4)
