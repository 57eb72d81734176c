"""Fetches models from stores into a folder of the user's cache, once for each state of their listings.

Credentials are those of the definition's storage; without any, those of whoever runs Pulumi.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

from seldon_infra.artifacts import web
from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.buckets import Bucket
from seldon_infra.artifacts.judge.paths import climbs
from seldon_infra.artifacts.listing import StoreNotReached
from seldon_infra.artifacts.mlflow_registry import Version
from seldon_infra.artifacts.oci import Registry
from seldon_infra.artifacts.source import Item, Listed, Settings, Source
from seldon_infra.artifacts.unpacked import unpack
from seldon_infra.core.errors import LimitReached, ModelNotFound, NotPermitted
from seldon_infra.core.file_lock import held

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "http", "https", "hf", "oci", "models")
"""Schemes that are fetched, beside those of the definition's own storages."""
_LONGEST = 3600.0
_NAMED = slice(7, 23)
"""The digits of a listing's digest that name its folder in the cache."""
HUB = "https://huggingface.co"


def fetch(uri: str, settings: Settings | None, cache: Path, most: int | None = None) -> Path:
    """Give a folder with what a URI leads to.

    Args:
        uri: what is fetched.
        settings: of its store.
        cache: where fetched models are kept.
        most: bytes up to which it is fetched; None sets no bound.

    Raises:
        LimitReached: it is larger than `most`.
        ModelNotFound: nothing is there, or it cannot be kept as files.
        NotPermitted: the store refuses, or its address may not be asked.
        StoreNotReached: there is no answer.
        PartNotFound: obstore is not installed.
    """
    return fetch_listed(listed(uri, settings), cache, most)


def fetch_listed(there: Listed, cache: Path, most: int | None = None) -> Path:
    """Give a folder with what has been listed; the store is asked for no listing again. Raises what `fetch` raises."""
    uri = there.uri
    folder = cache / "models" / _hash(uri, *_whereabouts(there.settings or {})) / there.digest[_NAMED]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(folder.parent / ".lock", f"'{shown(uri)}'", _LONGEST, _say):
            if not folder.exists():
                _fill(folder, there, _Bound(shown(uri), most))
    except OSError as error:
        raise ModelNotFound(f"'{shown(uri)}' cannot be kept as files in {folder.parent}: {error.strerror}") from None
    return folder


def listed(uri: str, settings: Settings | None) -> Listed:
    """List what a URI leads to; raises what `fetch` raises."""
    source = _source(uri, settings)
    items = sorted(source.items(), key=lambda item: item.name)
    _require_files(uri, items)
    return Listed(uri, settings, source, tuple(items))


class _Bound:
    """How much of a model may be fetched."""

    def __init__(self, uri: str, most: int | None) -> None:
        self.uri, self._most, self._written = uri, most, 0

    def require(self, size: int) -> None:
        """Refuse what is larger."""
        if self._most is not None and size > self._most:
            raise LimitReached(f"'{self.uri}' holds more than {self._most:,} bytes")

    def over(self, stream: BinaryIO) -> BinaryIO:
        """Give a stream that counts: of some files nobody says beforehand how large they are."""
        return cast("BinaryIO", _Counted(stream, self))

    def count(self, size: int) -> None:
        """Count what is written."""
        self._written += size
        self.require(self._written)


class _Counted:
    def __init__(self, stream: BinaryIO, bound: _Bound) -> None:
        self._stream, self._bound = stream, bound

    def write(self, piece: bytes) -> int:
        self._bound.count(len(piece))
        return self._stream.write(piece)


def _whereabouts(settings: Settings) -> list[str]:
    """Tell apart stores in which one URI leads to different things."""
    return [str(settings.get(name)) for name in ("endpoint", "account", "url")]


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _fill(folder: Path, there: Listed, bound: _Bound) -> None:
    """Fetch everything beside the folder's place, then put it there in one move."""
    bound.require(there.size)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".fetch-"))
    try:
        for item in there.items:
            file = temporary / item.name
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "wb") as stream:
                there.source.write(item, bound.over(stream))
            if item.size >= 0 and file.stat().st_size != item.size:
                raise StoreNotReached(f"'{bound.uri}': {item.name} broke off; run again")
            if item.packed is not None:
                unpack(file, temporary, item.packed, bound.uri, bound.over)
                file.unlink()
        _require_content(temporary, bound.uri)
        for other in folder.parent.iterdir():
            if other.is_dir() and other != temporary:
                shutil.rmtree(other, ignore_errors=True)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _require_content(folder: Path, uri: str) -> None:
    if not any(file.is_file() for file in folder.rglob("*")):
        raise ModelNotFound(f"'{uri}' holds no file of a model; an image must have it in /models")


def _require_files(uri: str, items: list[Item]) -> None:
    if not items:
        raise ModelNotFound(f"'{shown(uri)}' holds nothing; upload the model, or correct the URI")
    for item in items:
        if climbs(item.name):
            raise NotPermitted(f"'{shown(uri)}': the name '{item.name}' would climb out of the model's folder")


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _source(uri: str, settings: Settings | None) -> Source:
    scheme = uri.partition(":")[0]
    kind = str((settings or {}).get("kind") or scheme)
    if kind in ("http", "https"):
        return _Web(uri, settings or {})
    if kind == "hf":
        return _Hub(uri)
    if kind == "oci":
        return Registry(uri, settings or {})
    if kind == "models":
        return _of_version(Version(uri, settings or {}), (settings or {}).get("artifacts"))
    return Bucket(uri, kind, settings or {})


def _of_version(version: Version, artifacts: Settings | None) -> Source:
    """Give the source of a registered version's files; a file of the registry's own machine is none of this one."""
    place = version.registered().place
    if version.is_handed_out(place):
        return version.files(place)
    kind = place.partition(":")[0]
    if kind not in ("s3", "s3a", "gs"):
        why = f"its files are at {shown(place)}, which only the registry's own machine reads"
        raise ModelNotFound(f"'{version.uri}': {why}; start mlflow server with --serve-artifacts, or use a store")
    return Bucket(place, str((artifacts or {}).get("kind") or kind), artifacts or {})


class _Web:
    """One file of a web server."""

    def __init__(self, uri: str, settings: Settings) -> None:
        self._uri = uri
        self._headers: Mapping[str, str] = settings.get("headers") or {}
        self._named = tuple(str(settings[name]) for name in ("url",) if settings.get(name))

    def items(self) -> list[Item]:
        name = unquote(urlsplit(self._uri).path).rpartition("/")[2]
        if name in ("", "."):
            raise ModelNotFound(f"'{shown(self._uri)}' is no file; name one, such as an archive of the model")
        with web.answer(self._uri, self._headers, self._named, "HEAD") as said:
            mark = said.headers.get("ETag") or said.headers.get("Last-Modified")
            length = said.headers.get("Content-Length") or ""
        # Of what a server gives no mark nobody knows whether it has changed, so it is fetched each time.
        return [
            Item(name, self._uri, int(length) if length.isdecimal() else -1, mark or f"unmarked {os.urandom(8).hex()}")
        ]

    def write(self, item: Item, to: BinaryIO) -> None:
        web.save(item.place, self._headers, self._named, to)


class _Hub:
    """A repository of the Hugging Face hub, ``hf://ORG/NAME[@REVISION]``; HF_ENDPOINT and HF_TOKEN count.

    Source: huggingface_hub's ``constants.py`` and ``hf_api.py``.
    """

    def __init__(self, uri: str) -> None:
        self._uri, self._end = uri, os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
        self._repository, _, revision = uri.removeprefix("hf://").strip("/").partition("@")
        self._revision = revision or "main"
        token = os.environ.get("HF_TOKEN")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def items(self) -> list[Item]:
        url = f"{self._end}/api/models/{self._repository}/revision/{self._revision}"
        said = io.BytesIO()
        web.save(url, self._headers, (self._end,), said)
        try:
            found = json.loads(said.getvalue())
            commit, names = str(found["sha"]), [str(each["rfilename"]) for each in found["siblings"]]
        except (ValueError, KeyError, TypeError):
            raise StoreNotReached(f"'{self._uri}': {self._end} does not answer as a hub does") from None
        at = f"{self._end}/{self._repository}/resolve/{commit}"
        return [Item(name, f"{at}/{quote(name)}", -1, commit) for name in names if name != ".gitattributes"]

    def write(self, item: Item, to: BinaryIO) -> None:
        web.save(item.place, self._headers, (self._end,), to)
