"""Which files are a model's: those below its folder, and nothing that a link outside of it leads to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seldon_infra.core.errors import ModelNotFound, NotPermitted


@dataclass(frozen=True)
class ModelFile:
    """A file of a model."""

    name: str
    """Its path in the model."""
    path: Path
    """Where it is."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """Open it, to be read."""
        return open(self.path, "rb")


def files_of(path: Path) -> Iterator[ModelFile]:
    """Give every file of a model, in a fixed order.

    Raises:
        ModelNotFound: it holds no file.
        NotPermitted: a link leads out of the model's folder.
    """
    if path.is_file():
        yield ModelFile(path.name, path)
        return
    if not path.is_dir():
        raise ModelNotFound(f"{path} is neither a file nor a folder")
    root = path.resolve()
    found = {name: file for name, file in _below(path) if _is_content(file, root)}
    if not found:
        raise ModelNotFound(f"{path} holds no file; train the model or correct the path")
    yield from (ModelFile(name, file) for name, file in sorted(found.items()))


def _below(path: Path) -> Iterator[tuple[str, Path]]:
    def fail(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(path, onerror=fail):
        folders[:] = [name for name in folders if name != "__pycache__"]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in files + links:
            file = Path(folder) / name
            yield file.relative_to(path).as_posix(), file


def _is_content(file: Path, root: Path) -> bool:
    """Tell whether a file's content is part of the model; what would lead out of its folder, or nowhere, is refused."""
    if file.is_symlink():
        try:
            leads_to = file.resolve(strict=True)
        except (OSError, RuntimeError):
            raise NotPermitted(f"{file} is a link that leads nowhere; remove it or copy what it leads to") from None
        if not leads_to.is_relative_to(root):
            raise NotPermitted(f"{file} is a link that leads out of the model's folder; copy what it leads to")
        if leads_to.is_dir():
            raise NotPermitted(f"{file} is a link to a folder; copy what it leads to")
    return file.is_file()
