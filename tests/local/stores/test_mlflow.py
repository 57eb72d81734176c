"""Models of MLflow's registry: a real one, whose server hands out the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.render import store_settings
from seldon_infra.artifacts.spec import MlflowStorage
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from tests.local.stores.servers import mlflow
from tests.unit.artifacts.test_registry import serving

pytestmark = pytest.mark.local

FILES = {"MLmodel": b"flavors: {}", "sub/weights.bin": b"weights"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry with two versions of `iris`, the first of which is its champion."""
    with mlflow(tmp_path_factory.mktemp("mlflow")) as url:
        asked(url, "registered-models/create", name="iris")
        register(url, FILES)
        register(url, {**FILES, "sub/weights.bin": b"others!"})
        asked(url, "registered-models/alias", name="iris", alias="champion", version="1")
        yield url


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))


def asked(url: str, what: str, **body: str) -> Any:
    text = json.dumps(body).encode()
    request = Request(f"{url}/api/2.0/mlflow/{what}", data=text, headers={"Content-Type": "application/json"})
    return json.loads(urlopen(request, timeout=60).read())


def register(url: str, files: dict[str, bytes]) -> None:
    run = asked(url, "runs/create", experiment_id="0")["run"]["info"]
    folder = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for name, content in files.items():
        place = f"{url}/api/2.0/mlflow-artifacts/artifacts/{folder}/model/{name}"
        urlopen(Request(place, data=content, method="PUT"), timeout=60).close()
    source = f"{run['artifact_uri']}/model"
    asked(url, "model-versions/create", name="iris", source=source, run_id=run["run_id"])


def found(uri: str, url: str, **fields: Any) -> stores.Found:
    return stores.resolve(uri, Path("/nowhere"), store_settings(MlflowStorage(tracking_uri=url, **fields)))


def test_a_version_is_the_same_model_as_the_folder_that_was_registered(server: str, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / name).write_bytes(content)
    digest = stores.resolve(str(tmp_path / "model"), tmp_path).digest
    assert found("models:/iris/1", server).digest == digest
    assert found("models:/iris@champion", server).digest == digest
    assert found("models:/iris/2", server).digest != digest


def test_an_alias_that_is_moved_is_another_model(server: str) -> None:
    asked(server, "registered-models/alias", name="iris", alias="moved", version="1")
    first = found("models:/iris@moved", server)
    asked(server, "registered-models/alias", name="iris", alias="moved", version="2")
    assert found("models:/iris@moved", server).digest == found("models:/iris/2", server).digest != first.digest


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models:/iris/9", r"'models:/iris/9' is not in the registry http"),
        ("models:/absent/1", r"'models:/absent/1' is not in the registry http"),
        ("models:/iris@nobody", r"has no alias 'nobody' of 'iris'"),
        ("models:/iris", r"names no version, must be models:/NAME/VERSION or models:/NAME@ALIAS"),
        ("models:/iris/Production", r"names no version"),
    ],
)
def test_what_is_not_there_is_named(server: str, uri: str, said: str) -> None:
    with pytest.raises(ModelNotFound, match=said):
        found(uri, server)


def test_a_version_without_a_registry_says_what_to_write() -> None:
    with pytest.raises(ModelNotFound, match=r"write storage=\[MlflowStorage"):
        stores.resolve("models:/iris/1", Path("/nowhere"))


class Locked(BaseHTTPRequestHandler):
    """A registry behind a login, whose versions are on its own machine."""

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization") in ("Bearer token", "Basic YTpi")
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"artifact_uri": "file:///etc"}).encode() if allowed else b"")

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_login_is_a_token_or_a_name_with_a_password_and_files_of_the_registrys_machine_are_none() -> None:
    with serving(Locked) as host:
        for login in ({"token": "token"}, {"username": "a", "password": "b"}):
            with pytest.raises(ModelNotFound, match="its files are at file:///etc, which only the registry's own"):
                found("models:/iris/1", f"http://{host}", **login)
        with pytest.raises(NotPermitted, match="wants other credentials") as said:
            found("models:/iris/1", f"http://{host}", token="not-to-be-seen")
        assert "not-to-be-seen" not in str(said.value)
