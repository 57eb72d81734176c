"""What somebody changed by hand: preview shows it, the next `up` repairs it, and what was killed comes back."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator

import pytest

from seldon_infra.runtime.supervisor import Supervisor
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project, predictor
from tests.local.scene import kill

pytestmark = [pytest.mark.engine, pytest.mark.local]


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.define(predictor())
        made.engine.up()
        yield made


def stop_the_server(project: Project) -> None:
    Supervisor(project.stack_dir).stop(project.stack.process("d.main.version").id, 10)


def edit_a_file_of_the_server(project: Project) -> None:
    file = project.stack_dir.processes / project.stack.process("d.main.version").id / "serve.py"
    file.write_text(file.read_text() + "\n# edited\n")


def delete_the_servers_folder(project: Project) -> None:
    shutil.rmtree(project.stack_dir.processes / project.stack.process("d.main.version").id)


def edit_the_route(project: Project) -> None:
    (file,) = (project.stack_dir.gateway / "routes.d").iterdir()
    file.write_text(file.read_text().replace('"weight": 100', '"weight": 50'))


def delete_the_route(project: Project) -> None:
    for file in (project.stack_dir.gateway / "routes.d").iterdir():
        file.unlink()


def edit_the_models_copy(project: Project) -> None:
    (copy,) = project.stack_dir.models.glob("*/version.py")
    copy.parent.chmod(0o700)
    copy.chmod(0o600)
    copy.write_text(copy.read_text() + "# edited\n")


def delete_the_models_copy(project: Project) -> None:
    (copy,) = project.stack_dir.models.glob("*/version.py")
    copy.parent.chmod(0o700)
    shutil.rmtree(copy.parent)


def stop_the_gateway(project: Project) -> None:
    Supervisor(project.stack_dir).stop(project.stack.process("gateway").id, 10)


def edit_the_gateways_bootstrap(project: Project) -> None:
    file = project.stack_dir.gateway / "envoy.json"
    file.write_text(file.read_text().replace('"merge_slashes": true', '"merge_slashes": false'))


def put_a_route_before_all_others(project: Project) -> None:
    file = project.stack_dir.gateway / "rds.json"
    found = json.loads(file.read_text())
    routes = found["resources"][0]["virtual_hosts"][0]["routes"]
    cluster = next(
        it["route"]["weighted_clusters"]["clusters"][0]["name"]
        for it in routes
        if "weighted_clusters" in it.get("route", {})
    )
    routes.insert(0, {"match": {"prefix": "/"}, "route": {"cluster": cluster}})
    file.write_text(json.dumps(found))


DRIFTS: dict[Callable[[Project], None], str] = {
    stop_the_server: "seldon:local:Process",
    edit_a_file_of_the_server: "seldon:local:Process",
    delete_the_servers_folder: "seldon:local:Process",
    edit_the_route: "seldon:local:Route",
    delete_the_route: "seldon:local:Route",
    edit_the_models_copy: "seldon:local:Artifact",
    delete_the_models_copy: "seldon:local:Artifact",
    stop_the_gateway: "seldon:local:Gateway",
    edit_the_gateways_bootstrap: "seldon:local:Gateway",
    put_a_route_before_all_others: "seldon:local:Route",
}


def changed(project: Project) -> set[str]:
    """Types of the resources that a preview would change."""
    steps = json.loads(project.engine.preview("--json").stdout)["steps"]
    return {step["urn"].split("::")[2].rpartition("$")[2] for step in steps if step["op"] not in ("same", "refresh")}


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.__name__)
def test_preview_shows_what_was_changed_by_hand_and_up_repairs_it(
    project: Project, drift: Callable[[Project], None]
) -> None:
    assert changed(project) == set()
    drift(project)
    assert DRIFTS[drift] in changed(project)
    project.engine.up()
    assert changed(project) == set()
    assert project.version() == 1


@pytest.mark.parametrize("name", ["d.main.version", "d.main", "gateway"])
def test_a_killed_process_comes_back_by_itself(project: Project, name: str) -> None:
    before = project.pids()[name]
    kill(before)
    wait_until(lambda: project.pids()[name] != before)
    wait_until(lambda: _serves(project))
    assert changed(project) == set()


def _serves(project: Project) -> bool:
    try:
        return project.ask(timeout=2).status == 200
    except OSError:
        return False


def test_a_killed_supervisor_comes_back_with_the_next_up_and_nothing_runs_twice(project: Project) -> None:
    os.kill(project.scene.supervisor_pid(), signal.SIGKILL)
    project.engine.up()
    assert project.version() == 1
    assert sorted(project.pids()) == ["d.main", "d.main.version", "gateway"]
    assert len(set(project.pids().values())) == 3


def test_refresh_alone_takes_a_deleted_process_out_of_the_state(project: Project) -> None:
    delete_the_servers_folder(project)
    project.engine.refresh()
    names = {resource["urn"].rpartition("::")[2] for resource in project.engine.resources("seldon:local:Process")}
    assert "d.main.version" not in names
    project.engine.up()
    assert project.version() == 1
