"""The judgement of a model: its files are judged once for each content and each list of names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any

from seldon_infra.artifacts import judge
from seldon_infra.artifacts.files import ModelFile, files_of
from seldon_infra.artifacts.judge import content
from seldon_infra.artifacts.judge.finding import Finding
from seldon_infra.artifacts.remembered import remembered


def judged(path: Path, kind: str, trusted: Iterable[str] = ()) -> list[Finding]:
    """Find all that is wrong with a model's files.

    Args:
        path: the model's file or folder.
        kind: of the server that loads them.
        trusted: names that are accepted as well.

    Raises:
        ModelNotFound: there is no file.
        NotPermitted: a link leads out of the model's folder.
    """
    names = sorted(trusted)
    return [finding for file in files_of(path) for finding in _of_file(file, kind, names)]


def _of_file(file: ModelFile, kind: str, trusted: list[str]) -> list[Finding]:
    def read() -> list[list[str | None]]:
        return [list(astuple(finding)) for finding in content.judge([file], kind, trusted)]

    what = " ".join(("judged", _rules(), kind, file.name, *trusted))
    found: Any = remembered(file.path, what, read)
    return [Finding(*each) for each in found]


@cache
def _rules() -> str:
    """Digest of the judge's own code: what another version of it has said counts for nothing."""
    whole = hashlib.sha256()
    for folder in judge.__path__:
        for file in sorted(Path(folder).glob("*.py")):
            whole.update(file.read_bytes())
    return whole.hexdigest()[:16]
