"""What a store holds under a model's URI, without reading any of it: how much, and a digest of the listing.

Credentials are those of whoever looks: the environment, a profile, the machine's role. It is obstore, an extra.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from seldon_infra.core.errors import ModelNotFound, NotPermitted, PartNotFound, SeldonInfraError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
"""Stores that obstore knows by a URI; rclone's own remotes have names that nobody else knows."""
SECONDS = "4s"
_METADATA_HOST = "169.254.169.254"
"""Where clouds give a machine its role: it is asked last, when no credentials were found."""
_REFUSED = re.compile(r"\b40[13] (Forbidden|Unauthorized)")
"""A listing that is refused has no error class of its own in obstore."""
_QUERY = re.compile(r"\?[^\s)\"']*")
MOST_FILES = 100_000
"""A model of more files is taken for a URI that leads to something else."""


class StoreNotReached(SeldonInfraError):
    """A store gave no answer, or none that says what it holds."""


@dataclass(frozen=True)
class Listing:
    """What is under a URI."""

    files: int
    size: int
    """Bytes of all files together."""
    digest: str
    """``sha256:`` over every file's path, size and ETag: it changes when a file does, and is no digest of contents."""


def look(uri: str) -> Listing:
    """List what a URI leads to, a folder or one file.

    Raises:
        PartNotFound: obstore is not installed.
        ModelNotFound: nothing is there.
        NotPermitted: the store does not let whoever looks.
        StoreNotReached: it gave no answer.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.exceptions import NotFoundError as MissingError
    except ImportError:
        raise PartNotFound("obstore", "run: pip install 'seldon-infra[cluster]'") from None
    try:
        found = _objects(uri)
    except (MissingError, FileNotFoundError):
        found = []
    except (BaseError, OSError, ValueError) as error:
        raise refusal(uri, error) from None
    if not found:
        raise ModelNotFound(f"'{uri}' holds nothing")
    return Listing(len(found), sum(it["size"] for it in found), _digest(found))


def refusal(uri: str, error: Exception, whose: str = "of this machine") -> SeldonInfraError:
    """Word what obstore raised, without what it was given to log in with: a signature may be part of a URL."""
    from obstore.exceptions import NotFoundError, PermissionDeniedError, UnauthenticatedError

    line = _QUERY.sub("", next(iter(str(error).splitlines()), type(error).__name__))
    if isinstance(error, NotFoundError | FileNotFoundError):
        return ModelNotFound(f"'{uri}' holds nothing")
    if _METADATA_HOST in line:
        return NotPermitted(f"'{uri}': this machine has no credentials for its store")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(line):
        return NotPermitted(f"'{uri}' may not be read with the credentials {whose}")
    return StoreNotReached(f"'{uri}': {line}")


def _objects(uri: str) -> list[Mapping[str, Any]]:
    import obstore

    found: list[Mapping[str, Any]] = []
    for batch in obstore.list(_store(uri.rstrip("/") + "/"), chunk_size=1000):
        found += [it for it in batch if it["size"] or not it["path"].endswith("/")]
        if len(found) > MOST_FILES:
            raise ValueError(f"it holds more than {MOST_FILES} files")
    parent, _, name = uri.rstrip("/").rpartition("/")
    return found or [obstore.head(_store(parent + "/"), name)]


def _store(uri: str) -> ObjectStore:
    from obstore import store

    # An endpoint of your own says by its address whether it speaks TLS.
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    waits = {"timeout": SECONDS, "connect_timeout": SECONDS, "allow_http": plain}
    # Each kind of store has an overload of its own, and the URI decides which.
    from_url: Any = store.from_url
    return cast("ObjectStore", from_url(uri, client_options=waits, retry_config={"max_retries": 0}))


def _digest(found: Iterable[Mapping[str, Any]]) -> str:
    whole = hashlib.sha256()
    for it in sorted(found, key=lambda it: str(it["path"])):
        line = f"{it['path']}\0{it['size']}\0{it.get('e_tag') or it.get('last_modified')}\0"
        whole.update(line.encode("utf-8", "surrogateescape"))
    return f"sha256:{whole.hexdigest()}"
