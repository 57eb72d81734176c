"""Models of one server that one process serves: each comes, changes, breaks and goes without the others noticing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import ProcessSpec, Record
from seldon_infra.servers import catalogue
from seldon_infra.servers.layout import host_process
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import Scene, ask, kill, load, processes_below
from tests.local.servers.contract import made_by
from tests.local.servers.samples import SKLEARN

pytestmark = [pytest.mark.engine, pytest.mark.local]
NAMES = ("a", "b")
INFER = "/seldon/ns/{}/v2/models/classify/infer"
BODY = json.dumps({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}]}).encode()


BREAKING = """import os
from mlserver import MLModel
class Breaking(MLModel):
    async def load(self):
        if "breaking" in self.name:
            os.abort()
        return True
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """Two deployments whose nodes have the same name, and whose models answer 1 and 2."""
    with new_project() as made:
        for version, name in enumerate(NAMES, 1):
            (made.folder / name).mkdir()
            train(made, name, version)
        define(made, *NAMES)
        made.engine.up()
        yield made


def train(project: Project, name: str, version: int) -> None:
    made_by("mlserver", SKLEARN)(project.folder / name, version)


def define(project: Project, *names: str) -> None:
    deployments = "".join(
        f"SeldonDeployment(name='{name}', namespace='ns', protocol='v2', predictors=(Predictor(name='main', "
        f"graph=Model(name='classify', server=SklearnServer(), model_uri='{name}')),)),"
        for name in names
    )
    project.write(f"stack = Stack(target=Local(drain_seconds=30), deployments=({deployments}))")


def answer(project: Project, name: str) -> float | None:
    found = ask(project.port, INFER.format(name), "POST", BODY)
    return float(found.json["outputs"][0]["data"][0]) if found.status == 200 else None


def answers(project: Project) -> list[float | None]:
    return [answer(project, name) for name in NAMES]


def test_one_process_serves_them_each_under_its_own_name(project: Project) -> None:
    pids = project.pids()
    assert pids["a.main.classify"] == pids["b.main.classify"] == pids["mlserver"]
    assert answers(project) == [1, 2]


def test_each_has_its_own_log_and_metrics(project: Project) -> None:
    assert answers(project) == [1, 2]
    for name in NAMES:
        record = project.stack.process(f"{name}.main.classify")
        wait_until(lambda of=record.id: says(project, of, "Loaded model 'classify'"))  # type: ignore[misc]
    host = project.stack.process("mlserver")
    assert not says(project, host.id, "Loaded model")
    found = ask(project.stack.process("a.main.classify").ports["metrics"], "/metrics", "GET", None)
    assert 'model_infer_request_success_total{model="classify"' in found.body.decode()


def says(project: Project, process: str, words: str) -> bool:
    """Whether the last lines of a process's log have these words."""
    return any(words in line for line in project.scene.processes.log_tail(process))


def test_its_repository_is_not_reached_through_the_gateway(project: Project) -> None:
    for verb in ("index", "models/classify/unload"):
        assert ask(project.port, f"/seldon/ns/a/v2/repository/{verb}", "POST", b"{}").status == 404
    assert answers(project) == [1, 2]


def test_a_changed_model_goes_live_without_a_failed_request_and_without_a_new_process(project: Project) -> None:
    before = project.pids()["mlserver"]
    train(project, "a", 3)
    with (
        load(project.port, INFER.format("a"), per_second=20, body=BODY) as changed,
        load(project.port, INFER.format("b"), per_second=20, body=BODY) as beside,
    ):
        project.engine.up()
        assert answers(project) == [3, 2]
    assert changed.sent > 0
    assert (changed.failed, beside.failed) == (0, 0)
    assert set(project.pids().values()) >= {before}
    assert project.pids()["a.main.classify"] == project.pids()["mlserver"] == before


def test_one_that_cannot_be_served_fails_its_up_with_its_last_words_and_disturbs_nobody(project: Project) -> None:
    before = project.pids()
    kept = (project.folder / "a" / "model.joblib").read_bytes()
    python = catalogue.environment_path(catalogue.load("mlserver")) / "bin" / "python"
    script = "import joblib, numpy; joblib.dump(numpy.zeros(3), 'a/model.joblib')"
    subprocess.run([python, "-c", script], cwd=project.folder, check=True, timeout=120)
    with load(project.port, INFER.format("b"), per_second=20, body=BODY) as beside:
        done = project.engine.up(check=False)
        assert answers(project) == [3, 2]
    assert done.returncode != 0
    assert "the model is a ndarray" in done.stdout + done.stderr
    assert beside.failed == 0
    (project.folder / "a" / "model.joblib").write_bytes(kept)
    project.engine.up()
    assert project.pids() == before


def test_a_killed_process_comes_back_with_all_of_them(project: Project) -> None:
    before = project.pids()["mlserver"]
    kill(before)
    wait_until(lambda: answers(project) == [3, 2])
    assert project.pids()["mlserver"] not in (0, before)


def test_one_that_somebody_has_unloaded_is_seen_and_loaded_again(project: Project) -> None:
    host, model = project.stack.process("mlserver"), project.stack.process("a.main.classify")
    ask(host.ports["http"], f"/v2/repository/models/{model.id}/unload", "POST", b"")
    assert project.scene.processes.state(model.id).state == "STOPPED"
    assert [answer(project, "a"), answer(project, "b")] == [None, 2]
    project.engine.refresh()
    project.engine.up()
    assert answers(project) == [3, 2]


def test_one_that_is_retired_leaves_the_others_where_they_are(project: Project) -> None:
    before = project.pids()["b.main.classify"]
    define(project, "b")
    project.engine.up()
    assert answers(project) == [None, 2]
    assert set(project.pids()) == {"gateway", "mlserver", "b.main.classify"}
    assert project.pids()["b.main.classify"] == before


def test_destroy_leaves_nothing(project: Project) -> None:
    project.engine.destroy()
    assert not project.stack_dir.root.exists()
    wait_until(lambda: not processes_below(project.folder))


def start_in(scene: Scene, host: Record, name: str) -> Record:
    ports = {f"MLSERVER_{port.upper()}_PORT": f"{{port.{port}}}" for port in ("http", "grpc", "metrics")}
    model = {"MLSERVER_MODEL_NAME": name, "MLSERVER_MODEL_IMPLEMENTATION": "breaking.Breaking"}
    environment = {"MLSERVER_HOST": "127.0.0.1", "MLSERVER_PARALLEL_WORKERS": "0", **ports, **model}
    return scene.start(ProcessSpec(name, [], environment, ports=("http", "grpc", "metrics"), host=host.id))


def test_one_that_breaks_the_process_while_it_is_loaded_stays_away_and_the_others_come_back(scene: Scene) -> None:
    made = host_process(catalogue.load("mlserver"))
    files = {**made.files, "breaking.py": BREAKING}
    host = scene.start(ProcessSpec("mlserver", made.command, made.environment, files, ports=made.ports))
    good = start_in(scene, host, "good")
    wait_until(lambda: ask_ready(good))
    before = scene.pid(host)
    breaking = start_in(scene, host, "breaking")
    wait_until(lambda: scene.processes.state(breaking.id).state == "FATAL")
    assert scene.pid(host) != before
    wait_until(lambda: ask_ready(good))
    assert scene.processes.state(good.id).state == "RUNNING"
    assert scene.processes.state(breaking.id).state == "FATAL"


def ask_ready(record: Record) -> bool:
    return is_ready("http", record.ports["http"], f"/v2/models/{record.spec.name}/ready")
