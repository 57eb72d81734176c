"""A stack of this machine from its first `up` to `destroy`, alone and beside another."""

from __future__ import annotations

import json
import re
import signal
import threading

import pytest

from seldon_infra.core.paths import cache_dir
from seldon_infra.runtime import ports
from tests.engine.waiting import wait_until
from tests.local.project import Project, model, new_project, predictor
from tests.local.scene import ask, kill, listening, processes_below

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


def test_a_program_may_have_an_entrypoint_of_its_own_before() -> None:
    with new_project() as project:
        project.define(predictor())
        entrypoint = (
            "import pulumi\nfrom seldon_infra import run\n\nasync def main():\n    return {'team': 'vision'}\n\n"
        )
        project.engine.write_program(f"{entrypoint}pulumi.run(main)\nrun(__file__)\n")
        said = project.engine.preview().stdout
    assert "d_url" in said
    assert "vision" in said


def test_names_that_differ_only_in_where_one_ends_are_two() -> None:
    """Node `x` of predictor `main`, beside a predictor `main-x`: two processes, and neither takes the other's place."""
    with new_project() as project:
        project.define(
            predictor(graph=model("x"), traffic=50),
            predictor("main-x", model("x"), traffic=50),
            target="Local(portable=False)",
        )
        (project.folder / "x.py").write_text((project.folder / "version.py").read_text())
        assert "create" in project.engine.preview().stdout


def _destroy_and_look(project: Project) -> None:
    folder = str(project.stack_dir.root)
    project.engine.destroy()
    assert not project.stack_dir.root.exists()
    wait_until(lambda: not processes_below(project.folder))
    assert folder not in (cache_dir() / "ports.json").read_text()


def test_a_first_up_with_a_broken_model_lets_nothing_of_its_deployment_go_live() -> None:
    """What did come up stays for the next `up`, behind a gateway that leads nowhere; `destroy` takes it away."""
    with new_project() as project:
        (project.folder / "broken.py").write_text("raise RuntimeError('the model file is broken')\n")
        broken = "Model(name='broken', server=PythonServer(source='broken.py', class_name='Version'))"
        project.define(predictor(traffic=50), predictor("other", broken, traffic=50))
        failed = project.engine.up(check=False)
        assert failed.returncode != 0
        assert "the model file is broken" in failed.stdout + failed.stderr
        assert project.stack.routes() == []
        assert project.ask().status == 404
        assert "d.other.broken" not in project.pids()
        _destroy_and_look(project)


def test_two_checkouts_do_not_collide() -> None:
    with new_project() as one, new_project() as two:
        one.define(predictor())
        two.write_class(2)
        two.define(predictor())
        for project in (one, two):
            project.engine.is_inline = False  # this process runs one at a time
        threads = [threading.Thread(target=project.engine.up) for project in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
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


def test_what_hangs_comes_back_by_itself_and_another_time_out_replaces_no_server() -> None:
    """Row 41: until it is ended, its requests end with their time-out."""
    with new_project() as project:
        project.define(predictor(), more=", timeouts=Timeouts(rest='30s', grpc='30s')")
        project.engine.up()
        server = project.pids()["d.main.version"]
        project.define(predictor(), more=", timeouts=Timeouts(rest='1s', grpc='1s')")
        project.engine.up()
        before = project.pids()
        assert before["d.main.version"] == server
        for name in ("d.main.version", "d.main"):
            wait_until(lambda name=name: f"{project.stack.process(name).id} answers" in watched(project))  # type: ignore[misc]
            for pid in processes_below(project.stack_dir.processes / project.stack.process(name).id):
                kill(pid, signal.SIGSTOP)
            assert project.ask().status == 504
            wait_until(lambda name=name: project.pids()[name] != before[name])  # type: ignore[misc]
            wait_until(lambda: project.ask().status == 200)


def watched(project: Project) -> str:
    return (project.stack_dir.root / "watch.log").read_text()


SHADOWED = """
import os, time
class Slow:
    def predict(self, rows, names, meta=None):
        while not os.path.exists({released!r}):
            time.sleep(0.05)
        raise RuntimeError("a shadow that fails")
"""


def test_a_shadow_is_asked_and_neither_heard_nor_felt() -> None:
    """It answers nobody until all have their answers, and then with errors."""
    with new_project() as project:
        released = project.folder / "released"
        (project.folder / "slow.py").write_text(SHADOWED.format(released=str(released)))
        graph = "Model(name='slow', server=PythonServer(source='slow.py', class_name='Slow'))"
        project.define(predictor(), predictor("copy", graph, shadow=True))
        project.engine.up()
        answers = [project.ask() for _ in range(5)]
        assert {answer.predictor for answer in answers} == {"main"}
        assert {answer.json["data"]["ndarray"][0][0] for answer in answers} == {1}
        assert failures(project, "d.copy") == 0
        released.touch()
        wait_until(lambda: failures(project, "d.copy") == 5)


def failures(project: Project, name: str) -> int:
    """How many requests an orchestrator has answered with 500."""
    text = ask(project.stack.process(name).ports["http"], "/prometheus", "GET", None).body.decode()
    wanted = r'^seldon_api_executor_server_requests_seconds_count\{[^}]*code="500"[^}]*\} (\S+)$'
    return sum(round(float(count)) for count in re.findall(wanted, text, re.MULTILINE))


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
