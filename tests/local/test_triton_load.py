"""``changed_models="load"``: what changed is loaded into the Triton that runs, and what fails leaves it as it was."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import ask, load

pytestmark = [pytest.mark.engine, pytest.mark.local]
MODEL = """
import time
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def initialize(self, args):
        self.loaded = time.time()

    def execute(self, requests):
        return [self.answer(pb_utils.get_input_tensor_by_name(each, "x").as_numpy()) for each in requests]

    def answer(self, x):
        found = {"sum": x + PLUS, "loaded": x * 0 + self.loaded + PLUS}[NAME]
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", found.astype(np.float64))])
"""
DEFINITION = """
from seldon_infra import TritonServer
from seldon_infra.triton import *

def tensor(name):
    return Tensor(name=name, dtype='FP64', dims=(1,))

def model(name, **more):
    return TritonModel(
        name=name, max_batch_size=4, inputs=(tensor('x'),), outputs=(tensor('y'),),
        version_policy=LatestVersions(), **more
    )

both = TritonEnsemble(name='both', max_batch_size=4, inputs=(tensor('x'),), outputs=(tensor('y'), tensor('at')), steps=(
    EnsembleStep(model='sum', inputs={'x': 'x'}, outputs={'y': 'y'}),
    EnsembleStep(model='loaded', inputs={'x': 'x'}, outputs={'y': 'at'}),
))
models = [model('sum'), model('loaded'), both]
repository = TritonRepository(models=models)
node = Model(name='both', server=TritonServer(repository=repository), model_uri='models')
stack = Stack(target=Local(changed_models='load'), deployments=(SeldonDeployment(
    name='d', namespace='ns', protocol='v2', predictors=(Predictor(name='main', graph=node),),
),))
"""
INFER = "/seldon/ns/d/v2/models/both/infer"
TENSOR = {"name": "x", "shape": [1, 1], "datatype": "FP64", "data": [1]}
BODY = json.dumps({"inputs": [TENSOR]}).encode()


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        write(made, "sum", plus=1)
        write(made, "loaded")
        made.write(DEFINITION)
        made.engine.up()
        yield made


def write(project: Project, name: str, version: int = 1, plus: object = 0) -> None:
    folder = project.folder / "models" / name / str(version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(f"NAME, PLUS = {name!r}, {plus}\n{MODEL}")


def asked(project: Project) -> tuple[float, float]:
    """What the sum is, and when the model ``loaded`` was loaded."""
    answer = ask(project.port, INFER, "POST", BODY)
    assert answer.status == 200, answer.body
    found = {output["name"]: output["data"][0] for output in answer.json["outputs"]}
    return found["y"], found["at"]


def server(project: Project) -> int:
    return project.pids()["d.main.both"]


def repository(project: Project, path: str) -> int:
    """Ask the server's repository as an operator does, who can read the process's folder."""
    process = project.stack.process("d.main.both")
    secret = (project.stack_dir.processes / process.id / "operator").read_text()
    return ask(
        process.ports["http"], f"/v2/repository/{path}", "POST", b"{}", headers={"triton-operator": secret}
    ).status


def test_one_model_is_loaded_into_the_running_server_and_no_request_fails(project: Project) -> None:
    pid, (before, at) = server(project), asked(project)
    write(project, "sum", plus=2)
    previewed = project.engine.preview().stdout
    assert "d.main.both" in previewed
    with load(project.port, INFER, 100, BODY) as sent:
        project.engine.up()
    assert (sent.failed, before) == (0, 2), sent.answers
    assert (asked(project), server(project)) == ((3, at), pid)
    assert "unchanged" in project.engine.up("--expect-no-changes").stdout


def test_a_further_version_is_loaded_beside_what_serves(project: Project) -> None:
    pid, (_, at) = server(project), asked(project)
    write(project, "sum", version=2, plus=10)
    project.engine.up()
    assert (asked(project), server(project)) == ((11, at), pid)


def test_a_version_that_does_not_load_fails_the_up_with_tritons_reason_and_the_old_one_serves(project: Project) -> None:
    pid, before = server(project), asked(project)
    write(project, "sum", version=3, plus="this_is_nowhere")
    write(project, "loaded", plus=1e12)  # this one is loaded first, and taken back
    failed = project.engine.up(check=False)
    assert failed.returncode != 0
    assert "name 'this_is_nowhere' is not defined" in failed.stdout
    assert "serves on what it did before" in failed.stdout
    assert (asked(project)[0], server(project)) == (before[0], pid)
    assert before[1] < asked(project)[1] < 1e12
    write(project, "sum", version=3, plus=20)
    write(project, "loaded")
    project.engine.up()
    assert (asked(project)[0], server(project)) == (21, pid)


def test_a_typed_setting_is_in_force_without_a_new_server(project: Project) -> None:
    pid, port = server(project), project.stack.process("d.main.both").ports["http"]
    project.write(DEFINITION.replace("model('sum')", "model('sum', instance_groups=(InstanceGroup(count=2),))"))
    project.engine.up()
    found = ask(port, "/v2/models/sum/config", "GET", None).json
    assert (found["instance_group"][0]["count"], server(project)) == (2, pid)


def test_a_model_more_is_loaded_and_a_model_less_unloaded(project: Project) -> None:
    pid, port = server(project), project.stack.process("d.main.both").ports["http"]
    write(project, "more")
    project.write(DEFINITION.replace("model('sum')", "model('sum'), model('more')"))
    project.engine.up()
    assert ask(port, "/v2/models/more/ready", "GET", None).status == 200
    project.write(DEFINITION)
    project.engine.up()
    wait_until(lambda: ask(port, "/v2/models/more/ready", "GET", None).status == 400)
    assert (asked(project)[0], server(project)) == (21, pid)


def test_a_model_that_somebody_unloaded_shows_in_a_preview_and_the_next_up_loads_it(project: Project) -> None:
    pid = server(project)
    assert repository(project, "models/loaded/unload") == 200
    wait_until(lambda: ask(project.port, INFER, "POST", BODY).status != 200)
    assert "1 to update" in project.engine.preview().stdout
    project.engine.up()
    assert (asked(project)[0], server(project)) == (21, pid)


def test_the_repository_is_out_of_reach_through_the_gateway(project: Project) -> None:
    for path in ("index", "models/sum/load", "models/sum/unload"):
        assert ask(project.port, f"/seldon/ns/d/v2/repository/{path}", "POST", b"{}").status == 404
    assert asked(project)[0] == 21


def test_what_a_killed_run_has_put_in_force_and_not_loaded_is_loaded_by_the_next(project: Project) -> None:
    folder = project.stack_dir.processes / project.stack.process("d.main.both").id
    at = asked(project)[1]
    (folder / "pending.json").write_text('["loaded"]')
    assert subprocess.run(["/bin/sh", "reload"], cwd=folder, capture_output=True, timeout=600).returncode == 0
    assert asked(project)[1] > at
    assert not (folder / "pending.json").exists()
    assert len(list(folder.glob("layout.*"))) == 1
