"""The rule about licences: what is under BSL-1.1 is an explicit choice, for images and charts alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)\Z", re.ASCII)


def licence_problems(path: str, what: str, version: str | None, licence: str, last: str) -> Iterator[Problem]:
    """Find a version that is later than the last one under Apache-2.0, where nobody accepted the other licence.

    Args:
        path: the user's object.
        what: the field's name in the message: ``SklearnServer version``.
        version: the version that is asked for; None is the default, which is under Apache-2.0.
        licence: the terms that the definition accepts.
        last: the last version under Apache-2.0.
    """
    if version is None:
        return
    if not is_version(version):
        yield Problem(path, f"{what} '{version}'", "must be three numbers", f"write version='{last}'")
    elif licence != "BSL-1.1" and numbers(version) > numbers(last):
        yield Problem(
            path,
            f"{what} '{version}' is under BSL-1.1, whose use in production has to be paid for",
            f"must be at most {last}, the last under Apache-2.0, unless you accept that licence",
            f"write version='{last}', or licence='BSL-1.1' if you have one",
        )


def is_version(text: str) -> bool:
    """Tell whether a text is a version of three numbers."""
    return _VERSION.match(text) is not None


def numbers(version: str) -> tuple[int, ...]:
    """Give a version's numbers, which compare as versions do."""
    return tuple(int(number) for number in version.split("."))
