"""Tags: the user's, and the marks by which a killed run is healed (framework.py says what those are for)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seldon_infra.provider.framework import Context

OWNER = "seldon:owner"
TOKEN = "seldon:token"
SETTLED = "seldon:settled"

Pairs = list[dict[str, str]]


def marks(context: Context) -> dict[str, str]:
    """The tags that an object gets in the very call that makes it."""
    return {OWNER: context.owner, TOKEN: context.token}


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
