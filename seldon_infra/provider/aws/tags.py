"""Tags: the user's, and the marks by which a killed run is healed (framework.py says what those are for)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from seldon_infra.provider.framework import Context

OWNER = "seldon:owner"
TOKEN = "seldon:token"
SETTLED = "seldon:settled"

Pairs = list[dict[str, str]]


def marks(context: Context) -> dict[str, str]:
    """The tags that an object gets in the very call that makes it."""
    return {OWNER: context.owner, TOKEN: context.token}


def name_with_marks(begin: str, tags: Mapping[str, str]) -> str:
    """The name of an object whose service can't look for tags: eight characters of the mark and eight of the token."""
    return f"{begin}{_end(tags)}"


def name_without_marks(name: str, tags: Mapping[str, str]) -> str:
    """What such a name begins with."""
    return name.removesuffix(_end(tags))


def names_of(owner: str) -> re.Pattern[str]:
    """Finds such names of one declaration."""
    return re.compile(f"-{re.escape(owner[:8])}[0-9a-f]{{8}}$")


def _end(tags: Mapping[str, str]) -> str:
    return f"-{tags.get(OWNER, '')[:8]}{tags.get(TOKEN, '')[:8]}"


def pairs(tags: Mapping[str, str]) -> Pairs:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def from_pairs(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as AWS lists them."""
    return {pair["Key"]: pair.get("Value", "") for pair in found}


def of_the_user(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags without our marks and without those that AWS sets itself."""
    return {key: value for key, value in tags.items() if not key.startswith(("seldon:", "aws:"))}


def changed(now: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What to set, and which keys to take away."""
    put = {key: value for key, value in wanted.items() if now.get(key) != value}
    return put, sorted(now.keys() - wanted.keys())
