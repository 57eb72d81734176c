"""Folders and files of object stores, as obstore reads them: of S3, Google Cloud Storage and Azure Blob Storage."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from seldon_infra.artifacts.addresses import literal, why_not
from seldon_infra.artifacts.listing import MOST_FILES, refusal
from seldon_infra.artifacts.source import Item, Settings
from seldon_infra.core.errors import LimitReached, NotPermitted, PartNotFound

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SILENT, WHOLE = "10s", "3600s"
"""How long a store may be silent, and how long one answer of it may take."""
CHUNK = 2**22
_LOGINS = {
    "secret_access_key": "S3Storage(access_key_id=…, secret_access_key=…)",
    "service_account_json": "GcsStorage(service_account_json=…)",
    "anonymous": "GcsStorage(anonymous=True)",
    "key": "AzureStorage(key=…)",
    "sas_url": "AzureStorage(sas_url=…)",
}
"""Fields by which a storage logs in, as a definition has them."""


class Bucket:
    """A folder or a file of an object store."""

    def __init__(self, uri: str, kind: str, settings: Settings) -> None:
        self._uri, parts = uri, urlsplit(uri)
        self._path, self._login = unquote(parts.path).strip("/"), _login(settings)
        endpoint = _endpoint(settings)
        refused = why_not(endpoint, [endpoint])
        if refused:
            raise NotPermitted(f"'{uri}': endpoint '{endpoint}' of its storage {refused}")
        try:
            self._store = _object_store(kind, parts.netloc, settings)
        except ImportError:
            raise PartNotFound("obstore", "run: pip install 'seldon-infra[artifacts]'") from None
        except Exception as error:
            if self._login is None:
                raise refusal(self._uri, error) from None
            # What obstore says of it may repeat it.
            fix = f"copy it anew{f', and correct endpoint {endpoint!r}' if endpoint else ''}"
            raise NotPermitted(f"'{self._uri}': {self._login} of its storage has not the form of one; {fix}") from None

    def items(self) -> list[Item]:
        """List the files, or the one that the URI names."""
        import obstore

        try:
            found = list(self._below())
            return found or [_item(obstore.head(self._store, self._path), self._path.rpartition("/")[0])]
        except Exception as error:
            raise refusal(self._uri, error, self._login) from None

    def _below(self) -> Iterator[Item]:
        import obstore

        prefix = f"{self._path}/" if self._path else ""
        count = 0
        for batch in obstore.list(self._store, prefix or None, chunk_size=1000):
            for each in batch:
                count += 1
                if count > MOST_FILES:
                    raise ValueError(f"it holds more than {MOST_FILES} files")
                if each["path"].startswith(prefix) and (each["size"] or not each["path"].endswith("/")):
                    yield _item(each, self._path)

    def write(self, item: Item, to: BinaryIO) -> None:
        """Write a file's content."""
        import obstore

        try:
            for piece in obstore.get(self._store, item.place).stream(min_chunk_size=CHUNK):
                to.write(piece)
        except LimitReached:
            raise
        except Exception as error:
            raise refusal(self._uri, error, self._login) from None


def _item(said: Mapping[str, Any], root: str) -> Item:
    place = str(said["path"])
    name = place.removeprefix(root).strip("/") if root else place
    return Item(name, place, int(said["size"]), str(said.get("e_tag") or said.get("last_modified")))


def _object_store(kind: str, bucket: str, settings: Settings) -> ObjectStore:
    """Make the client of one bucket; what is not said comes from the environment of whoever runs Pulumi."""
    from obstore import store

    plain = (_endpoint(settings) or os.environ.get("AWS_ENDPOINT_URL") or "").startswith("http://")
    waits: Any = {"timeout": WHOLE, "connect_timeout": SILENT, "read_timeout": SILENT, "allow_http": plain}
    retries: Any = {"max_retries": 2}
    match kind:
        case "s3" | "s3a":
            return store.S3Store(bucket, config=_s3(settings), client_options=waits, retry_config=retries)
        case "gs":
            return store.GCSStore(bucket, config=_gcs(settings), client_options=waits, retry_config=retries)
        case _:
            return store.AzureStore(bucket, config=_azure(settings), client_options=waits, retry_config=retries)


def _login(settings: Settings) -> str | None:
    """Give the fields by which a storage logs in, None where it leaves that to this machine."""
    return next((fields for name, fields in _LOGINS.items() if settings.get(name)), None)


def _endpoint(settings: Settings) -> str:
    """Give the address that a storage names itself: its own field, that in a key file, or that of a signed URL."""
    if settings.get("sas_url"):
        return _of_signed(str(settings["sas_url"]))[1]
    try:
        said = json.loads(str(settings.get("service_account_json") or "{}"))
    except ValueError:
        said = None
    base = said.get("gcs_base_url") if isinstance(said, dict) else None
    return str(settings.get("endpoint") or base or "")


def _of_signed(url: str) -> tuple[str, str]:
    """Give account and endpoint of a signed URL; an emulator has the account in the path, clouds in the host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost" or literal(host):
        account = parts.path.strip("/").partition("/")[0]
        return account, f"{parts.scheme}://{parts.netloc}/{account}"
    return host.partition(".")[0], f"{parts.scheme}://{parts.netloc}"


def _s3(settings: Settings) -> Any:
    fields = ("access_key_id", "secret_access_key", "session_token", "region", "endpoint")
    given = {name: settings[name] for name in fields if settings.get(name)}
    asked = given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return {**given, "region": asked or "us-east-1"}


def _gcs(settings: Settings) -> Any:
    said = {"service_account_key": settings.get("service_account_json"), "base_url": settings.get("endpoint")}
    given = {name: value for name, value in said.items() if value}
    return {**given, "skip_signature": bool(settings.get("anonymous"))}


def _azure(settings: Settings) -> Any:
    url = str(settings.get("sas_url") or "")
    account, endpoint = _of_signed(url) if url else (None, None)
    named = {
        "account_name": settings.get("account") or account,
        "account_key": settings.get("key"),
        "sas_key": urlsplit(url).query,
        # Not every cloud of Azure's is at core.windows.net.
        "endpoint": endpoint or settings.get("endpoint"),
    }
    return {name: value for name, value in named.items() if value}
