"""Platforms of images, asked of a registry on this machine that speaks the distribution protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from seldon_infra.artifacts import registry as module
from seldon_infra.artifacts.registry import Image, RegistryNotReached, platforms
from seldon_infra.core.errors import NotFound, NotPermitted

INDEX = {
    "manifests": [
        {"platform": {"os": "linux", "architecture": "amd64"}},
        {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"platform": {"os": "unknown", "architecture": "unknown"}},
    ]
}
SINGLE = {"config": {"digest": "sha256:c0"}}
CONFIG = {"os": "linux", "architecture": "arm64"}
PAGES: dict[str, Any] = {
    "/v2/acme/many/manifests/1": INDEX,
    "/v2/acme/many/manifests/sha256:aa": INDEX,
    "/v2/acme/one/manifests/latest": SINGLE,
    "/v2/acme/one/blobs/sha256:c0": CONFIG,
    "/v2/acme/odd/manifests/latest": {"schemaVersion": 1},
}


class Registry(BaseHTTPRequestHandler):
    """A registry whose repositories under ``/v2/open`` give everybody a token, as Docker's hub does."""

    def do_GET(self) -> None:
        if self.path.startswith("/token?"):
            return self.answer(200, {"token": "for-all"} if "acme" in self.path else {"token": ""})
        path = self.path.replace("/v2/open/", "/v2/acme/")
        if path != self.path and self.headers.get("Authorization") != "Bearer for-all":
            scope = "acme" if "private" not in path else "nobody"
            realm = f"http://{self.headers['Host']}/token"
            return self.answer(401, {}, f'Bearer realm="{realm}",service="registry",scope="repository:{scope}:pull"')
        return self.answer(200, PAGES[path]) if path in PAGES else self.answer(404, {"errors": []})

    def answer(self, status: int, body: Any, challenge: str = "") -> None:
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 60.0)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with serving(Registry) as host:
        yield host


@pytest.mark.parametrize(
    ("image", "built"),
    [
        ("acme/many:1", {"linux/amd64", "linux/arm64"}),
        ("acme/many@sha256:aa", {"linux/amd64", "linux/arm64"}),
        ("acme/one", {"linux/arm64"}),
        ("open/one:latest", {"linux/arm64"}),
    ],
)
def test_an_image_says_its_platforms(registry: str, image: str, built: set[str]) -> None:
    assert platforms(f"{registry}/{image}") == built


@pytest.mark.parametrize(
    ("image", "error", "said"),
    [
        ("acme/none:1", NotFound, "is not in registry 127.0.0.1"),
        ("open/private:1", NotPermitted, "wants credentials for open/private"),
        ("acme/odd", RegistryNotReached, "an answer that cannot be read"),
    ],
)
def test_what_a_registry_refuses_is_told_apart(registry: str, image: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        platforms(f"{registry}/{image}")


def test_a_registry_that_is_not_there_is_said() -> None:
    with pytest.raises(RegistryNotReached, match=r"cannot be reached: .*refused"):
        platforms("127.0.0.1:1/acme/one")


@pytest.mark.parametrize(
    ("name", "image", "url"),
    [
        ("python", ("docker.io", "library/python", "latest"), "https://registry-1.docker.io/v2/library/python"),
        ("seldonio/mlserver:1.4.0", ("docker.io", "seldonio/mlserver", "1.4.0"), "https://registry-1.docker.io/v2/seldonio/mlserver"),
        ("ghcr.io/acme/a/b:1@sha256:aa", ("ghcr.io", "acme/a/b", "sha256:aa"), "https://ghcr.io/v2/acme/a/b"),
        ("localhost:5000/a", ("localhost:5000", "a", "latest"), "http://localhost:5000/v2/a"),
    ],
)  # fmt: skip
def test_a_name_is_read_as_docker_reads_it(name: str, image: tuple[str, str, str], url: str) -> None:
    found = Image.of(name)
    assert (found.registry, found.repository, found.reference) == image
    assert found.url == url
