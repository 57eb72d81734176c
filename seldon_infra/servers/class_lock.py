"""The lock of what a user's class requires beside its server: each package with its hashes, by uv."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.core.errors import NotFound
from seldon_infra.servers.image import PYTHON, with_more
from seldon_infra.servers.install import failure, pins, program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seldon_infra.servers.entry import CatalogueEntry

_OPTIONS = ("--quiet", "--universal", "--python-version", PYTHON, "--generate-hashes", "--no-header", "--no-annotate")


def class_lock(entry: CatalogueEntry, requirements: Sequence[str], before: str = "") -> str:
    """Give a server's lock with what a class requires behind it; the server's own versions stay.

    Args:
        entry: the server's entry in the catalogue.
        requirements: what the class requires.
        before: an earlier lock, whose versions are taken again.

    Raises:
        NotFound: no versions fit; uv's own words say why.
        PartNotFound: there is no uv.
    """
    lock = entry.lock.read_text(encoding="utf-8")
    return with_more(lock, _compiled(entry, requirements, before)) if requirements else lock


def _compiled(entry: CatalogueEntry, requirements: Sequence[str], before: str) -> str:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        asked, constraints, lock = folder / "requirements.in", folder / "constraints.txt", folder / "lock"
        asked.write_text("\n".join(sorted(requirements)), encoding="utf-8")
        constraints.write_text("\n".join(pins(entry)), encoding="utf-8")
        lock.write_text(before, encoding="utf-8")
        files = ["--constraints", str(constraints), "--output-file", str(lock), str(asked)]
        command = [program(), "pip", "compile", *_OPTIONS, "--only-binary", ":all:", *files]
        said = failure("locking what the class requires", command, entry)
        if said:
            asks = ", ".join(f"'{each}'" for each in requirements)
            raise NotFound(f"requirements {asks}: no versions that fit server '{entry.name}'; change them:\n{said}")
        return lock.read_text(encoding="utf-8")
