"""What a store holds under a URI: by a server that speaks as S3 does."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest

from seldon_infra.artifacts.fetch import listed
from seldon_infra.artifacts.listing import StoreNotReached
from seldon_infra.artifacts.source import Listed
from seldon_infra.clusters.models import in_words, look_up, models_of
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from tests.unit.artifacts.test_registry import serving
from tests.unit.graph.check.build import NODE, of_node

OBJECTS = {"iris/model.joblib": b"12345", "iris/MLmodel": b"1", "other/model.bst": b"1"}


class Bucket(BaseHTTPRequestHandler):
    """Answers ListObjectsV2 and HEAD of one bucket; another one is forbidden."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        prefix = parse_qs(parts.query).get("prefix", [""])[0]
        if parts.path.strip("/") != "models":
            return self.answer(403, "<Error><Code>AccessDenied</Code></Error>")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size><ETag>&quot;{hash(body)}&quot;</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, body in sorted(OBJECTS.items())
            if key.startswith(prefix)
        )
        return self.answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def do_HEAD(self) -> None:
        body = OBJECTS.get(self.path.removeprefix("/models/"))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("ETag", '"1"')
        self.end_headers()

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(Bucket) as host:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield


def look(uri: str) -> Listed:
    return listed(uri, None)


@pytest.mark.usefixtures("store")
def test_a_folder_of_a_bucket_is_counted_and_its_neighbours_are_not() -> None:
    found = look("s3://models/iris")
    assert (len(found.items), found.size) == (2, 6)
    assert look("s3://models/iris/").digest == found.digest != look("s3://models/other").digest


@pytest.mark.usefixtures("store")
def test_a_single_file_is_one() -> None:
    found = look("s3://models/iris/model.joblib")
    assert (len(found.items), found.size) == (1, 5)


@pytest.mark.usefixtures("store")
def test_nothing_and_forbidden_are_told_apart() -> None:
    with pytest.raises(ModelNotFound, match="holds nothing"):
        look("s3://models/none")
    with pytest.raises(NotPermitted, match="may not be read with the credentials of this machine"):
        look("s3://secret/iris")


@pytest.mark.usefixtures("store")
def test_models_of_a_deployment_are_said_missing_or_with_their_digest() -> None:
    there = look_up([*models_of(of_node(model_uri="s3://models/iris"))])
    ((model, listing),) = there.there.items()
    assert in_words(model, listing).startswith(f"{NODE}: 's3://models/iris' is 2 files, 6 bytes, listed as sha256:")
    assert (there.findings, there.skipped) == ((), ())
    (missing,) = look_up([*models_of(of_node(model_uri="s3://models/none"))]).findings
    assert str(missing.problem) == (
        f"{NODE}: model_uri 's3://models/none' holds nothing, by the credentials of this machine, must lead to a "
        "model; upload the model, or correct the URI"
    )
    (skipped,) = look_up([*models_of(of_node(model_uri="s3://secret/iris"))]).skipped
    assert skipped.check == "models"


def test_remotes_of_rclone_and_what_comes_later_are_passed_over() -> None:
    assert not [*models_of(of_node(model_uri="minio:models/iris")), *models_of(of_node(model_uri="https://acme.com/m"))]


@pytest.mark.usefixtures("store")
def test_the_digest_changes_with_a_file_and_not_with_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    before = look("s3://models/iris").digest
    assert look("s3://models/iris").digest == before
    monkeypatch.setitem(OBJECTS, "iris/model.joblib", b"54321")
    assert look("s3://models/iris").digest != before


def test_a_store_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(StoreNotReached, match="s3://models/iris"):
        look("s3://models/iris")
