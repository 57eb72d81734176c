"""A stack that cannot be: an error in the user's words, at preview where it can be known, and nothing half applied."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator

import pytest

from seldon_infra.runtime import ports
from tests.engine.scratch import STACK
from tests.local.project import Project, model, new_project, predictor
from tests.unit.artifacts.judge.written import called_in_protocol_4, entry, tar_of

pytestmark = [pytest.mark.engine, pytest.mark.local]


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        yield made


def refused(project: Project) -> str:
    """Preview and apply; both must fail, say the same and leave nothing."""
    preview = project.engine.preview(check=False)
    up = project.engine.run("up", "--stack", STACK, "--yes", check=False)
    assert preview.returncode != 0, preview.stdout
    assert up.returncode != 0, up.stdout
    assert "Traceback" not in preview.stdout + preview.stderr + up.stdout + up.stderr
    assert not project.engine.resources()
    assert not project.stack_dir.root.exists()
    return preview.stdout + preview.stderr


def test_broken_rules_are_all_named_at_once(project: Project) -> None:
    project.define(predictor(traffic=20), predictor("canary", traffic=70), predictor("canary", traffic=0))
    said = refused(project)
    assert "SeldonDeployment 'd'" in said
    assert "20 + 70" in said
    assert "must sum to 100" in said
    assert "'canary'" in said


def test_a_wrong_type_names_object_field_and_value(project: Project) -> None:
    project.define(predictor(traffic="many"))
    said = refused(project)
    assert "traffic" in said
    assert "many" in said


def test_a_setting_that_is_not_set_is_named(project: Project) -> None:
    project.define(predictor(), more=", replicas=config('copies', int)")
    said = refused(project)
    assert "copies" in said
    assert "pulumi config set" in said


def test_a_setting_of_the_wrong_type_is_named(project: Project) -> None:
    project.engine.set_config("copies", "many")
    project.define(predictor(), more=", replicas=config('copies', int)")
    said = refused(project)
    assert "copies" in said
    assert "many" in said


def test_paths_that_are_missing_are_all_named_with_their_nodes(project: Project) -> None:
    project.define(
        predictor(graph=model("nowhere", model_uri="models/nowhere"), traffic=50), predictor("b", traffic=50)
    )
    said = refused(project)
    node = "SeldonDeployment 'd' → predictor 'main' → model 'nowhere'"
    assert f"{node}: source 'nowhere.py' leads to {project.folder}/nowhere.py, which does not exist" in said
    assert f"{node}: model_uri 'models/nowhere' leads to {project.folder}/models/nowhere, which" in said
    assert "predictor 'b'" not in said


def test_hostile_model_files_are_all_named_with_their_nodes_and_findings(project: Project) -> None:
    folder = project.folder / "hostile"
    folder.mkdir()
    (folder / "model.json").write_bytes(called_in_protocol_4("os", "system"))
    (folder / "model.tar").write_bytes(tar_of([(entry("../out"), b"1")]))
    project.define(
        predictor(graph=model(model_uri="hostile"), traffic=50),
        predictor("b", graph=model(model_uri="hostile", trusted=("os.system",)), traffic=50),
    )
    said = refused(project)
    node = "SeldonDeployment 'd' → predictor '{}' → model 'version': model_uri 'hostile'"
    assert f"{node.format('main')}: model.json imports os.system, must import only what its server needs" in said
    assert f"{node.format('main')}: model.tar!../out climbs out of its archive" in said
    assert f"{node.format('b')}: model.tar!../out climbs out of its archive" in said
    assert f"{node.format('b')}: model.json" not in said
    late = "pulumi.Output.from_input('hostile')"
    project.write("import pulumi\n" + definition(model("version").removesuffix(")") + f", model_uri={late})"))
    assert "imports os.system" in refused(project)


def test_a_path_that_is_known_late_is_refused_by_the_plugin(project: Project) -> None:
    late = "pulumi.Output.from_input('models/nowhere')"
    project.write("import pulumi\n" + definition(model("version").removesuffix(")") + f", model_uri={late})"))
    assert "models/nowhere, which does not exist" in refused(project)


def definition(graph: str) -> str:
    deployment = f"SeldonDeployment(name='d', namespace='ns', predictors=({predictor(graph=graph)},))"
    return f"stack = Stack(target=Local(), deployments=({deployment},))"


def test_a_model_that_no_local_server_runs_is_an_error_at_preview(project: Project) -> None:
    project.write(
        "from seldon_infra import TempoServer\n"
        "stack = Stack(target=Local(), deployments=(SeldonDeployment(name='d', namespace='ns', protocol='v2',\n"
        "    predictors=(Predictor(name='main', graph=Model(name='m', server=TempoServer(), model_uri='m')),)),))"
    )
    said = refused(project)
    assert "TempoServer" in said


def test_a_module_without_a_stack_is_named(project: Project) -> None:
    project.write("stacks = 1")
    said = refused(project)
    assert "'test'" in said


def test_two_errors_of_two_deployments_come_together(project: Project) -> None:
    other = "SeldonDeployment(name='Upper', namespace='ns', predictors=(Predictor(name='main', graph=GRAPH),))"
    project.write(
        f"GRAPH = {model()}\nstack = Stack(target=Local(), deployments=({other}, {other.replace('Upper', 'Too_Bad')}))"
    )
    said = refused(project)
    assert "Upper" in said
    assert "Too_Bad" in said


def test_an_error_of_the_users_own_code_shows_where(project: Project) -> None:
    """The one traceback that helps: it is the user's program that raises."""
    project.write("1 / 0")
    said = project.engine.preview(check=False)
    assert said.returncode != 0
    assert "test.py" in said.stdout + said.stderr


def test_a_port_in_use_is_named_and_everything_else_waits(project: Project) -> None:
    # One that no connection of whoever else is on this machine gets when it is free again.
    (port,) = ports.allocate(project.folder, ["gateway"]).values()
    ports.release(project.folder)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        project.define(predictor(), target=f"Local(gateway_port={port})")
        assert f"{port} is in use on 127.0.0.1; free it or set another gateway_port" in refused(project)
    project.engine.up()
    assert project.port == port
    assert project.version() == 1
    project.engine.destroy()


def test_a_port_of_a_stack_that_is_down_is_refused_at_preview(project: Project) -> None:
    """Row 38: nothing listens there now, and will as soon as that stack is up again."""
    other = project.folder / "other"
    other.mkdir()
    (port,) = ports.allocate(other, ["gateway"]).values()
    project.define(predictor(), target=f"Local(gateway_port={port})")
    assert f"{port} belongs to {other}; take that stack down or set another gateway_port" in refused(project)
    ports.release(other)


def test_a_gateway_that_cannot_start_fails_the_up_with_its_last_words(project: Project) -> None:
    blocked = project.stack_dir.gateway / "admin.sock" / "x"
    blocked.mkdir(parents=True)
    project.define(predictor())
    up = project.engine.up(check=False)
    assert up.returncode != 0
    assert "process 'gateway' exits at start; its last words:" in up.stdout + up.stderr
    assert "admin.sock" in up.stdout + up.stderr
    shutil.rmtree(blocked.parent)
    project.engine.up()
    assert project.version() == 1
    project.engine.destroy()


def test_unknown_values_are_checked_by_the_same_rules_when_they_are_known(project: Project) -> None:
    late = "import pulumi\nlate = pulumi.Output.from_input({}).apply(lambda value: value)"
    weights = "traffic=late", "traffic=pulumi.Output.from_input(70)"
    graph = model()
    listed = ", ".join(
        f"Predictor(name='{name}', graph={graph}, {weight})" for name, weight in zip("ab", weights, strict=True)
    )
    deployment = f"SeldonDeployment(name='d', namespace='ns', predictors=({listed}))"
    project.write(f"{late.format(20)}\nstack = Stack(target=Local(), deployments=({deployment},))")
    up = project.engine.up(check=False)
    assert up.returncode != 0
    assert "20 + 70" in up.stdout + up.stderr
    assert set(project.pids()) <= {"gateway"}
    project.write(f"{late.format(30)}\nstack = Stack(target=Local(), deployments=({deployment},))")
    project.engine.up()
    assert project.version() == 1
    states = json.dumps(project.engine.resources("seldon:local:Route"))
    assert '"weight": 30' in states
