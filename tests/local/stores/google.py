"""Google's way of logging in, before fake-gcs-server, which lets everybody in: service accounts sign for themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.artifacts.test_registry import serving

ACCOUNT = "reader@acme.iam.gserviceaccount.com"
TOKEN = "canary-of-an-access-token"
_PASSED_ON = ("Content-Type", "ETag", "Last-Modified", "X-Goog-Generation", "X-Goog-Hash")


class _Front(BaseHTTPRequestHandler):
    """Gives tokens for what the account's key has signed, and hands on what comes with a token or is so signed."""

    key: ClassVar[RSAPrivateKey]
    store: ClassVar[str]
    tokens_given: ClassVar[int]

    def do_POST(self) -> None:
        said = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if not self._is_signed(said["assertion"][0]):
            return self._answer(401, b'{"error": "invalid_grant"}', {})
        type(self).tokens_given += 1
        body = json.dumps({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}).encode()
        return self._answer(200, body, {"Content-Type": "application/json"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token != TOKEN and not self._is_signed(token):
            return self._answer(401, b"<Error><Code>AuthenticationRequired</Code></Error>", {})
        try:
            with urlopen(Request(f"{self.store}{self.path}", method=self.command), timeout=30) as said:
                return self._answer(said.status, said.read(), said.headers)
        except HTTPError as error:
            return self._answer(error.code, error.read(), error.headers)

    def _is_signed(self, text: str) -> bool:
        try:
            claims = jwt.decode(text, self.key.public_key(), algorithms=["RS256"], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            return False
        return bool(claims["iss"] == ACCOUNT)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name in _PASSED_ON:
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", headers.get("Content-Length") or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def google(store: str) -> Iterator[tuple[str, type[_Front]]]:
    """Serve a store behind a login; give its URL, and what counts the tokens."""
    told = {"key": generate_private_key(65537, 2048), "store": store, "tokens_given": 0}
    front = type("Front", (_Front,), told)
    with serving(front) as host:
        yield f"http://{host}", front


def key_file(url: str, key: RSAPrivateKey) -> str:
    """Give the text of the account's key file, whose tokens come from `url`."""
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps({
        "type": "service_account", "project_id": "acme", "client_email": ACCOUNT, "client_id": "1",
        "private_key_id": "one", "private_key": text, "token_uri": f"{url}/token",
    })  # fmt: skip


def make_bucket(store: str, name: str) -> None:
    """Make an empty bucket."""
    _post(f"{store}/storage/v1/b", json.dumps({"name": name}).encode())


def put(store: str, bucket: str, files: Mapping[str, bytes]) -> None:
    """Put objects into a bucket."""
    for name, content in files.items():
        _post(f"{store}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}", content)


def _post(url: str, content: bytes) -> None:
    urlopen(Request(url, data=content, headers={"Content-Type": "application/json"}), timeout=30).close()
