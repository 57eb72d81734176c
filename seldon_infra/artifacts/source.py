"""Where a model is: what each kind of store says of its files, and how they are read."""

from __future__ import annotations

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


def scheme_of(uri: str) -> str:
    """Give the scheme of a store's URI, nothing for a path: MLflow's ``models:/`` has one slash, all others two."""
    if uri.startswith("models:/"):
        return "models"
    return uri.partition("://")[0] if "://" in uri else ""
