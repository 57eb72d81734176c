"""The memory of a stack's processes, in which pages that several share are counted once."""

from __future__ import annotations

from pathlib import Path

from seldon_infra.runtime.processes import Processes


def megabytes(processes: Processes, *names: str) -> float:
    """Give the proportional set sizes of some processes and all their children together, in MB."""
    roots = {processes.state(record.id).pid for record in processes.all() if record.spec.name in names}
    return sum(_proportional(pid) for root in roots for pid in _with_children(root)) / 1000


def _with_children(pid: int) -> list[int]:
    below = [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]
    return [pid, *(each for child in below for each in _with_children(child))]


def _proportional(pid: int) -> int:
    """In kB. Source: proc_pid_smaps_rollup(5), Pss."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
