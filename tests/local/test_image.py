"""Steps of a rendered Containerfile, run without an image: the same lines, with a scratch folder for ``/opt``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from seldon_infra.runtime.messages import message
from seldon_infra.runtime.ports import allocate, release
from tests.engine.waiting import wait_until
from tests.local.scene import ask

pytestmark = [pytest.mark.local, pytest.mark.slow]
MAKE_SECONDS = 240
STACK = """from seldon_infra import Local, Model, Predictor, PythonServer, SeldonDeployment, Stack

server = PythonServer(source='sums.py', class_name='Sums', requirements=('inflect==7.5.0',))
graph = Model(name='sum', server=server)
stack = Stack(
    target=Local(), deployments=(SeldonDeployment(name='d', predictors=(Predictor(name='main', graph=graph),)),)
)
"""
CLASS = """import inflect
import numpy as np
class Sums:
    def predict(self, rows, names, meta=None):
        return np.asarray(rows, dtype=float).sum(axis=1, keepdims=True)
    def tags(self):
        return {"said": inflect.engine().number_to_words(7)}
"""
ROWS = {"data": {"ndarray": [[1.0, 2.0], [3.0, 4.0]]}}


@dataclass(frozen=True)
class Made:
    """What the steps of a Containerfile left where ``/opt`` would be."""

    root: Path
    text: str

    def here(self, text: str) -> str:
        return text.replace("/opt/", f"{self.root}/")

    def lines(self, word: str) -> list[str]:
        return re.findall(rf"^{word} (.*)$", self.text, re.MULTILINE)

    @property
    def command(self) -> list[str]:
        return [self.here(word) for word in json.loads(self.lines("CMD")[0])]

    @property
    def environment(self) -> dict[str, str]:
        """The image's variables, less its ports: several images have the same, each in its own network."""
        pairs = (line.partition("=") for line in self.lines("ENV"))
        return {name: self.here(json.loads(text)) for name, _, text in pairs}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A context, and the first stage's steps run on it."""
    project, root = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("opt")
    (project / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (project / "local.py").write_text(STACK)
    (project / "sums.py").write_text(CLASS)
    words = ["containerfile", "d", "sum", "--stack", "local", "--out", "context"]
    run([sys.executable, "-m", "seldon_infra.cli.main", *words], project)
    context = project / "context"
    found = Made(root, (context / "Containerfile").read_text())
    first, last = found.text.split("\n\n")
    for source, to in re.findall(r"^COPY ([a-z.]+) (/opt\S+)$", first + last, re.MULTILINE):
        run(["cp", "-r", str(context / source), found.here(to)], context)
    for step in re.findall(r"^RUN (.*)$", first, re.MULTILINE):
        run(["sh", "-c", found.here(step)], context)
    return found


def run(command: list[str], folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SOURCE_DATE_EPOCH": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAKE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ports(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The image's command with the image's environment, on ports that are free here, as the operator may set them."""
    folder = tmp_path_factory.mktemp("tmp")
    ports = allocate(folder, ("HTTP", "GRPC", "METRICS"))
    told = {f"PREDICTIVE_UNIT_{name}_SERVICE_PORT": str(port) for name, port in ports.items()}
    environment = {**made.environment, **told, "LISTEN_HOST": "127.0.0.1", "PATH": os.environ["PATH"]}
    with subprocess.Popen(made.command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: process.poll() is not None or is_ready(ports["HTTP"]))
            assert process.poll() is None, process.stderr and process.stderr.read()
            yield ports
        finally:
            process.terminate()
            process.communicate(timeout=120)
            release(folder)


def is_ready(port: int) -> bool:
    try:
        return ask(port, "/health/status", "GET", None).status == 200
    except OSError:
        return False


def test_packages_come_by_their_hashes_and_without_an_installer(made: Made) -> None:
    packages = made.root / "venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    assert (packages / "seldon_core").is_dir()
    assert (packages / "inflect").is_dir()
    assert not (packages / "pip").exists()
    assert not list((made.root / "venv" / "bin").glob("pip*"))


def test_bytecode_has_no_time_in_it(made: Made) -> None:
    compiled = list(made.root.rglob("*.pyc"))
    assert compiled
    assert {file.read_bytes()[4] for file in compiled} == {0b11}, "checked by hash: flags of PEP 552"


def test_the_class_answers_over_rest_with_what_it_requires(ports: dict[str, int]) -> None:
    answer = ask(ports["HTTP"], "/predict", "POST", json.dumps(ROWS).encode(), {"content-type": "application/json"})
    assert answer.status == 200, answer.body
    assert answer.json["data"]["ndarray"] == [[3.0], [7.0]]
    assert answer.json["meta"]["tags"] == {"said": "seven"}


def test_the_class_answers_over_grpc(ports: dict[str, int]) -> None:
    kind = message("seldon.protos.SeldonMessage")
    asked = kind(data={"tensor": {"shape": [1, 2], "values": [1.0, 2.0]}}).SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{ports['GRPC']}") as channel:
        answer = channel.unary_unary("/seldon.protos.Model/Predict")(asked, timeout=60)
    assert list(kind.FromString(answer).data.tensor.values) == [3.0]


def test_a_package_whose_hash_is_another_is_not_installed(made: Made, tmp_path: Path) -> None:
    lock = (made.root / "requirements.lock").read_text()
    name = "inflect==7.5.0"
    block = lock[lock.index(name) :].split("\n\n")[0]
    (tmp_path / "lock").write_text(re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", block))
    (step,) = (line for line in made.lines("RUN") if "/requirements.lock" in line)
    step = made.here(step).replace(f"{made.root}/requirements.lock", str(tmp_path / "lock"))
    with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
        run(["sh", "-c", step.replace("install ", "install --ignore-installed ")], tmp_path)


def test_a_requirement_that_does_not_fit_the_server_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "local.py").write_text(STACK.replace("inflect==7.5.0", "numpy==1.0.0"))
    (tmp_path / "sums.py").write_text(CLASS)
    words = ["containerfile", "d", "sum", "--stack", "local", "--out", str(tmp_path / "context")]
    with pytest.raises(AssertionError) as error:
        run([sys.executable, "-m", "seldon_infra.cli.main", *words], tmp_path)
    assert "requirements 'numpy==1.0.0': no versions that fit server 'seldon-python'" in str(error.value)
    assert "you require numpy==1.0.0 and numpy==" in str(error.value)
    assert not (tmp_path / "context").exists()
