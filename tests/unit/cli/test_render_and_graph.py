"""`seldon-infra render` and `seldon-infra graph` as a user runs them, in a project of two files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest
import yaml

STACK = """
    from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
    from seldon_infra.servers.spec import SklearnServer
    from seldon_infra.stack import Stack
    from seldon_infra.targets.spec import Local

    def deployment(name, **fields):
        graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
        return SeldonDeployment(name=name, protocol="v2", predictors=[Predictor(name="main", graph=graph, **fields)])

    stack = Stack(target=Local(), deployments=[deployment("iris"), deployment("wine", replicas=2)])
"""
WRONG = """
    from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
    from seldon_infra.servers.spec import MLServerRuntime
    from seldon_infra.stack import Stack
    from seldon_infra.targets.spec import Local

    graph = Model(name="scale", server=MLServerRuntime(source="scale.py", class_name="Scale"))
    predictor = Predictor(name="main", traffic=50, graph=graph)
    stack = Stack(target=Local(), deployments=[SeldonDeployment(name="iris", protocol="v2", predictors=[predictor])])
"""
LATER = """
    from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
    from seldon_infra.servers.spec import SklearnServer
    from seldon_infra.stack import Stack
    from seldon_infra.targets.spec import Local

    class Bucket:
        def apply(self, function):
            return self

    graph = Model(name="classifier", server=SklearnServer(), model_uri=Bucket())
    predictor = Predictor(name="main", graph=graph)
    stack = Stack(target=Local(), deployments=[SeldonDeployment(name="iris", protocol="v2", predictors=[predictor])])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "__init__.py").touch()
    for name, text in {"local": STACK, "wrong": WRONG, "later": LATER}.items():
        (tmp_path / "stacks" / f"{name}.py").write_text(dedent(text))
    return tmp_path


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=240)


def test_render_prints_every_manifest(project: Path) -> None:
    done = run(project, "render", "--stack", "local")
    assert done.returncode == 0, done.stderr
    kinds = [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(done.stdout)]
    assert kinds == [
        ("Namespace", "default"),
        ("ServiceAccount", "iris"),
        ("NetworkPolicy", "iris"),
        ("SeldonDeployment", "iris"),
        ("ServiceAccount", "wine"),
        ("NetworkPolicy", "wine"),
        ("SeldonDeployment", "wine"),
    ]


def test_render_prints_the_same_twice_and_from_any_folder(project: Path) -> None:
    once = run(project, "render", "--stack", "local")
    again = run(Path.home(), "render", "--stack", "local", "--project", str(project))
    assert once.stdout == again.stdout


def test_render_names_all_problems_without_a_traceback(project: Path) -> None:
    done = run(project, "render", "--stack", "wrong")
    assert (done.returncode, done.stdout) == (2, "")
    assert "image is not set" in done.stderr
    assert "traffic 50" in done.stderr
    assert "Traceback" not in done.stderr


def test_render_shows_what_only_an_apply_brings(project: Path) -> None:
    done = run(project, "render", "--stack", "later")
    assert 'modelUri: "<known after pulumi up>"' in done.stdout
    assert "[3].spec.predictors[0].graph.modelUri" in done.stderr


def test_render_notes_what_a_cluster_would_refuse(project: Path) -> None:
    (project / "stacks" / "here.py").write_text(dedent(STACK).replace("s3://models/iris", "models/iris"))
    done = run(project, "render", "--stack", "here")
    assert done.returncode == 0
    notes = done.stderr.splitlines()
    assert len(notes) == 2
    assert notes[0].startswith("note, a cluster would refuse this: SeldonDeployment 'iris' → predictor 'main' → model")
    assert "model_uri 'models/iris', must be a URI on a cluster" in notes[0]
    assert run(project, "render", "--stack", "local").stderr == ""


def test_render_of_an_unknown_stack_names_those_that_there_are(project: Path) -> None:
    done = run(project, "render", "--stack", "lokal")
    assert done.returncode == 2
    assert "local" in done.stderr


def test_graph_draws_all_deployments_or_the_one_that_is_named(project: Path) -> None:
    for words, names in ((), ["iris", "wine"]), (("wine",), ["wine"]):
        done = run(project, "graph", "--stack", "local", *words)
        titles = [each.text for each in ElementTree.fromstring(done.stdout).iter() if each.get("class") == "title"]
        assert titles == names


def test_graph_writes_mermaid(project: Path) -> None:
    assert run(project, "graph", "--stack", "local", "--format", "mermaid").stdout.startswith("flowchart LR\n")


def test_graph_writes_a_file(project: Path) -> None:
    done = run(project, "graph", "--stack", "local", "--output", "graph.svg")
    assert (done.returncode, done.stdout) == (0, "")
    assert (project / "graph.svg").read_text() == run(project, "graph", "--stack", "local").stdout
    assert not list(project.glob(".graph*"))


@pytest.mark.parametrize("file", ["missing/graph.svg", "Pulumi.yaml/graph.svg"])
def test_graph_that_cannot_be_written_says_so(project: Path, file: str) -> None:
    done = run(project, "graph", "--stack", "local", "--output", file)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("folder", ["", ".", "..", "/", "stacks"])
def test_graph_that_shall_be_written_to_a_folder_asks_for_a_file(project: Path, folder: str) -> None:
    done = run(project, "graph", "--stack", "local", "--output", folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "give --output a file" in done.stderr


def test_graph_of_an_unknown_deployment_names_those_that_there_are(project: Path) -> None:
    done = run(project, "graph", "--stack", "local", "vine")
    assert done.returncode == 2
    assert done.stderr == "deployment 'vine' is not in stack 'local'; deployments there: 'iris', 'wine'\n"


SECRET = """
    from seldon_infra import EnvVar, Local, Model, Predictor, SeldonDeployment, SklearnServer, Stack, secret

    env = (EnvVar(name="TOKEN", value=secret("token")),)
    graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris", env=env)
    predictor = Predictor(name="main", graph=graph)
    stack = Stack(target=Local(), deployments=[SeldonDeployment(name="iris", protocol="v2", predictors=[predictor])])
"""


def test_a_secret_is_shown_as_one_and_never_read(project: Path) -> None:
    (project / "stacks" / "hidden.py").write_text(dedent(SECRET))
    (project / "Pulumi.hidden.yaml").write_text("config:\n  demo:token:\n    secure: v1:abc\n")
    done = run(project, "render", "--stack", "hidden")
    assert done.returncode == 0, done.stderr
    assert 'value: "[secret]"' in done.stdout
    assert "v1:abc" not in done.stdout + done.stderr
    assert "[secret] stands for: [3].spec.predictors[0]" in done.stderr
    assert run(project, "graph", "--stack", "hidden").returncode == 0


def test_a_secret_that_is_not_set_is_asked_for(project: Path) -> None:
    (project / "stacks" / "hidden.py").write_text(dedent(SECRET))
    done = run(project, "render", "--stack", "hidden")
    assert (done.returncode, done.stderr) == (
        2,
        "stack 'hidden': config 'token' is not set, must be set; "
        "run: pulumi config set --secret token --stack hidden\n",
    )


@pytest.mark.parametrize("name", ["./local", "__main__", "__init__", "../stacks/local", "local.py", ""])
def test_a_stack_is_named_by_its_name_alone(project: Path, name: str) -> None:
    (project / "stacks" / "__main__.py").write_text("raise SystemExit('run')\n")
    (project / "stacks" / "old.py").write_bytes(b"# caf\xe9\nstack = Stack()\n")
    done = run(project, "render", "--stack", name)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "no definition; there are: later, local, old, wrong" in done.stderr


def refused(project: Path, *words: str) -> str:
    done = run(project, *words)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "importlib" not in done.stderr
    return done.stderr


COMMANDS = [("render",), ("graph",), ("verify",), ("recover",)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_broken_project_file_is_said_with_its_line(project: Path, command: tuple[str, ...]) -> None:
    (project / "Pulumi.yaml").write_text("name: demo\nruntime: [python\nmain: stacks\n")
    said = refused(project, *command, "--stack", "local")
    assert said.startswith(f"{project}/Pulumi.yaml, line 3, column ")
    assert "mend the YAML there" in said


@pytest.mark.parametrize("text", ["runtime: python\n", "name: [demo]\n"])
def test_a_project_without_a_name_is_told_to_have_one(project: Path, text: str) -> None:
    (project / "Pulumi.yaml").write_text(text)
    assert "must be the project's name; write `name: my-models`" in refused(project, "recover", "--stack", "local")


def test_a_project_file_of_another_shape_is_refused(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("- name\n")
    assert "holds a list, must hold names and values" in refused(project, "render", "--stack", "local")


def test_a_project_file_that_is_no_text_is_refused(project: Path) -> None:
    (project / "Pulumi.yaml").write_bytes(b"name: \xff\n")
    assert "is no text in UTF-8" in refused(project, "render", "--stack", "local")


@pytest.mark.parametrize("text", ["config: {\n", "config:\n\tdemo:key: 1\n"])
def test_a_broken_file_of_settings_is_said_with_its_line(project: Path, text: str) -> None:
    (project / "Pulumi.local.yaml").write_text(text)
    assert refused(project, "render", "--stack", "local").startswith(f"{project}/Pulumi.local.yaml, line 2, column 1: ")


@pytest.mark.parametrize("command", ["render", "graph"])
def test_an_exception_in_a_definition_shows_the_users_lines_only(project: Path, command: str) -> None:
    (project / "stacks" / "failing.py").write_text("import json\n\ncolours = json.loads('{')\n")
    said = refused(project, command, "--stack", "failing")
    assert said.startswith("stack 'failing': its definition stacks/failing.py failed:\n")
    assert f'File "{project}/stacks/failing.py", line 3, in <module>' in said
    assert "JSONDecodeError" in said
    assert said.count("File ") == 1


def test_a_syntax_error_in_a_definition_names_file_and_line(project: Path) -> None:
    (project / "stacks" / "failing.py").write_text("def f(:\n")
    said = refused(project, "render", "--stack", "failing")
    assert 'stacks/failing.py", line 1' in said
    assert "Traceback" not in said


def moved(project: Path, name: str) -> Path:
    """Give the folder of definitions another name."""
    (project / "stacks").rename(project / name)
    (project / name / "__init__.py").unlink()
    (project / "Pulumi.yaml").write_text(f"name: demo\nruntime: python\nmain: {name}\n")
    return project


@pytest.mark.parametrize("name", ["stacks", "py", "my-models", "v1.2"])
def test_definitions_are_found_whatever_their_folder_is_called(project: Path, name: str) -> None:
    if name != "stacks":
        moved(project, name)
    else:
        (project / "stacks" / "__init__.py").unlink()
    done = run(project, "render", "--stack", "local")
    assert done.returncode == 0, done.stderr
    assert "name: iris" in done.stdout


def test_a_folder_with_the_name_of_a_module_in_use_is_to_be_renamed(project: Path) -> None:
    said = refused(moved(project, "json"), "render", "--stack", "local")
    assert "/json: its name is a module's that is in use" in said
    assert "rename the folder" in said


STORED = """
    from seldon_infra import Kubernetes, Model, Predictor, S3Storage, SeldonDeployment, SklearnServer, Stack

    graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
    storage = [S3Storage(access_key_id="AKIA-7", secret_access_key="hunter2")]
    iris = SeldonDeployment(name="iris", predictors=[Predictor(name="main", graph=graph)], storage=storage)
    stack = Stack(target=Kubernetes(), deployments=[iris])
"""


def test_credentials_are_never_shown_however_they_were_given(project: Path) -> None:
    (project / "stacks" / "stored.py").write_text(dedent(STORED))
    done = run(project, "render", "--stack", "stored")
    assert done.returncode == 0, done.stderr
    assert 'RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: "[secret]"' in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "AKIA-7" not in done.stdout + done.stderr


def test_expanded_shows_what_the_operator_makes(project: Path) -> None:
    done = run(project, "render", "--stack", "local", "--expanded")
    kinds = [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(done.stdout)]
    assert ("Deployment", "iris-main-0-classifier") in kinds
    assert ("Service", "wine-main") in kinds
    assert "SeldonDeployment" not in [kind for kind, _ in kinds]


def test_expanded_marks_what_is_known_later(project: Path) -> None:
    done = run(project, "render", "--stack", "later", "--expanded")
    assert done.returncode == 0, done.stderr
    assert "<known after pulumi up>" in done.stdout
