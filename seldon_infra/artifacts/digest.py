"""Digests of models: over every file's path and content, so that they are the same wherever the files lie."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from seldon_infra.artifacts.files import files_of
from seldon_infra.artifacts.judge.finding import Finding
from seldon_infra.artifacts.remembered import remembered

_MEND = "upload the files that were pinned, or pin those that are there once you know who changed them"


def digest_of(path: Path) -> tuple[str, int]:
    """Give a model's digest and the bytes of all its files; the folder's own name, times and modes do not count.

    Raises:
        ModelNotFound: there is no file.
        NotPermitted: a link leads out of the model's folder.
    """
    whole, size = hashlib.sha256(), 0
    for file in files_of(path):
        content = bytes.fromhex(remembered(file.path, "sha256", partial(_sha256, file.path)))
        whole.update(len(file.name).to_bytes(4, "big") + file.name.encode("utf-8", "surrogateescape") + content)
        size += file.size
    return f"sha256:{whole.hexdigest()}", size


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unlike(found: str, declared: str | None) -> list[Finding]:
    """Give the finding of a model that has another digest than the one that was declared."""
    if declared is None or found == declared:
        return []
    return [Finding("its digest", f"is {found}", f"must be the model_digest {declared}", mend=_MEND)]
