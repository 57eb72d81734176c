"""What rules about numbers and names share: a number's least and most, names that come twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.core.model import Later

MOST = 2**31 - 1


def below(path: str, field: str, value: Later[int] | Later[float] | None, least: int) -> Iterator[Problem]:
    """Refuse a number below the least that makes sense, or beyond what Kubernetes keeps whole numbers in."""
    number = known(value)
    if number is not None and number < least:
        yield Problem(path, f"{field} {number}", f"must be {least} or more", f"write {field}={least} or more")
    elif number is not None and number > MOST:
        yield Problem(path, f"{field} {number}", f"must be at most {MOST}", "write a smaller number")


def used_twice(names: Sequence[str]) -> list[str]:
    """Give names that come more than once, each once, in order."""
    return [name for name, times in Counter(names).items() if times > 1]
