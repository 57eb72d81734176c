"""A stack of this machine from its first `up` to `destroy`, alone and beside another."""

from __future__ import annotations

import json
import threading

import pytest

from seldon_infra.core.paths import cache_dir
from seldon_infra.runtime import ports
from tests.local.project import Project, model, new_project, predictor
from tests.local.scene import ask, listening, processes_below

pytestmark = [pytest.mark.engine, pytest.mark.local]


def test_up_serves_a_second_up_changes_nothing_and_destroy_leaves_nothing() -> None:
    with new_project() as project:
        project.define(predictor())
        first = project.engine.up()
        assert "+ 7 created" in first.stdout or "created" in first.stdout
        assert project.version() == 1
        pids = project.pids()
        second = project.engine.up()
        assert "unchanged" in second.stdout
        assert "created" not in second.stdout
        assert "updated" not in second.stdout
        assert project.pids() == pids
        addresses = {address for address, _ in listening(list(pids.values()))}
        assert addresses == {"127.0.0.1"}
        outputs = project.engine.outputs()
        assert outputs["d_url"] == f"http://127.0.0.1:{project.port}/seldon/ns/d"
        _destroy_and_look(project)


def _destroy_and_look(project: Project) -> None:
    port, folder = project.port, str(project.stack_dir.root)
    project.engine.destroy()
    assert not project.stack_dir.root.exists()
    assert processes_below(project.folder) == []
    with pytest.raises(OSError, match="refused"):
        ask(port, "/", "GET", None)
    assert folder not in (cache_dir() / "ports.json").read_text()


def test_two_checkouts_do_not_collide() -> None:
    with new_project() as one, new_project() as two:
        one.define(predictor())
        two.write_class(2)
        two.define(predictor())
        threads = [threading.Thread(target=project.engine.up) for project in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert one.port != two.port
        assert (one.version(), two.version()) == (1, 2)
        one.engine.destroy()
        assert two.version() == 2


def test_another_gateway_port_keeps_the_routes() -> None:
    with new_project() as project:
        project.define(predictor())
        project.engine.up()
        (port,) = list(ports.allocate(project.folder, ["spare"]).values())
        project.define(predictor(), target=f"Local(gateway_port={port})")
        ports.release(project.folder)
        project.engine.up()
        assert project.port == port
        assert project.version() == 1


SHADOWED = """
import time
class Slow:
    def predict(self, rows, names, meta=None):
        time.sleep(1)
        raise RuntimeError("a shadow that fails")
"""


def test_a_shadow_is_asked_and_neither_heard_nor_felt() -> None:
    with new_project() as project:
        (project.folder / "slow.py").write_text(SHADOWED)
        graph = "Model(name='slow', server=PythonServer(source='slow.py', class_name='Slow'))"
        project.define(predictor(), predictor("copy", graph, shadow=True))
        project.engine.up()
        answers = [project.ask(timeout=5) for _ in range(5)]
        assert {answer.predictor for answer in answers} == {"main"}
        assert {answer.json["data"]["ndarray"][0][0] for answer in answers} == {1}
        copies = project.stack.process("d-copy")
        text = ask(copies.ports["http"], "/prometheus", "GET", None).body.decode()
        assert "seldon_api_executor" in text


def test_sticky_requests_keep_their_predictor_and_others_are_split() -> None:
    with new_project() as project:
        project.define(
            predictor(traffic=50), predictor("other", traffic=50), more=", sticky=StickySession(header='x-user')"
        )
        project.engine.up()
        taken: dict[str, set[str]] = {}
        for number in range(150):
            user = f"user-{number}"
            taken[user] = {project.ask(headers={"x-user": user}).predictor for _ in range(2)}
        assert all(len(predictors) == 1 for predictors in taken.values())
        shares = [predictors == {"main"} for predictors in taken.values()]
        assert 40 <= sum(shares) <= 110  # 75 expected, five standard deviations are 31


def test_a_secret_in_the_environment_reaches_the_server_and_no_state_or_output() -> None:
    with new_project() as project:
        (project.folder / "version.py").write_text(
            "import os\nclass Version:\n    def predict(self, rows, names, meta=None):\n"
            "        return [[float(len(os.environ['TOKEN']))]]\n"
        )
        secret = "hunter2-hunter2"
        project.engine.set_secret("token", secret)
        graph = model().removesuffix(")") + ", env=(EnvVar(name='TOKEN', value=secret('token')),))"
        project.write(
            "stack = Stack(target=Local(), deployments=(SeldonDeployment(name='d', namespace='ns', "
            f"predictors=({predictor(graph=graph)},)),))"
        )
        said = project.engine.up()
        assert project.version() == len(secret)
        state = json.dumps(project.engine.deployment())
        for text in (said.stdout, said.stderr, state, project.engine.state_file.read_text()):
            assert secret not in text
        for pid in project.pids().values():
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as arguments:
                assert secret not in arguments.read()
