"""What listing a store may come to: which stores there are, how much they may hold, and how their refusals are told."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from seldon_infra.core.errors import ModelNotFound, NotPermitted, SeldonInfraError

SCHEMES = ("s3", "s3a", "gs", "az", "azure")
"""Object stores, which are read with the credentials of this machine where a definition gives none."""
_METADATA_HOST = "169.254.169.254"
"""Where clouds give a machine its role: it is asked last, when no credentials were found."""
_REFUSED, _ABSENT = re.compile(r"\b40[13] (Forbidden|Unauthorized)"), re.compile(r"\b404 Not Found")
"""A listing that is refused, or whose bucket is not there, has no error class of its own in obstore."""
_QUERY = re.compile(r"\?[^\s)\"']*")
MOST_FILES = 100_000
"""A model of more files is taken for a URI that leads to something else."""


class StoreNotReached(SeldonInfraError):
    """A store gave no answer, or none that says what it holds."""


def refusal(uri: str, error: Exception, field: str | None = None) -> SeldonInfraError:
    """Word what obstore raised, without what it was given to log in with: a signature may be part of a URL.

    Args:
        uri: of the model.
        error: what obstore raised.
        field: of the storage by which one logs in; None where the credentials are this machine's.
    """
    from obstore.exceptions import NotFoundError, PermissionDeniedError, UnauthenticatedError

    line = _QUERY.sub("", next(iter(str(error).splitlines()), type(error).__name__))
    if isinstance(error, NotFoundError | FileNotFoundError):
        return ModelNotFound(f"'{uri}' holds nothing")
    if _ABSENT.search(line):
        return ModelNotFound(f"'{uri}': there is no bucket or container '{urlsplit(uri).netloc}'")
    if _METADATA_HOST in line:
        return NotPermitted(f"'{uri}': this machine has no credentials for its store")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(line):
        whose = f"its storage; correct {field}" if field else "this machine"
        return NotPermitted(f"'{uri}' may not be read with the credentials of {whose}")
    return StoreNotReached(f"'{uri}': {line}")
