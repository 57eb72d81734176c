"""Models of MLflow's registry: a real one, whose server hands out the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.render import store_settings
from seldon_infra.artifacts.spec import MlflowStorage
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from tests.aws.moto_server import moto_server
from tests.local.stores.servers import mlflow
from tests.unit.artifacts.test_registry import serving
from tests.unit.targets.program import Declared, declare

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


DEFINITION = """deployment(
    predictor(graph=Model(name="m", server=SklearnServer(), model_uri={uri!r})),
    storage=[MlflowStorage(tracking_uri={url!r}, artifacts=S3Storage(
        access_key_id="id", secret_access_key=secret("canary-of-a-key"), endpoint={endpoint!r}))],
)"""


@pytest.fixture(scope="module")
def stored(server: str) -> Iterator[str]:
    """The endpoint of a store with the files of two versions of `digits`, the first of which is in use."""
    with moto_server() as address:
        endpoint = f"http://{address}"
        keys = {"aws_access_key_id": "id", "aws_secret_access_key": "key", "region_name": "us-east-1"}
        bucket = boto3.resource("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="registry")
        asked(server, "registered-models/create", name="digits")
        for number in ("1", "2"):
            bucket.put_object(Key=f"digits/{number}/model.joblib", Body=number.encode())
            asked(server, "model-versions/create", name="digits", source=f"s3://registry/digits/{number}")
        asked(server, "registered-models/alias", name="digits", alias="prod", version="1")
        yield endpoint


def declared(folder: Path, url: str, endpoint: str, uri: str, *, preview: bool = True) -> Declared:
    text = DEFINITION.format(uri=uri, url=url, endpoint=endpoint)
    done = declare(text, "Kubernetes()", folder, preview=preview)
    assert "canary-of-a-key" not in done.said
    return done


def test_a_cluster_fetches_a_version_from_the_store_and_a_moved_alias_is_another_one(
    server: str, stored: str, tmp_path: Path
) -> None:
    digests = set()
    for version in ("1", "2"):
        asked(server, "registered-models/alias", name="digits", alias="prod", version=version)
        done = declared(tmp_path, server, stored, "models:/digits@prod")
        assert done.made, done.said
        (predictor,) = done.one("SeldonDeployment")["spec"]["predictors"]
        (pod,) = predictor["componentSpecs"]
        place = f"s3://registry/digits/{version}"
        assert predictor["graph"]["modelUri"] == place
        assert pod["spec"]["initContainers"][0]["args"][0] == place
        seen = pod["metadata"]["annotations"]
        assert seen["model-version.seldon-infra/m"] == version
        digests.add(seen["model-digest.seldon-infra/m"])
        assert "RCLONE_CONFIG_S3_ENDPOINT" in done.one("Secret")["data"]["value"]
    assert len(digests) == 2


def test_files_that_the_registrys_own_server_hands_out_are_out_of_pods_reach(
    server: str, stored: str, tmp_path: Path
) -> None:
    done = declared(tmp_path, server, stored, "models:/iris/1")
    assert "model 'm': model_uri 'models:/iris/1' is version 1, whose files are at mlflow-artifacts:/" in done.said
    assert "must be in a store that pods fetch from; keep the registry's artifacts in S3" in done.said
    assert done.made == []


def test_an_up_ends_where_nobody_has_ever_asked_the_registry(stored: str, tmp_path: Path) -> None:
    done = declared(tmp_path, "http://127.0.0.1:1", stored, "models:/digits@prod", preview=False)
    assert "model_uri 'models:/digits@prod' is at no known place, must be asked of its registry once" in done.said
