"""What went wrong in code of the user's: a traceback of the user's own frames, or the place of a syntax error.

The language host reads this file as well, in environments that may lack this package: the standard library only.
"""

from __future__ import annotations

import sysconfig
import traceback

LIBRARIES = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
"""Where what is installed lies."""


def report(error: BaseException, *hidden: str) -> str:
    """Say what an exception of the user's code was, without the frames of libraries and of files that begin so.

    >>> report(KeyError("colour"))
    "KeyError: 'colour'"
    """
    if isinstance(error, SyntaxError) and not str(error.filename).startswith(LIBRARIES):
        return "".join(traceback.format_exception_only(error)).rstrip()
    found = traceback.TracebackException.from_exception(error)
    _keep_user_frames(found, (*LIBRARIES, "<frozen ", *hidden))
    return "".join(found.format()).rstrip()


def _keep_user_frames(found: traceback.TracebackException | None, hidden: tuple[str, ...]) -> None:
    """Drop the frames of hidden files, unless nothing else is left."""
    if found is None:
        return
    frames = [frame for frame in found.stack if not frame.filename.startswith(hidden)]
    found.stack[:] = frames or found.stack
    _keep_user_frames(found.__cause__, hidden)
    _keep_user_frames(found.__context__, hidden)
