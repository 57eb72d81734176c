"""Amounts as Kubernetes and Go write them: cpu ``500m``, memory ``16Gi``, a duration ``200ms``, a share ``50%``.

Each ``parse_…`` gives a number in one unit, or None where the text is not an amount: rules decide what to say about it.
"""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(
    r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,3})?\Z", re.ASCII
)
_SCALES = {
    "n": Decimal("0.000000001"),
    "u": Decimal("0.000001"),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|us|m|s))+\Z", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|m|s)", re.ASCII)
_SECONDS = {"h": Decimal(3600), "m": Decimal(60), "s": Decimal(1), "ms": Decimal("0.001"), "us": Decimal("0.000001")}
_PERCENT = re.compile(r"(\d{1,3})%\Z", re.ASCII)
_BINARY_STEPS = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")


def parse_quantity(text: str | int | float) -> Decimal | None:
    """Read an amount in its base unit (cores, bytes, pieces): ``500m`` is 0.5 and ``1Ki`` is 1024."""
    match = _QUANTITY.match(str(text))
    if match is None:
        return None
    sign, number, suffix = match.groups()
    amount = Decimal(f"{sign}{number}")
    if suffix and suffix not in _SCALES:
        return amount * Decimal(10) ** int(suffix[1:])
    return amount * _SCALES[suffix] if suffix else amount


def format_memory(size: int) -> str:
    """Write a number of bytes with the largest binary suffix that divides it: 1073741824 is ``1Gi``."""
    for suffix in _BINARY_STEPS:
        if size and size % int(_SCALES[suffix]) == 0:
            return f"{size // int(_SCALES[suffix])}{suffix}"
    return str(size)


def format_cpu(cores: Decimal) -> str:
    """Write a number of cores as Kubernetes does, in thousandths where needed: 0.5 is ``500m``."""
    whole = cores.to_integral_value()
    return str(int(whole)) if whole == cores else f"{int(cores * 1000)}m"


def parse_duration(text: str) -> Decimal | None:
    """Read a duration in seconds: ``1m30s`` is 90 and ``200ms`` is 0.2."""
    if _DURATION.match(text) is None:
        return None
    return sum((Decimal(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text)), Decimal(0))


def parse_percent(text: str) -> int | None:
    """Read a share: ``50%`` is 50."""
    match = _PERCENT.match(text)
    return int(match.group(1)) if match and int(match.group(1)) <= 100 else None
