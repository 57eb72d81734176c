"""What fetches models on a cluster: a real rclone, told by the variables that are rendered and by nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from seldon_infra.artifacts.render import rclone_variables
from seldon_infra.artifacts.spec import AzureStorage, GcsStorage, HttpStorage, S3Storage, Storage
from tests.aws.moto_server import moto_server
from tests.local.stores import azure, google
from tests.local.stores.cloud import clouds
from tests.local.stores.servers import azurite, fake_gcs
from tests.unit.artifacts.test_registry import serving
from toolchain import rclone

pytestmark = pytest.mark.local

_RCLONE = rclone.program()
IMAGE = {"RCLONE_CONFIG_GS_TYPE": "google cloud storage", "RCLONE_CONFIG_GS_ANONYMOUS": "true", "RCLONE_VERBOSE": "1"}
"""What Seldon's image sets by itself. Source: components/rclone-storage-initializer/Dockerfile."""
FILES = {"iris/model.joblib": b"weights", "iris/labels/names of it.txt": b"a b c", "iris2/other.txt": b"other"}
MODEL = {"model.joblib": b"weights", "labels/names of it.txt": b"a b c"}
PUBLIC, GOVERNMENT = "acme.blob.core.windows.net", "acme.blob.core.usgovcloudapi.net"
HEADERS = {"Authorization": "Bearer canary-of-a-token"}
SECONDS = 600


@dataclass(frozen=True)
class Scene:
    """All stores with the same model in each, and the ways to log in."""

    right: Mapping[str, Storage]
    wrong: Mapping[str, Storage]
    environment: Mapping[str, str]

    def copied(self, storage: Storage, to: Path) -> subprocess.CompletedProcess[str]:
        """Do what the init container does."""
        base = storage.url if isinstance(storage, HttpStorage) else f"{storage.scheme}://models/"
        environment = {**IMAGE, **self.environment, "HOME": str(to.parent), **rclone_variables([storage])}
        # The image lets rclone try thrice; what it says is the same after one.
        command = [str(_RCLONE), "copy", f"{base}iris", str(to), "--retries", "1"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


class _Web(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(401) if self.headers["Authorization"] != HEADERS["Authorization"] else super().do_GET()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("stores")
    for name, content in FILES.items():
        (folder / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "web" / name).write_bytes(content)
    with ExitStack() as running:
        s3 = f"http://{running.enter_context(moto_server())}"
        blobs = running.enter_context(azurite(folder / "azurite", azure.ACCOUNTS))
        buckets = running.enter_context(fake_gcs(folder / "gcs"))
        login, front = running.enter_context(google.google(buckets))
        web = running.enter_context(serving(type("Web", (_Web,), {"__init__": _below(folder / "web")})))
        ports = {name: int(urlsplit(blobs).port or 0) for name in (PUBLIC, GOVERNMENT)}
        ports["storage.googleapis.com"] = int(urlsplit(login).port or 0)
        environment = running.enter_context(clouds(folder, ports))
        fill(s3, blobs, buckets)
        signed = f"{blobs}/{azure.ACME}?{azure.signed(azure.ACME, 'rl')}"
        minio = partial(S3Storage, access_key_id="id", endpoint=s3, provider="Minio")
        acme = partial(AzureStorage, account=azure.ACME)
        yield Scene(
            {
                "S3, a key": minio(secret_access_key="key", session_token="token"),
                "Azure, a key": acme(key=azure.ACME_KEY),
                "Azure, a key in another cloud": acme(key=azure.ACME_KEY, endpoint=f"https://{GOVERNMENT}"),
                "Azure, a signed URL": AzureStorage(sas_url=signed),
                "Azure, an emulator": AzureStorage(
                    account=azure.EMULATED, key=azure.EMULATED_KEY, endpoint=f"{blobs}/{azure.EMULATED}"
                ),
                "Google, a key file": GcsStorage(service_account_json=google.key_file(login, front.key)),
                "the web, a header": HttpStorage(url=f"http://{web}/", headers=HEADERS),
            },
            {
                "Azure, another key": acme(key="bm90LXRvLWJlLXNlZW4="),
                "Google, another key": GcsStorage(
                    service_account_json=google.key_file(login, generate_private_key(65537, 2048))
                ),
                "Google, nobody": GcsStorage(anonymous=True),
            },
            environment,
        )
        # What a server of moto's holds, all of one process hold.
        bucket(s3).objects.all().delete()
        bucket(s3).delete()


def _below(folder: Path) -> object:
    return lambda self, *words: SimpleHTTPRequestHandler.__init__(self, *words, directory=str(folder))


def bucket(s3: str) -> Any:
    return boto3.resource(
        "s3", endpoint_url=s3, aws_access_key_id="id", aws_secret_access_key="key", region_name="us-east-1"
    ).Bucket("models")


def fill(s3: str, blobs: str, buckets: str) -> None:
    bucket(s3).create()
    for name, content in FILES.items():
        bucket(s3).put_object(Key=name, Body=content)
    for account in azure.ACCOUNTS:
        azure.make_container(blobs, account, "models")
        azure.put(blobs, account, "models", FILES)
    google.make_bucket(buckets, "models")
    google.put(buckets, "models", FILES)


@pytest.mark.parametrize(
    "way",
    [
        "S3, a key",
        "Azure, a key",
        "Azure, a key in another cloud",
        "Azure, a signed URL",
        "Azure, an emulator",
        "Google, a key file",
        "the web, a header",
    ],
)
def test_rclone_copies_a_model_with_the_variables_of_its_storage(scene: Scene, way: str, tmp_path: Path) -> None:
    done = scene.copied(scene.right[way], tmp_path / "models")
    assert done.returncode == 0, done.stderr
    there = (file for file in (tmp_path / "models").rglob("*") if file.is_file())
    assert {file.relative_to(tmp_path / "models").as_posix(): file.read_bytes() for file in there} == MODEL


@pytest.mark.parametrize("way", ["Azure, another key", "Google, another key", "Google, nobody"])
def test_rclone_is_refused_where_the_storage_has_not_the_right_key(scene: Scene, way: str, tmp_path: Path) -> None:
    assert scene.copied(scene.wrong[way], tmp_path / "models").returncode != 0
