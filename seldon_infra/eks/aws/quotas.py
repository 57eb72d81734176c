"""Which quota the vCPUs of an instance type count against.

Source: AWS's guide "Amazon EC2 instance types", page "Amazon EC2 instance type quotas", of late 2025, with every name
and code. All of P6 counts as P on demand. At spot prices that page has quotas for P2 to P4 and for P5 and none for P6;
what others have written disagrees, so nothing is said of it. Nor of families that serve no models (F, X, HPC, high
memory).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class VcpuQuota:
    """A quota of Service Quotas for EC2, in vCPUs."""

    code: str
    name: str


_STANDARD = frozenset({"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"})
_ON_DEMAND = {
    "standard": VcpuQuota("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
    "g": VcpuQuota("L-DB2E81BA", "Running On-Demand G and VT instances"),
    "p": VcpuQuota("L-417A185B", "Running On-Demand P instances"),
    "inf": VcpuQuota("L-1945791B", "Running On-Demand Inf instances"),
    "trn": VcpuQuota("L-2C3B7624", "Running On-Demand Trn instances"),
    "dl": VcpuQuota("L-6E869C2A", "Running On-Demand DL instances"),
}
_SPOT = {
    "standard": VcpuQuota("L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests"),
    "g": VcpuQuota("L-3819A6DF", "All G and VT Spot Instance Requests"),
    "p": VcpuQuota("L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests"),
    "p5": VcpuQuota("L-C4BD4855", "All P5 Spot Instance Requests"),
    "inf": VcpuQuota("L-B5D1601B", "All Inf Spot Instance Requests"),
    "trn": VcpuQuota("L-6B0D517C", "All Trn Spot Instance Requests"),
    "dl": VcpuQuota("L-85EED4F7", "All DL Spot Instance Requests"),
}
_FAMILY = re.compile(r"([a-z]+)(\d+)")


def on_demand(instance_type: str) -> VcpuQuota | None:
    """The quota of machines that are paid for by the second; None where none is known."""
    family = _FAMILY.match(instance_type)
    return _ON_DEMAND.get(_kind(family[1])) if family else None


def spot(instance_type: str) -> VcpuQuota | None:
    """The quota of machines at spot prices; None where none is known, as for P6."""
    family = _FAMILY.match(instance_type)
    if family is None:
        return None
    if family[1] == "p" and int(family[2]) > 4:
        return _SPOT.get(f"p{family[2]}")
    return _SPOT.get(_kind(family[1]))


def _kind(letters: str) -> str:
    if letters in _STANDARD:
        return "standard"
    return "g" if letters in ("gr", "vt") else letters
