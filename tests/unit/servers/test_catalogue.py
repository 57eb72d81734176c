from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from seldon_infra.core.errors import InvalidSpec, PartNotFound
from seldon_infra.graph.spec import EnvVar, Model, Parameter, Predictor, SeldonDeployment
from seldon_infra.servers import catalogue
from seldon_infra.servers.install import environment_path
from seldon_infra.servers.spec import (
    ContainerServer,
    MLServerRuntime,
    PythonServer,
    SklearnServer,
    TempoServer,
    TritonServer,
    XGBoostServer,
)
from seldon_infra.triton import EnsembleStep, Tensor, TritonEnsemble, TritonModel, TritonRepository, config_pbtxt

FOLDER = Path(__file__).parents[3] / "servers"
MAIN = Predictor(name="main", graph=Model(name="m", server=SklearnServer(), model_uri="m"))
DEPLOYMENT = SeldonDeployment(name="d", protocol="v2", predictors=(MAIN,))


def process(node: Model) -> catalogue.LocalProcess:
    return catalogue.process(node.server, node, DEPLOYMENT, MAIN)  # type: ignore[arg-type]


def test_every_folder_is_a_server() -> None:
    assert {"lightgbm", "mlflow", "mlserver", "onnx", "seldon-python", "triton", "xgboost"} <= set(catalogue.names())
    for name in catalogue.names():
        entry = catalogue.load(name)
        assert entry.name == name
        assert entry.lock.is_file()
        assert "--hash=sha256:" in entry.lock.read_text()
        assert f"{entry.licence}" in ("Apache-2.0", "BSD-3-Clause")


def test_a_lock_names_no_address() -> None:
    for name in catalogue.names():
        assert "://" not in catalogue.load(name).lock.read_text()


def test_a_server_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(PartNotFound, match=r"mlserver, .*seldon-python, .*xgboost"):
        catalogue.load("nothing")


def test_adding_a_folder_adds_a_server(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "mlserver", tmp_path / "other")
    assert catalogue.read(tmp_path / "other" / "server.toml").name == "other"


def test_an_entry_that_extends_another_says_what_differs(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "mlserver", tmp_path / "below")
    (tmp_path / "own" / "files").mkdir(parents=True)
    (tmp_path / "own" / "files" / "own.py").write_text("")
    (tmp_path / "own" / "files" / "serve.py").write_text("# mine")
    (tmp_path / "own" / "server.toml").write_text(
        'extends = "below"\nversion = "9"\n[environment]\nMLSERVER_DEBUG = "true"\n'
        '[kinds.own]\nenvironment.A = "b"\n[ready]\nport = "http"\npath = "/up"\n'
    )
    below, own = (catalogue.read(tmp_path / name / "server.toml") for name in ("below", "own"))
    assert (own.name, own.version, own.licence, own.start) == ("own", "9", below.licence, below.start)
    assert own.environment == {**below.environment, "MLSERVER_DEBUG": "true"}
    assert (list(own.kinds), own.ready.path, own.live) == (["own"], "/up", below.live)
    assert own.lock == below.lock, "one that adds no packages runs in the environment that is there"
    assert environment_path(own).parent == environment_path(below).parent
    (tmp_path / "own" / "requirements.lock").write_text("")
    assert own.lock == tmp_path / "own" / "requirements.lock"
    assert set(own.copied) == {*below.copied, "own.py"}
    assert own.copied["serve.py"].read_text() == "# mine"


@pytest.mark.parametrize("name", ["nobody", "xgboost", "../mlserver", "own"])
def test_an_entry_extends_one_that_stands_on_its_own(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "servers")
    file = tmp_path / "servers" / "own" / "server.toml"
    file.parent.mkdir()
    file.write_text(f'extends = "{name}"')
    with pytest.raises(InvalidSpec, match=rf"'own'.*extends '{name}'.*there are: .*mlserver"):
        catalogue.read(file)


def test_an_xgboost_model_is_served_by_mlserver_with_files_of_both_folders() -> None:
    found = process(Model(name="m", server=XGBoostServer(), model_uri="m"))
    assert found.environment["MLSERVER_MODEL_IMPLEMENTATION"] == "xgboost_model.XGBoostModel"
    assert found.environment["MLSERVER_HOST"] == "127.0.0.1"
    assert {"serve.py", "xgboost_model.py"} <= set(found.files)
    assert "/servers/xgboost/" in found.command[0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version = "1.7.1"', "", "version"),
        ('protocols = ["v2"]', 'protocols = ["v3"]', "protocols"),
        ("[start]", "[begin]", "start"),
        ('port = "metrics"', 'port = "other"', "port"),
        ("[start]", "[start", "TOML"),
    ],
)
def test_a_broken_entry_says_what_is_wrong(tmp_path: Path, old: str, new: str, words: str) -> None:
    shutil.copytree(FOLDER / "mlserver", tmp_path / "broken")
    file = tmp_path / "broken" / "server.toml"
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InvalidSpec) as error:
        catalogue.read(file)
    assert words in str(error.value)
    assert "broken" in str(error.value)


def test_a_scikit_learn_model_is_told_what_it_is() -> None:
    found = process(Model(name="m", server=SklearnServer(), model_uri="m", env=(EnvVar(name="A", value="b"),)))
    assert found.command[1:] == ["{dir}/serve.py", "{dir}"]
    assert found.environment["MLSERVER_MODEL_NAME"] == "m"
    assert found.environment["MLSERVER_MODEL_URI"] == "{model}"
    assert found.environment["MLSERVER_HOST"] == "127.0.0.1"
    assert found.environment["A"] == "b"
    assert "MLSERVER_MODEL_EXTRA" not in found.environment
    assert {"serve.py", "sklearn_model.py"} <= set(found.files)
    assert found.ready == {"kind": "http", "port": "http", "path": "/v2/models/m/ready"}


def test_a_runtime_is_its_users_class_with_its_parameters() -> None:
    server = MLServerRuntime(source="nodes/scale.py", class_name="Scale")
    found = process(Model(name="m", server=server, parameters=(Parameter(name="by", value=16),)))
    assert found.environment["MLSERVER_MODEL_IMPLEMENTATION"] == "scale.Scale"
    assert found.environment["PYTHONPATH"] == "{source}"
    assert found.environment["MLSERVER_MODEL_EXTRA"] == '{"by": 16}'
    assert "MLSERVER_MODEL_URI" not in found.environment


def test_a_class_in_seldons_wrapper_is_told_as_the_operator_tells_it() -> None:
    server = PythonServer(source="nodes.py", class_name="Node")
    parameters = (Parameter(name="by", value=1.5), Parameter(name="on", value=True))
    found = process(Model(name="m", server=server, model_uri="m", parameters=parameters))
    assert found.command[-1] == "nodes.Node"
    told = found.environment["PREDICTIVE_UNIT_PARAMETERS"]
    assert '{"name": "model_uri", "value": "{model}", "type": "STRING"}' in told
    assert '{"name": "by", "value": "1.5", "type": "DOUBLE"}' in told or '"type": "FLOAT"' in told
    assert '"type": "BOOL"' in told
    assert (found.environment["PREDICTOR_ID"], found.environment["SELDON_DEPLOYMENT_ID"]) == ("main", "d")


def test_a_users_packages_get_an_environment_of_their_own() -> None:
    plain, more = (
        process(Model(name="m", server=PythonServer(source="n.py", class_name="N", requirements=packages))).command[0]
        for packages in ((), ("shapely==2.1.0",))
    )
    assert plain != more
    assert Path(plain).parents[2] == Path(more).parents[2]


def test_triton_gets_the_configuration_of_every_model_of_a_repository() -> None:
    x, y, z = (Tensor(name=name, dtype="FP32", dims=(1,)) for name in "xyz")
    inner = TritonModel(name="inner", inputs=(x,), outputs=(y,))
    step = EnsembleStep(model="inner", inputs={"x": "x"}, outputs={"y": "z"})
    outer = TritonEnsemble(name="m", inputs=(x,), outputs=(z,), steps=(step,))
    server = TritonServer(repository=TritonRepository(models=(inner, outer)))
    files = process(Model(name="m", server=server, model_uri="models")).files
    assert files["typed/inner/config.pbtxt"] == config_pbtxt(inner)
    assert files["typed/m/config.pbtxt"] == config_pbtxt(outer)
    assert files["typed/m/1/ensemble"] == ""
    assert "config.pbtxt" not in files


def test_triton_reads_its_own_configuration_where_none_is_given() -> None:
    found = process(Model(name="m", server=TritonServer(), model_uri="repository"))
    assert "config.pbtxt" not in found.files
    assert "TRITON_VERSION" not in found.environment


def test_a_command_is_told_what_the_operator_tells_a_container() -> None:
    command = ["score", "--rest={port.http}", "--model={model}", "{source}", "{name}"]
    server = ContainerServer(speaks=("v2",), local_command=command, source="score")
    node = Model(name="m", server=server, model_uri="m", env=[EnvVar(name="MODE", value="fast")])
    found = process(node)
    assert found.command == ["score", "--rest={port.http}", "--model={model}", "{source}", "m"]
    expected = {
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "{port.http}",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "{port.grpc}",
        "PREDICTIVE_UNIT_ID": "m",
        "PREDICTOR_ID": "main",
        "SELDON_DEPLOYMENT_ID": "d",
        "MLSERVER_MODEL_URI": "{model}",
        "MODE": "fast",
    }
    assert expected.items() <= found.environment.items()
    assert (found.ready["path"], found.live["path"]) == ("/v2/models/m/ready", "/v2/health/live")


def test_what_no_server_here_runs_is_said() -> None:
    with pytest.raises(PartNotFound, match="TempoServer"):
        process(Model(name="m", server=TempoServer(), model_uri="m"))


def test_start_scripts_are_sound_shell() -> None:
    for script in FOLDER.glob("*/files/*.sh"):
        subprocess.run(["sh", "-n", str(script)], check=True, timeout=240)
