"""Where a model is: what each kind of store says of its files, and how they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeAlias

Settings: TypeAlias = Mapping[str, Any]
"""A storage as plain values: its fields by name, and its ``kind``."""


@dataclass(frozen=True)
class Item:
    """A file of a store."""

    name: str
    """Its path below the URI."""
    place: str
    """Where its source has it."""
    size: int
    """Its bytes, -1 where its source does not say."""
    mark: str
    """What changes with its content: an ETag, a commit, a time."""
    packed: str | None = None
    """The folder in it that is the model, where it is a tar archive; empty for all of it."""


class Source(Protocol):
    """Where a model is."""

    def items(self) -> list[Item]:
        """List its files."""

    def write(self, item: Item, to: BinaryIO) -> None:
        """Write a file's content."""


@dataclass(frozen=True)
class Listed:
    """What a URI leads to, by its listing: nothing of it has been read."""

    uri: str
    settings: Settings | None
    """Of its store."""
    source: Source
    items: tuple[Item, ...]
    """Its files, by their names."""

    @property
    def size(self) -> int:
        """Bytes of all files together, as far as their source says them."""
        return sum(item.size for item in self.items if item.size > 0)

    @property
    def digest(self) -> str:
        """``sha256:`` over every file's name, size and mark: it changes when a file does, and is none of contents."""
        lines = "\n".join(f"{it.name}\0{it.size}\0{it.mark}" for it in self.items)
        return f"sha256:{hashlib.sha256(lines.encode('utf-8', 'surrogateescape')).hexdigest()}"


def scheme_of(uri: str) -> str:
    """Give the scheme of a store's URI, nothing for a path: MLflow's ``models:/`` has one slash, all others two."""
    if uri.startswith("models:/"):
        return "models"
    return uri.partition("://")[0] if "://" in uri else ""
