"""What listing a store may come to: which stores there are, how much they may hold, and how their refusals are told."""

from __future__ import annotations

import re

from seldon_infra.core.errors import ModelNotFound, NotPermitted, SeldonInfraError

SCHEMES = ("s3", "s3a", "gs", "az", "azure")
"""Object stores, which are read with the credentials of this machine where a definition gives none."""
_METADATA_HOST = "169.254.169.254"
"""Where clouds give a machine its role: it is asked last, when no credentials were found."""
_REFUSED = re.compile(r"\b40[13] (Forbidden|Unauthorized)")
"""A listing that is refused has no error class of its own in obstore."""
_QUERY = re.compile(r"\?[^\s)\"']*")
MOST_FILES = 100_000
"""A model of more files is taken for a URI that leads to something else."""


class StoreNotReached(SeldonInfraError):
    """A store gave no answer, or none that says what it holds."""


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
