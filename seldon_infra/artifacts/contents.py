"""Which contents a model has, as far as they can be told without reading more than is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.artifacts.fetch import fetch_listed
from seldon_infra.core.errors import LimitReached

if TYPE_CHECKING:
    from seldon_infra.artifacts.source import Listed

BY_LISTING = "listing-"
"""Begins the digest of a model that is too large to be read: it says no more than its listing."""


def contents_of(there: Listed, cache: Path, most: int) -> str:
    """Give the digest of what has been listed: of its contents up to a size, beyond it of the listing.

    Raises what `fetch` raises, but for LimitReached.
    """
    try:
        return digest_of(fetch_listed(there, cache, most))[0]
    except LimitReached:
        return by_listing(there)


def by_listing(there: Listed) -> str:
    """Give the digest of a model of which nothing was read."""
    return f"{BY_LISTING}{there.digest}"
