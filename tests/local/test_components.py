"""`components/` from a program in YAML: the real YAML host, engine, plugins and model servers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine import slow_plugin
from tests.engine.scratch import ENVIRONMENT, Engine, scratch_engine
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import processes_below

pytestmark = [pytest.mark.engine, pytest.mark.local]

COMPONENTS = Path(__file__).parents[2] / "components"
SLOW = "import time\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        yield made


def node(**fields: object) -> dict[str, object]:
    server = {"type": "PythonServer", "source": "version.py", "className": "Version"}
    return {"type": "Model", "name": "version", "server": server, **fields}


def predictor(**fields: object) -> dict[str, object]:
    return {"name": "main", "graph": node(), **fields}


def declare(project: Project, *predictors: Mapping[str, object], **program: Any) -> None:
    """Write the program with deployment ``d``."""
    deployment = {"name": "d", "namespace": "ns", "predictors": list(predictors)}
    write(project.engine, {"target": {"type": "Local"}, "deployments": [deployment]}, **program)


def write(engine: Engine, stack: Mapping[str, object], **program: Any) -> None:
    """Write a program with one Stack, and with more resources, plugins and settings."""
    plugins = {"seldon": ENVIRONMENT / "bin", "seldon-components": COMPONENTS, **program.pop("plugins", {})}
    providers = [{"name": name, "path": str(path)} for name, path in plugins.items()]
    more = program.pop("resources", {})
    whole = {
        "name": "scratch",
        "runtime": "yaml",
        "plugins": {"providers": providers},
        "resources": {"models": {"type": "seldon-components:Stack", "properties": stack}, **more},
        "outputs": {"url": "${models.urls.d}"},
        **program,
    }
    (engine.directory / "Pulumi.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    engine.is_inline = False


def refused(project: Project) -> str:
    """Preview; it must fail without a traceback and leave nothing."""
    done = project.engine.preview(check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    assert 'File "' not in said
    assert "<class" not in said
    assert not project.stack_dir.root.exists()
    return said


def test_the_schema_names_what_the_component_takes_and_gives(tmp_path: Path) -> None:
    text = scratch_engine(tmp_path).run("package", "get-schema", str(COMPONENTS)).stdout
    schema = json.loads(text)
    assert schema["name"] == "seldon-components"
    stack = schema["resources"]["seldon-components:index:Stack"]
    assert stack["isComponent"]
    assert set(stack["inputProperties"]) == set(stack["requiredInputs"]) == {"target", "deployments"}
    assert set(stack["properties"]) == {"urls", "grpcEndpoints", "cluster"}
    assert all(field["description"] for field in stack["inputProperties"].values())


def test_mistakes_of_every_kind_come_at_once_in_the_words_of_the_program(project: Project) -> None:
    declare(
        project,
        predictor(trafic=90),
        predictor(name="canary", traffic="many", graph={"type": "Modle", "name": "m"}),
        predictor(name="third", graph=node(server={"type": "PythonServer", "source": "version.py"})),
    )
    said = refused(project)
    assert "SeldonDeployment 'd' → predictor 'main': key 'trafic' is not a field" in said
    assert "SeldonDeployment 'd' → predictor 'canary': traffic 'many', must be a whole number" in said
    assert "SeldonDeployment 'd' → predictor 'canary' → graph: type 'Modle', must be ABTest, Combiner, Model," in said
    assert "SeldonDeployment 'd' → predictor 'third' → model 'version' → server: className is not set" in said


def test_rules_are_the_library_s_and_speak_of_keys(project: Project) -> None:
    declare(project, predictor(traffic=90), predictor(name="canary", traffic=20, noEngine=3))
    assert "noEngine 3, must be true or false" in refused(project)
    declare(project, predictor(traffic=90), predictor(name="canary", traffic=20, graph=node(modelUri=" s3://b ")))
    said = refused(project)
    assert "SeldonDeployment 'd': traffic 90 + 20 = 110, must sum to 100" in said
    assert "write modelUri: 's3://b'" in said


def test_a_target_says_what_it_cannot_do(project: Project) -> None:
    definition = {"name": "d", "predictors": [predictor()]}
    write(project.engine, {"target": {"type": "Kubernetes"}, "deployments": [definition]})
    assert "image" in refused(project)
    write(project.engine, {"target": {"type": "Local", "gatewayPort": 80}, "deployments": [definition]})
    assert "target: gatewayPort 80" in refused(project)


def test_a_cluster_gets_the_operator_s_custom_resource(project: Project, tmp_path: Path) -> None:
    """What is declared; a cluster itself comes with its own tests."""
    slow_plugin.install(tmp_path, "kubernetes")
    server = {"type": "ContainerServer", "image": "ghcr.io/acme/score:1", "speaks": ["seldon"]}
    definition = {"name": "d", "namespace": "ns", "predictors": [predictor(graph=node(server=server))]}
    write(
        project.engine,
        {"target": {"type": "Kubernetes"}, "deployments": [definition]},
        plugins={"kubernetes": tmp_path},
        outputs={"urls": "${models.urls}"},
    )
    steps = json.loads(project.engine.preview("--json").stdout)["steps"]
    below = {step["urn"].partition("seldon-components:index:Stack$")[2]: step["newState"] for step in steps}
    assert "kubernetes:core/v1:Namespace::ns" in below
    resource = below["seldon:index:SeldonDeployment$kubernetes:machinelearning.seldon.io/v1:SeldonDeployment::d"]
    assert [each["name"] for each in resource["inputs"]["spec"]["predictors"]] == ["main"]


def test_files_that_are_missing_are_named(project: Project) -> None:
    declare(project, predictor(graph=node(modelUri="nowhere")))
    assert f"modelUri 'nowhere' leads to {project.folder}/nowhere, which does not exist" in refused(project)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("traffic", "predictor 'main': traffic [secret], must be 100 for the only predictor that answers"),
        ("replicas", "predictor 'main': replicas [secret], must be a whole number"),
        ("name", "name is an Output, must be known before anything is applied"),
    ],
)
def test_values_of_later_are_held_to_the_same_rules(project: Project, field: str, said: str) -> None:
    project.engine.set_secret("number", "20")
    settings = {"number": {"type": "integer", "secret": True}}
    values = {"traffic": "${number}", "replicas": {"fn::secret": "many"}, "name": {"fn::secret": "main"}}
    declare(project, predictor(**{field: values[field]}), config=settings)
    assert said in refused(project)


ANSWERS = """
import os
class Version:
    def predict(self, rows, names, meta=None):
        return [[len(os.environ["TOKEN"]), os.path.isfile(os.environ["COPY"] + "/version.py")]]
"""


def test_a_secret_and_another_resource_s_output_reach_the_server() -> None:
    with new_project() as project:
        (project.folder / "version.py").write_text(ANSWERS)
        secret = "hunter2-hunter2"
        project.engine.set_secret("token", secret)
        environment = [{"name": "TOKEN", "value": "${token}"}, {"name": "COPY", "value": "${copy.path}"}]
        copy = {"stackDir": str(project.stack_dir.root), "project": str(project.folder), "uri": "version.py"}
        declare(
            project,
            predictor(graph=node(env=environment)),
            config={"token": {"type": "string", "secret": True}},
            resources={"copy": {"type": "seldon:local:Artifact", "properties": copy}},
        )
        assert "9 to create" in project.engine.preview().stdout
        said = project.engine.up()
        answer = project.ask()
        assert answer.json["data"]["ndarray"][0] == [len(secret), True], answer.body
        state = json.dumps(project.engine.deployment())
        assert all(secret not in text for text in (said.stdout, said.stderr, state))
        assert "9 unchanged" in project.engine.preview().stdout
        project.engine.destroy()
        wait_until(lambda: not processes_below(project.folder))


def plugins(project: Project) -> list[int]:
    """The component plugin's processes of this project."""
    return [pid for pid in processes_below(project.folder) if str(COMPONENTS).encode() in about(pid, "cmdline")]


def about(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def parent(pid: int) -> int:
    return int(about(pid, "stat").rpartition(b")")[2].split()[1])


@pytest.mark.parametrize("host_too", [False, True], ids=["engine", "engine-and-host"])
def test_the_plugin_goes_with_an_engine_that_is_killed(host_too: bool) -> None:
    with new_project() as project:
        (project.folder / "version.py").write_text(SLOW)
        declare(project, predictor())
        running = project.engine.start("up", "--stack", "test", "--yes", "--skip-preview")
        wait_until(lambda: "d.main.version" in project.pids() and bool(plugins(project)))
        hosts = [parent(pid) for pid in plugins(project)] if host_too else []
        for victim in (running.pid, *hosts):
            with suppress(ProcessLookupError):  # a host goes by itself as well, once its engine is gone
                os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not plugins(project))
        running.communicate(timeout=120)
