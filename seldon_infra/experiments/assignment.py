"""Which arm of an experiment a key belongs to: the same everywhere, for good, and by itself.

The algorithm is published, so that any program can say who was in which arm:

1. Write the experiment's salt, a zero byte and the key as UTF-8.
2. Take SHA-256 of it, and of that the first 8 bytes as a whole number, most significant byte first.
3. Drop the lowest 11 of the 64 bits and divide by 2**53: the key's point, from 0 up to but not 1.
4. The key belongs to arm b where its point is below b's share, else to arm a.

So where b's share grows, keys move from a to b alone, and where it shrinks, back. Another salt is another throw of the
dice: experiments do not know of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

A, B = 0, 1
"""Arms, as numbers of a router's children."""
_UNIT_BYTES = 16
_WRAPPED = ("string_param", "int64_param", "bool_param", "double_param", "uint64_param")
"""How protocol v2 wraps a parameter in gRPC; over REST it is the value itself."""


def point(salt: str, key: str) -> float:
    """Give the place of a key between 0 and 1."""
    return (int.from_bytes(_digest(salt, key)[:8], "big") >> 11) / (1 << 53)


def arm_of(salt: str, key: str, share_b: float) -> int:
    """Give the arm of a key, ``A`` or ``B``; ``share_b`` is from 0 to 1."""
    return B if point(salt, key) < share_b else A


def unit_of(salt: str, key: str) -> bytes:
    """Give what stands for a key in records, from which nobody reads the key."""
    return _digest(salt, key)[-_UNIT_BYTES:]


def key_in(message: object, path: str) -> str | None:
    """Find a key in a request by a path of names and indices with dots between: ``parameters.user``."""
    found = message
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, Sequence) and not isinstance(found, str) and step.isdecimal():
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    if isinstance(found, Mapping) and len(found) == 1:
        found = next((found[name] for name in _WRAPPED if name in found), None)
    return as_key(found)


def as_key(value: object) -> str | None:
    """Write a value as a key, a number the same whichever transport it came by; None where it can be none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    return value.strip() or None if isinstance(value, str) else None


def _digest(salt: str, key: str) -> bytes:
    return sha256(f"{salt}\0{key}".encode("utf-8", "surrogatepass")).digest()
