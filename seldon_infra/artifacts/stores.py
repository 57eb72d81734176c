"""The only input and output of model files: resolve a URI, digest what it leads to, copy it by its digest.

The local target reads folders and files of this machine, and what is fetched from stores. Archives are not unpacked and
links are not followed out of the model's folder, so nothing outside it is ever read or written.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.artifacts.files import files_of
from seldon_infra.artifacts.source import Settings, scheme_of
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from seldon_infra.core.paths import cache_dir

DIGEST_CHARACTERS = 16
"""Hexadecimal digits of a digest that name a copy's folder: enough for any number of models of one stack."""
_TEMPORARY = ".copy-"


@dataclass(frozen=True)
class Found:
    """What a URI leads to."""

    path: Path
    digest: str
    """``sha256:`` and 64 hexadecimal digits over every file's path and content."""
    size: int
    """Bytes of all files together."""


def resolve(uri: str, project: Path, storage: Settings | None = None) -> Found:
    """Read what a URI leads to; what a store holds is fetched into the cache first.

    Args:
        uri: a path or a ``file:`` URI of one, relative to the project or absolute, or a store's URI.
        project: the folder that relative paths start from.
        storage: the store's settings, as plain values; without them those of the environment count.

    Raises:
        ModelNotFound: nothing is there, or the local target cannot read such a URI.
        NotPermitted: a file cannot be read, a link leads out of the model's folder, or a store refuses.
    """
    path = _fetched(uri, storage) or _path(uri, project)
    if not path.exists():
        raise ModelNotFound(f"'{uri}' leads to {path}, which does not exist; train the model or correct the path")
    try:
        return Found(path, *digest_of(path))
    except PermissionError as error:
        raise NotPermitted(f"'{uri}': {error.filename} cannot be read; change its mode") from None


def copy(found: Found, models: Path) -> Path:
    """Copy a model into ``models`` under its digest, and return the copy's folder.

    A copy that is there is kept, unless somebody has edited it: then it is made again. Only one at a time may copy.

    Raises:
        ModelNotFound: the model changed while it was being copied.
    """
    target = models / folder_name(found.digest)
    for rest in models.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(rest, ignore_errors=True)
    if digest_of_copy(models, found.digest) == found.digest:
        return target
    temporary = Path(tempfile.mkdtemp(dir=models, prefix=_TEMPORARY))
    try:
        _copy_files(found.path, temporary / "content")
        if digest_of(temporary / "content")[0] != found.digest:
            raise ModelNotFound(f"{found.path} changed while it was being copied; run again")
        if target.exists():
            os.replace(target, temporary / "edited")
        os.replace(temporary / "content", target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def digest_of_copy(models: Path, digest: str) -> str | None:
    """Digest of what is now in a copy's folder, None if it is gone."""
    target = models / folder_name(digest)
    try:
        return digest_of(target)[0] if target.exists() else None
    except (ModelNotFound, NotPermitted):
        # Somebody has put something into it that no model may hold.
        return "edited"


def folder_name(digest: str) -> str:
    """Name of a copy's folder."""
    return digest.removeprefix("sha256:")[:DIGEST_CHARACTERS]


def _fetched(uri: str, storage: Settings | None) -> Path | None:
    """Fetch what a store's URI leads to, None where it is no such URI."""
    scheme = scheme_of(uri)
    if storage is None and not scheme:
        return None
    # Most models are files, and need nothing of what speaks to stores.
    from seldon_infra.artifacts.fetch import SCHEMES, fetch

    if storage is None and scheme not in SCHEMES:
        return None
    return fetch(uri, storage, cache_dir())


def _path(uri: str, project: Path) -> Path:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ModelNotFound(f"'{uri}' names the host {parts.netloc}; write file:///PATH for a file of this machine")
        return project / unquote(parts.path)
    if "://" in uri:
        ways = "it reads files of this machine, s3://, gs://, azure://, https://, hf://, oci:// and models:/"
        way = "fetch the model and write its path"
        raise ModelNotFound(f"'{uri}': the local target does not read {parts.scheme}:; {ways}; {way}")
    return project / uri


def _copy_files(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for file in files_of(source):
        (target / file.name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(file.path, target / file.name)
