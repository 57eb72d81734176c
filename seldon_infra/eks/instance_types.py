"""What a machine of EC2 has, by its instance type: a table, used where AWS is not asked.

The table is ``instance_types.csv``, whose first lines say where it is from and of when. A type that is not in it is no
mistake: what is not known is not judged.

Sources: of the table, there. Memory of GPUs: the least that nvidia-smi prints as total, which is less than the round
number of a data sheet, or what EC2 says where that is less. Profiles of MIG: NVIDIA's MIG user guide, "Supported MIG
Profiles", and NVIDIA's mig-parted for B300. Quotas: the EC2 user guide, "On-Demand Instance quotas".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

Quota: TypeAlias = Literal["Standard", "G and VT", "P", "Inf", "Trn", "X", "F", "DL", "HPC", "High Memory"]
"""Quotas of EC2 are numbers of vCPUs, one for each of these families of types."""

_QUOTAS: Mapping[str, Quota] = {
    **dict.fromkeys("acdhimrtz", "Standard"),
    **dict.fromkeys(("g", "gr", "vt"), "G and VT"),
    "im": "Standard",
    "is": "Standard",
    "p": "P",
    "inf": "Inf",
    "trn": "Trn",
    "x": "X",
    "f": "F",
    "dl": "DL",
    "hpc": "HPC",
    "u": "High Memory",
}
_MIG_SHARE = 0.88
"""Memory of a MIG device in parts of what its profile is named by: at least so much of ``10gb`` is there."""


@dataclass(frozen=True)
class Gpu:
    """A model of GPU."""

    name: str
    """As EC2 names it: ``A10G``."""
    memory_mib: int
    """Memory that programs find, in MiB: the least that NVML or EC2 says."""
    mig: Mapping[str, int] = field(hash=False)
    """Profiles that one can be divided by, each with how many devices that makes; none cannot be divided."""

    def mig_memory_mib(self, profile: str) -> int:
        """Memory of one MIG device, in MiB, at least."""
        found = re.search(r"\.(\d+)gb", profile)
        return int(int(found[1]) * 1024 * _MIG_SHARE) if found else self.memory_mib


@dataclass(frozen=True)
class InstanceType:
    """A type of machine."""

    name: str
    vcpus: int
    memory_mib: int
    """As EC2 says; what Linux finds is less."""
    pods: int
    """Pods that it has addresses for."""
    architecture: str
    """``x86_64`` or ``arm64``."""
    efa: bool
    """Whether it has a network for many machines that compute together."""
    gpus: int
    gpu: Gpu | None

    @property
    def quota(self) -> Quota | None:
        """The quota that its vCPUs count for."""
        return quota_of(self.name)


def _sevenths(small: int, double: int, half: int, whole: int) -> dict[str, int]:
    """Profiles of a GPU that comes apart in sevenths, by the memory of each in GB."""
    names = {f"1g.{small}gb": 7, f"1g.{double}gb": 4, f"2g.{double}gb": 3}
    return {**names, f"3g.{half}gb": 2, f"4g.{half}gb": 1, f"7g.{whole}gb": 1}


GPUS = (
    Gpu("T4", 15109, {}),
    Gpu("T4g", 15109, {}),
    Gpu("A10G", 22731, {}),
    Gpu("L4", 22888, {}),
    Gpu("L40S", 45776, {}),
    Gpu("V100", 16160, {}),
    Gpu("V100", 32510, {}),
    Gpu("A100", 40536, _sevenths(5, 10, 20, 40)),
    Gpu("A100", 81251, _sevenths(10, 20, 40, 80)),
    Gpu("H100", 81559, _sevenths(10, 20, 40, 80)),
    Gpu("H200", 143771, _sevenths(18, 35, 71, 141)),
    Gpu("B200", 183359, _sevenths(23, 45, 90, 180)),
    Gpu("B300", 275040, _sevenths(34, 67, 135, 269)),
    Gpu("RTX PRO 4500", 32623, {}),
    Gpu("RTX PRO Server 6000", 97887, {"1g.24gb": 4, "2g.48gb": 2, "4g.96gb": 1}),
)
"""Models, some in two sizes."""


def find(name: str) -> InstanceType | None:
    """Give what is known of a type; None of one that is not in the table."""
    return table().get(name)


@cache
def table() -> Mapping[str, InstanceType]:
    """All types of the table, small ones of a family first."""
    text = Path(__file__).with_suffix(".csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["type"]: _read(row) for row in rows}


def quota_of(name: str) -> Quota | None:
    """The quota that a type's vCPUs count for, by the letters that its name begins with."""
    found = re.match(r"[a-z]+", name)
    return _QUOTAS.get(found[0]) if found else None


def _read(row: Mapping[str, str]) -> InstanceType:
    return InstanceType(
        row["type"],
        vcpus=int(row["vcpus"]),
        memory_mib=int(row["memory_mib"]),
        pods=int(row["pods"]),
        architecture=row["architecture"],
        efa=row["efa"] == "yes",
        gpus=int(row["gpus"] or 0),
        gpu=_gpu(row["gpu"], int(row["gpu_memory_mib"])) if row["gpu"] else None,
    )


def _gpu(name: str, memory_mib: int) -> Gpu:
    """The model of a name in the size that is nearest to what EC2 says."""
    return min((it for it in GPUS if it.name == name), key=lambda it: abs(it.memory_mib - memory_mib))
