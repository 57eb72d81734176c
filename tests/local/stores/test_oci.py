"""Models of a registry of images: a real registry, as anybody, with a password, and with a token."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.listing import StoreNotReached
from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.artifacts.spec import OciStorage
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from tests.local.stores.servers import HTPASSWD, PASSWORD, READER, registry
from tests.unit.artifacts.test_registry import serving

pytestmark = pytest.mark.local

WEIGHTS = {"model.joblib": b"weights", "labels/names.txt": b"a b c"}
TITLE = "org.opencontainers.image.title"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
BASIC = {"Authorization": "Basic " + b64encode(f"{READER}:{PASSWORD}".encode()).decode()}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packed(files: dict[str, bytes], *links: tuple[str, str]) -> bytes:
    """A compressed archive of some files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return made.getvalue()


def sent(url: str, method: str, body: bytes, headers: dict[str, str]) -> Any:
    return urlopen(Request(url, data=body, method=method, headers=headers), timeout=30)


def blob(host: str, name: str, content: bytes, login: dict[str, str]) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = sent(f"http://{host}/v2/{name}/blobs/uploads/", "POST", b"", login).headers["Location"]
    sent(f"{place}&digest={digest}", "PUT", content, {"Content-Type": "application/octet-stream", **login})
    return {"digest": digest, "size": len(content)}


def push(
    host: str, name: str, tag: str, layers: list[tuple[bytes, str, dict[str, str]]], login: dict[str, str] | None = None
) -> str:
    """Push a manifest with its layers, and give its digest."""
    login = login or {}
    config = {"mediaType": "application/vnd.oci.empty.v1+json", **blob(host, name, b"{}", login)}
    said = [
        {"mediaType": kind, "annotations": notes, **blob(host, name, content, login)} for content, kind, notes in layers
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": said}
    return put(host, name, tag, MANIFEST, manifest, login)


def put(host: str, name: str, tag: str, kind: str, manifest: object, login: dict[str, str]) -> str:
    url, text = f"http://{host}/v2/{name}/manifests/{tag}", json.dumps(manifest).encode()
    return str(sent(url, "PUT", text, {"Content-Type": kind, **login}).headers["Docker-Content-Digest"])


def found(uri: str, storage: OciStorage) -> stores.Found:
    return stores.resolve(uri, Path("/nowhere"), store_settings(storage))


def files(model: stores.Found) -> dict[str, bytes]:
    there = (file for file in model.path.rglob("*") if file.is_file())
    return {file.relative_to(model.path).as_posix(): file.read_bytes() for file in there}


WAYS = {
    "files by their titles": [
        (content, "application/octet-stream", {TITLE: name}) for name, content in WEIGHTS.items()
    ],
    "a folder that oras has packed": [(packed(WEIGHTS), LAYER, {TITLE: "m", "io.deis.oras.content.unpack": "true"})],
    "a kit with code beside the model": [
        (packed(WEIGHTS), "application/vnd.kitops.modelkit.model.v1.tar+gzip", {}),
        (packed({"train.py": b"code"}), "application/vnd.kitops.modelkit.code.v1.tar+gzip", {}),
    ],
    "an image with its model in /models": [
        (packed({"bin/sh": b"shell"}, ("lib", "usr/lib")), LAYER, {}),
        (packed({f"models/{name}": content for name, content in WEIGHTS.items()}), LAYER, {}),
    ],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_model_is_the_same_however_it_is_packed_and_as_the_folder_that_was_pushed(
    host: str, way: str, tmp_path: Path
) -> None:
    digest = push(host, "acme/iris", "1", WAYS[way])
    storage = OciStorage(registry=host)
    model = found(f"oci://{host}/acme/iris:1", storage)
    assert files(model) == WEIGHTS
    for name, content in WEIGHTS.items():
        (tmp_path / "iris" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "iris" / name).write_bytes(content)
    assert model.digest == stores.resolve(str(tmp_path / "iris"), tmp_path).digest
    assert found(f"oci://{host}/acme/iris@{digest}", storage).digest == model.digest


def test_another_content_under_the_same_tag_is_another_digest(host: str) -> None:
    storage = OciStorage(registry=host)
    push(host, "acme/moved", "1", [(b"one", "application/octet-stream", {TITLE: "model.bin"})])
    first = found(f"oci://{host}/acme/moved:1", storage)
    push(host, "acme/moved", "1", [(b"two", "application/octet-stream", {TITLE: "model.bin"})])
    assert found(f"oci://{host}/acme/moved:1", storage).digest != first.digest


def test_of_an_image_for_several_platforms_the_first_is_read(host: str) -> None:
    digest = push(host, "acme/many", "one", WAYS["an image with its model in /models"])
    one = {"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [one]}
    size = int(
        urlopen(Request(f"http://{host}/v2/acme/many/manifests/one", headers={"Accept": MANIFEST})).headers[
            "Content-Length"
        ]
    )
    index["manifests"] = [{**one, "size": size}]
    put(host, "acme/many", "all", INDEX, index, {})
    assert files(found(f"oci://{host}/acme/many:all", OciStorage(registry=host))) == WEIGHTS


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ((b"1", "application/octet-stream", {TITLE: "../../x"}), "would climb out of the model's folder"),
        ((packed({"models/../../x": b"1"}), LAYER, {}), "would climb out of the model's folder"),
        ((packed({"models/a": b"1"}, ("models/b", "/etc/passwd")), LAYER, {}), "is a link or a device"),
    ],
)
def test_what_would_be_written_elsewhere_is_refused(host: str, layer: Any, said: str, cache: Path) -> None:
    push(host, "acme/hostile", "1", [layer])
    with pytest.raises(NotPermitted, match=said):
        found(f"oci://{host}/acme/hostile:1", OciStorage(registry=host))
    assert not [file for file in cache.rglob("*") if file.is_file() and file.name != ".lock"]


def test_an_archive_that_unpacks_to_far_more_than_it_is_ends_there(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seldon_infra.artifacts.unpacked.FREE_BYTES", 1000)
    push(host, "acme/bomb", "1", [(packed({"models/a": b"0" * 10_000_000}), LAYER, {})])
    with pytest.raises(NotPermitted, match="unpacks to more than 200 times its size"):
        found(f"oci://{host}/acme/bomb:1", OciStorage(registry=host))


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([], "holds nothing"),
        ([(packed({"bin/sh": b"shell"}), LAYER, {})], "an image must have it in /models"),
        ([(gzip.compress(b"no archive"), LAYER, {})], "is no archive that can be read"),
    ],
)
def test_an_image_without_a_model_is_named(host: str, layers: Any, said: str) -> None:
    push(host, "acme/none", "1", layers)
    with pytest.raises(ModelNotFound, match=said):
        found(f"oci://{host}/acme/none:1", OciStorage(registry=host))


def test_what_is_not_in_the_registry_is_named(host: str) -> None:
    with pytest.raises(ModelNotFound, match="holds nothing"):
        found(f"oci://{host}/acme/absent:1", OciStorage(registry=host))


def test_a_registry_of_this_machine_that_no_storage_names_is_not_asked(host: str) -> None:
    with pytest.raises(NotPermitted, match="is an address of this machine"):
        stores.resolve(f"oci://{host}/acme/iris:1", Path("/nowhere"))
    named = [store_settings(OciStorage(registry="ghcr.io/acme"))]
    assert settings_for("oci://ghcr.io/acme/iris:1", named)
    assert settings_for("oci://ghcr.io/acme-else/iris:1", named) is None
    assert settings_for(f"oci://{host}/acme/iris:1", named) is None


def test_a_password_is_asked_for_and_sent(tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    with registry(tmp_path, {"htpasswd": {"realm": "models", "path": str(tmp_path / "htpasswd")}}) as host:
        push(host, "acme/iris", "1", WAYS["files by their titles"], BASIC)
        uri = f"oci://{host}/acme/iris:1"
        assert files(found(uri, OciStorage(registry=host, username=READER, password=PASSWORD))) == WEIGHTS
        with pytest.raises(NotPermitted, match="wants credentials; write OciStorage"):
            found(uri, OciStorage(registry=host))
        with pytest.raises(NotPermitted) as said:
            found(uri, OciStorage(registry=host, username=READER, password="not-to-be-seen"))
        assert "not-to-be-seen" not in str(said.value)


class Tokens(BaseHTTPRequestHandler):
    """Gives whoever knows the password a token for what is asked for, as a registry's own server does."""

    key: ClassVar[Any] = generate_private_key(SECP256R1())

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization") == BASIC["Authorization"]
        self.send_response(200 if allowed else 401)
        self.end_headers()
        kind, name, actions = parse_qs(urlsplit(self.path).query)["scope"][0].split(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        now = int(time.time())
        claims = {"iss": "tokens", "aud": "models", "sub": READER, "nbf": now - 60, "exp": now + 300, "access": access}
        token = jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "one"})
        self.wfile.write(json.dumps({"token": token}).encode() if allowed else b"{}")

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_token_is_fetched_from_where_the_registry_says(tmp_path: Path) -> None:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(Tokens.key.public_key())) | {"kid": "one", "alg": "ES256"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public]}))
    with serving(Tokens) as tokens:
        auth = {"token": {"realm": f"http://{tokens}/token", "service": "models", "issuer": "tokens",
                          "jwks": str(tmp_path / "keys.json"), "signingalgorithms": ["ES256"]}}  # fmt: skip
        with registry(tmp_path, auth) as host:
            pushing = Request(f"http://{tokens}/token?scope=repository:acme/iris:pull,push", headers=BASIC)
            token = json.loads(urlopen(pushing, timeout=30).read())["token"]
            push(host, "acme/iris", "1", WAYS["files by their titles"], {"Authorization": f"Bearer {token}"})
            uri = f"oci://{host}/acme/iris:1"
            assert files(found(uri, OciStorage(registry=host, username=READER, password=PASSWORD))) == WEIGHTS
            assert files(found(uri, OciStorage(registry=host, token=token))) == WEIGHTS
            with pytest.raises(NotPermitted):
                found(uri, OciStorage(registry=host))


class Elsewhere(BaseHTTPRequestHandler):
    """A registry that sends whoever reads to somebody else with their password, or hands out something else."""

    def do_GET(self) -> None:
        if "/locked/" in self.path:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="http://10.1.2.3/token",service="x"')
            self.end_headers()
            return
        layer = {"mediaType": "application/octet-stream", "digest": f"sha256:{'0' * 64}", "size": 5}
        manifest = {"layers": [{**layer, "annotations": {TITLE: "model.bin"}}]}
        body = json.dumps(manifest).encode() if "/manifests/" in self.path else b"wrong"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_password_is_not_sent_where_the_registry_points_in_the_clear() -> None:
    with serving(Elsewhere) as host, pytest.raises(NotPermitted, match="which is not encrypted"):
        found(f"oci://{host}/locked/iris:1", OciStorage(registry=host, username=READER, password=PASSWORD))


def test_a_layer_that_is_not_what_its_digest_says_is_no_model() -> None:
    with serving(Elsewhere) as host, pytest.raises(StoreNotReached, match="is not what its digest says"):
        found(f"oci://{host}/acme/iris:1", OciStorage(registry=host))
