"""docs/artifacts.md: what it quotes is said, its commands sign what is verified, and its table is what is fetched."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.artifacts.fetch import SCHEMES
from seldon_infra.artifacts.signed import unsigned
from seldon_infra.graph.check import check, check_local
from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import SklearnServer
from seldon_infra.settings import settings_of
from seldon_infra.targets.local_files import hostile_files, other_files, unsigned_files
from tests.unit.artifacts.judge.written import called_in_protocol_4

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text()
QUOTED = re.findall(r"^    (SeldonDeployment .*)$", PAGE, re.MULTILINE)
COMMANDS = re.findall(r"^    ((?:openssl|model_signing) .*)$", PAGE, re.MULTILINE)


def deployment(uri: str, signed_by: str | None = None, model_digest: str | None = None) -> SeldonDeployment:
    node = Model(name="m", server=SklearnServer(), model_uri=uri, signed_by=signed_by, model_digest=model_digest)
    return SeldonDeployment(name="d", namespace="ns", protocol="v2", predictors=[Predictor(name="main", graph=node)])


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder in which the page's commands have been run, as they stand."""
    model = tmp_path / "models" / "iris"
    model.mkdir(parents=True)
    (tmp_path / "keys").mkdir()
    (model / "model.joblib").write_bytes(b"weights")
    (model / ".gitattributes").write_text("*.joblib filter=lfs")
    for line in COMMANDS:
        program, *words = shlex.split(line)
        start = [sys.executable, "-m", program] if program == "model_signing" else [program]
        subprocess.run([*start, *words], cwd=tmp_path, check=True, timeout=600, capture_output=True)
    return tmp_path


def test_the_stack_that_is_shown_is_right() -> None:
    (text,) = re.findall(r"```python file=stacks/local.py\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    with settings_of("local", {"storeKey": "v1:sealed"}.get):
        exec(compile(text, "page", "exec"), names)
    (shown,) = names["stack"].deployments
    assert check_local(shown) == []


def test_the_address_that_is_refused_is_refused_in_these_words() -> None:
    (said,) = check(deployment("http://10.1.2.3/model"))
    assert str(said) == QUOTED[0]


def test_other_content_than_was_pinned_is_refused_in_these_words(tmp_path: Path) -> None:
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "models" / "m" / "model.joblib").write_bytes(b"weights")
    pinned = deployment("models/m", model_digest="sha256:" + "0a" * 32)
    (said,) = other_files(pinned, tmp_path)
    assert re.sub(r"(sha256:.{4})[0-9a-f]{60}", r"\1…", str(said)) == QUOTED[1]


def test_the_hostile_file_is_refused_in_these_words(tmp_path: Path) -> None:
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "models" / "m" / "model.joblib").write_bytes(called_in_protocol_4("os", "system"))
    (said,) = hostile_files(deployment("models/m"), tmp_path)
    assert str(said) == QUOTED[2]


def test_the_commands_sign_what_is_verified_and_what_is_added_is_refused_in_these_words(signed: Path) -> None:
    (signed / "models" / "iris").rename(signed / "models" / "m")
    assert unsigned(signed / "models" / "m", signed / "keys" / "maker.pub") == []
    (signed / "models" / "m" / "more.pkl").write_bytes(b"1")
    (said,) = unsigned_files(deployment("models/m", "keys/maker.pub"), signed)
    assert str(said) == QUOTED[3]


def test_the_table_has_the_schemes_that_are_fetched() -> None:
    shown = set(re.findall(r"`([a-z0-9]+)://?[A-Z]", PAGE))
    assert shown - {"file"} == set(SCHEMES) - {"s3a", "az", "http"}
