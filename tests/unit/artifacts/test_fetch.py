"""Models of stores: a bucket of a real S3 server in this process, and web servers of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.buckets import Bucket, _azure
from seldon_infra.artifacts.fetch import fetch
from seldon_infra.artifacts.listing import StoreNotReached, refusal
from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.artifacts.spec import AzureStorage, GcsStorage, HttpStorage, S3Storage
from seldon_infra.core.errors import LimitReached, ModelNotFound, NotPermitted
from tests.aws.moto_server import moto_server
from tests.unit.artifacts.test_registry import serving

FILES = {"iris/model.joblib": b"weights", "iris/labels/names.txt": b"a b c", "iris2/other.txt": b"other"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as address:
        yield f"http://{address}"


@pytest.fixture
def bucket(endpoint: str) -> Iterator[Any]:
    """An empty bucket's client, and nothing left of it afterwards."""
    client = boto3.resource(
        "s3", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key="key", region_name="us-east-1"
    )
    made = client.create_bucket(Bucket="models")
    yield made
    made.objects.all().delete()
    made.delete()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def storage(endpoint: str) -> dict[str, Any]:
    return store_settings(S3Storage(access_key_id="id", secret_access_key="key", endpoint=endpoint, provider="Minio"))


def put(bucket: Any, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        bucket.put_object(Key=name, Body=content)


def found(uri: str, settings: Any = None) -> stores.Found:
    return stores.resolve(uri, Path("/nowhere"), settings)


def test_a_folder_of_a_bucket_is_the_same_model_as_the_folder_that_was_uploaded(
    bucket: Any, storage: dict[str, Any], tmp_path: Path
) -> None:
    put(bucket, FILES)
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    model = found("s3://models/iris", storage)
    assert model.digest == found(str(tmp_path / "iris")).digest == found("s3://models/iris/", storage).digest
    assert model.size == 12


def test_a_single_object_is_a_model(bucket: Any, storage: dict[str, Any]) -> None:
    put(bucket, FILES)
    model = found("s3://models/iris/model.joblib", storage)
    assert [file.name for file in model.path.iterdir()] == ["model.joblib"]


def test_the_digest_does_not_depend_on_the_order_of_uploads(bucket: Any, storage: dict[str, Any]) -> None:
    put(bucket, FILES)
    first = found("s3://models/iris", storage)
    bucket.objects.all().delete()
    put(bucket, dict(reversed(FILES.items())))
    assert found("s3://models/iris", storage).digest == first.digest


def test_changed_content_under_the_same_uri_is_another_digest_and_the_old_copy_goes(
    bucket: Any, storage: dict[str, Any], cache: Path
) -> None:
    put(bucket, FILES)
    first = found("s3://models/iris", storage)
    put(bucket, {"iris/model.joblib": b"Weights"})
    assert found("s3://models/iris", storage).digest != first.digest
    assert len(list((cache / "models").glob("*/[!.]*"))) == 1


def test_what_has_been_fetched_is_not_fetched_again(bucket: Any, storage: dict[str, Any]) -> None:
    put(bucket, FILES)
    first = found("s3://models/iris", storage)
    before = first.path.stat().st_ino
    assert found("s3://models/iris", storage).path.stat().st_ino == before


def test_a_uri_that_holds_nothing_is_named(bucket: Any, storage: dict[str, Any]) -> None:
    with pytest.raises(ModelNotFound, match="'s3://models/absent' holds nothing"):
        found("s3://models/absent", storage)


def test_a_bucket_that_is_not_there_is_told_apart_from_one_that_holds_nothing(storage: dict[str, Any]) -> None:
    with pytest.raises(ModelNotFound, match="'s3://missing/iris': there is no bucket or container 'missing'"):
        found("s3://missing/iris", storage)


def test_an_object_whose_name_climbs_out_is_refused(bucket: Any, storage: dict[str, Any], cache: Path) -> None:
    put(bucket, {"iris/..\\..\\x": b"1"})
    with pytest.raises(NotPermitted, match="climb"):
        found("s3://models/iris", storage)
    assert not list(cache.rglob("x"))


def test_a_store_that_does_not_answer_is_named_without_its_key() -> None:
    dead = S3Storage(access_key_id="id", secret_access_key="not-to-be-seen", endpoint="http://127.0.0.1:1")
    with pytest.raises(StoreNotReached) as said:
        found("s3://models/iris", store_settings(dead))
    assert "not-to-be-seen" not in str(said.value)


def test_a_store_that_does_not_permit_is_told_apart_from_one_that_holds_nothing(web: str) -> None:
    given = S3Storage(access_key_id="id", secret_access_key="not-to-be-seen", endpoint=f"{web}/denied")
    with pytest.raises(
        NotPermitted, match=r"'s3://models/iris' may not be read with the credentials of its storage"
    ) as it:
        found("s3://models/iris", store_settings(given))
    assert "not-to-be-seen" not in str(it.value)


def test_a_signature_in_a_url_is_not_repeated() -> None:
    error = OSError("Error performing GET https://a.blob.core.windows.net/c?sv=1&sig=not-to-be-seen in 1s")
    assert str(refusal("azure://c/m", error)) == (
        "'azure://c/m': Error performing GET https://a.blob.core.windows.net/c in 1s"
    )
    with pytest.raises(NotPermitted) as said:
        found("http://127.0.0.1/m?sig=not-to-be-seen")
    assert "not-to-be-seen" not in str(said.value)


def test_a_key_file_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(NotPermitted, match=r"'gs://models/iris': GcsStorage\(service_account_json=…\) of its") as said:
        found("gs://models/iris", store_settings(GcsStorage(service_account_json='{"private_key": "not-to-be-seen"}')))
    assert "not-to-be-seen" not in str(said.value)


def test_a_bucket_of_googles_is_read_by_the_interface_that_its_store_shares_with_s3(
    bucket: Any, endpoint: str, storage: dict[str, Any]
) -> None:
    for name, content in FILES.items():
        bucket.put_object(Key=name, Body=content, ACL="public-read")
    # As an emulator's key file has it; obstore lists and reads by Google's XML API.
    key = {"gcs_base_url": endpoint, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    given = store_settings(GcsStorage(service_account_json=json.dumps(key)))
    assert found("gs://models/iris", given).digest == found("s3://models/iris", storage).digest
    with pytest.raises(ModelNotFound, match="'gs://models/absent' holds nothing"):
        found("gs://models/absent", given)


@pytest.mark.parametrize(
    ("url", "account", "endpoint"),
    [
        ("https://acme.blob.core.windows.net/?sv=1&sig=s", "acme", "https://acme.blob.core.windows.net"),
        ("https://acme.blob.core.chinacloudapi.cn/models?sig=s", "acme", "https://acme.blob.core.chinacloudapi.cn"),
        (
            "http://127.0.0.1:10000/devstoreaccount1?sig=s",
            "devstoreaccount1",
            "http://127.0.0.1:10000/devstoreaccount1",
        ),
    ],
)
def test_a_signed_url_says_which_cloud_of_azures_it_is_of(url: str, account: str, endpoint: str) -> None:
    given = store_settings(AzureStorage(sas_url=url))
    asked = _azure(given)
    assert (asked["account_name"], asked["endpoint"]) == (account, endpoint)


@pytest.mark.parametrize(
    "given",
    [
        AzureStorage(sas_url="http://169.254.169.254/account?sig=not-to-be-seen"),
        GcsStorage(service_account_json='{"gcs_base_url": "http://169.254.169.254", "private_key": "not-to-be-seen"}'),
    ],
)
def test_no_kind_of_storage_leads_to_a_metadata_service(given: Any) -> None:
    with pytest.raises(NotPermitted, match="is a cloud's metadata service") as said:
        found("gs://models/iris" if isinstance(given, GcsStorage) else "azure://models/iris", store_settings(given))
    assert "not-to-be-seen" not in str(said.value)


def test_an_endpoint_that_is_a_metadata_service_is_refused() -> None:
    with pytest.raises(NotPermitted, match=r"endpoint 'http://169.254.169.254' of its storage is a cloud's metadata"):
        found("s3://models/iris", store_settings(S3Storage(endpoint="http://169.254.169.254")))


def test_names_that_no_folder_can_hold_at_once_are_one_message(bucket: Any, storage: dict[str, Any]) -> None:
    put(bucket, {"iris/a": b"1", "iris/a/b": b"2"})
    with pytest.raises(ModelNotFound, match="'s3://models/iris' cannot be kept as files"):
        found("s3://models/iris", storage)


def test_an_object_that_is_larger_than_its_listing_said_is_not_fetched_beyond_the_bound(
    bucket: Any, storage: dict[str, Any], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, {"iris/model.bin": b"12345678"})
    listed = Bucket.items
    monkeypatch.setattr(Bucket, "items", lambda self: [replace(item, size=1) for item in listed(self)])
    with pytest.raises(LimitReached, match=r"'s3://models/iris' holds more than 4 bytes"):
        fetch("s3://models/iris", storage, cache, most=4)


def test_two_who_fetch_one_model_at_once_get_the_same_copy(bucket: Any, storage: dict[str, Any]) -> None:
    put(bucket, FILES)
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: found("s3://models/iris", storage), range(4)))
    assert len({(model.path, model.digest) for model in models}) == 1


class Server(BaseHTTPRequestHandler):
    """A web server that wants a header, moves, and speaks as the hub does."""

    content: ClassVar[bytes] = b"weights"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path
        if path == "/moved":
            return self.answer(302, b"", Location="/model.joblib")
        if path.startswith("/denied"):
            return self.answer(403, b"")
        if path == "/short":
            return self.answer(200, b"half", **{"Content-Length": "8"})
        if path == "/api/models/acme/none/revision/main":
            return self.answer(200, b"<html>")
        if path == "/inside":
            return self.answer(302, b"", Location="http://169.254.169.254/latest")
        if path == "/locked" and self.headers.get("Authorization") != "Bearer token":
            return self.answer(403, b"")
        if path == "/api/models/acme/iris/revision/main":
            files = [{"rfilename": name} for name in (".gitattributes", "config.json", "a/model.bin")]
            return self.answer(200, json.dumps({"sha": "c0ffee", "siblings": files}).encode())
        if path in ("/model.joblib", "/locked") or path.startswith("/acme/iris/resolve/c0ffee/"):
            return self.answer(200, self.content, ETag=f'"{hash(self.content)}"')
        return self.answer(404, b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with serving(Server) as host:
        yield f"http://{host}"


def web_storage(web: str, **headers: str) -> dict[str, Any]:
    return store_settings(HttpStorage(url=f"{web}/", headers=headers))


def test_a_file_of_a_web_server_is_a_model_also_where_it_is_moved(web: str) -> None:
    assert found(f"{web}/model.joblib", web_storage(web)).size == 7
    assert found(f"{web}/moved", web_storage(web)).size == 7


def test_a_changed_file_of_a_web_server_is_another_digest(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = found(f"{web}/model.joblib", web_storage(web))
    monkeypatch.setattr(Server, "content", b"others!")
    assert found(f"{web}/model.joblib", web_storage(web)).digest != first.digest


def test_credentials_of_a_web_server_are_headers(web: str) -> None:
    with pytest.raises(NotPermitted, match="wants other credentials"):
        found(f"{web}/locked", web_storage(web))
    assert found(f"{web}/locked", web_storage(web, Authorization="Bearer token")).size == 7


def test_a_header_that_none_may_be_is_refused_and_not_repeated(web: str) -> None:
    with pytest.raises(NotPermitted, match="line break") as said:
        found(f"{web}/locked", web_storage(web, Authorization="Bearer not-to-be-seen\n"))
    assert "not-to-be-seen" not in str(said.value)


def test_a_file_that_breaks_off_is_no_model(web: str, cache: Path) -> None:
    with pytest.raises(StoreNotReached, match=r"/short' broke off"):
        found(f"{web}/short", web_storage(web))
    assert not [file for file in cache.rglob("short") if file.is_file()]


def test_a_server_of_this_machine_that_no_storage_names_is_not_asked(web: str) -> None:
    with pytest.raises(NotPermitted, match="is an address of this machine"):
        found(f"{web}/model.joblib")


def test_a_server_that_sends_on_to_a_metadata_service_is_refused(web: str) -> None:
    with pytest.raises(NotPermitted, match="metadata service"):
        found(f"{web}/inside", web_storage(web))


def test_a_repository_of_the_hub_is_fetched_at_one_commit(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", web)
    model = found("hf://acme/iris")
    assert sorted(file.relative_to(model.path).as_posix() for file in model.path.rglob("*") if file.is_file()) == [
        "a/model.bin",
        "config.json",
    ]
    with pytest.raises(ModelNotFound):
        found("hf://acme/iris@absent")
    with pytest.raises(StoreNotReached, match="does not answer as a hub does"):
        found("hf://acme/none")


def test_each_uri_finds_the_storage_of_its_scheme() -> None:
    named = [store_settings(each) for each in (S3Storage(scheme="minio"), GcsStorage(), AzureStorage(), S3Storage())]
    kinds = {
        uri: (settings_for(uri, named) or {}).get("kind") for uri in ("minio://b/m", "gs://b/m", "azure://b/m", "m")
    }
    assert kinds == {"minio://b/m": "s3", "gs://b/m": "gs", "azure://b/m": "azure", "m": None}


def test_headers_are_for_the_server_that_their_storage_names() -> None:
    named = [store_settings(HttpStorage(url="https://models.acme.io/"))]
    assert settings_for("https://models.acme.io/iris", named) is not None
    assert settings_for("https://elsewhere.io/iris", named) is None
