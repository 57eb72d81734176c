"""Rules about GPUs of a Triton node: its instances run where GPUs are, and fit into their memory together.

Kubernetes counts GPUs; how many instances share one, and how much each takes, stands in Triton's configuration alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from seldon_infra.core.model import is_later, known
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import format_memory, parse_quantity
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.spec import TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.rules.place import InNode
    from seldon_infra.graph.spec import Resources
    from seldon_infra.servers.triton.instances import InstanceGroup

_ON_GPUS = ("GPU", "AUTO")
_SLICE = re.compile(r"nvidia\.com/mig-\d+g\.(\d+)gb", re.ASCII)
_GIB = 2**30


@dataclass(frozen=True)
class _Share:
    """What instances of one model take on one GPU."""

    text: str
    bytes: Fraction


def instances_have_gpus(at: InNode) -> Iterator[Problem]:
    """Triton loads no model whose instances have no GPU, or one that is not there."""
    groups, resources = _groups(at), at.node.resources
    if not groups or _is_awaited(resources):
        return
    count, slice_bytes = _gpus(resources)
    for model, group in groups:
        if group.kind == "GPU" and not count:
            got = f"'{model.name}' has instances of kind 'GPU'"
            yield Problem(
                at.path, got, "must have GPUs in resources", "write resources=Resources(limits=Amounts(gpu=1))"
            )
        elif count and group.gpus and max(group.gpus) >= count:
            got = f"'{model.name}' has instances on GPU {max(group.gpus)}, resources has {count}"
            yield Problem(at.path, got, "must be numbers from 0", f"write gpu={max(group.gpus) + 1} in limits")
    if count:
        yield from _memory(at, [_shares(groups, gpu, count) for gpu in range(count)], slice_bytes)


def _memory(at: InNode, gpus: list[list[_Share]], slice_bytes: int | None) -> Iterator[Problem]:
    """Hold the fullest GPU to the memory that is asked for, for all of them have the same."""
    fullest = max(range(len(gpus)), key=lambda gpu: sum(share.bytes for share in gpus[gpu]))
    needed = ceil(sum(share.bytes for share in gpus[fullest]))
    later = at.node.resources.gpu_memory if at.node.resources else None
    asked = parse_quantity(later) if isinstance(later, str | int) else None
    if not needed or is_later(later):
        return
    terms = " + ".join(share.text for share in gpus[fullest])
    total = f"instances take {terms} = {format_memory(needed)} on GPU {fullest}"
    if slice_bytes is not None and needed > slice_bytes:
        got = f"{total}, a slice of MIG has {format_memory(slice_bytes)}"
        yield Problem(at.path, got, "must fit into it", "ask for a larger slice, or write a lower count")
    elif slice_bytes is None and later is None:
        want = "must be asked for, so that a GPU with that much is found"
        yield Problem(at.path, total, want, f"write gpu_memory='{format_memory(needed)}' in resources")
    elif asked is not None and needed > asked:
        got = f"{total}, resources.gpu_memory is {later}"
        yield Problem(at.path, got, "must fit into it", f"write gpu_memory='{format_memory(needed)}', or a lower count")


def _groups(at: InNode) -> list[tuple[TritonModel, InstanceGroup]]:
    server = at.node.server if isinstance(at.node.server, TritonServer) else None
    models = server.models if server else ()
    return [(model, group) for model in models if isinstance(model, TritonModel) for group in model.instance_groups]


def _shares(groups: list[tuple[TritonModel, InstanceGroup]], gpu: int, count: int) -> list[_Share]:
    found = []
    for model, group in groups:
        memory = parse_quantity(group.gpu_memory) if group.gpu_memory is not None else None
        if not memory or (group.gpus and gpu not in group.gpus):
            continue
        text = f"{group.count} × {group.gpu_memory} of '{model.name}'"
        if group.kind in _ON_GPUS:
            found.append(_Share(text, Fraction(memory) * group.count))
        elif group.kind == "MODEL":
            found.append(_Share(f"{text} / {count}" if count > 1 else text, Fraction(memory) * group.count / count))
    return found


def _gpus(resources: Resources | None) -> tuple[int, int | None]:
    """Count GPUs or devices of MIG, and give what one of the latter has at most."""
    limits = resources.limits if resources else None
    if limits is None:
        return 0, None
    whole = known(limits.gpu) or 0
    for name, amount in limits.others.items() if not whole else ():
        found, number = _SLICE.match(name), parse_quantity(amount) if isinstance(amount, str | int) else None
        if found and number:
            return int(number), int(found[1]) * _GIB
    return whole, None


def _is_awaited(resources: Resources | None) -> bool:
    limits = resources.limits if resources else None
    return limits is not None and (is_later(limits.gpu) or any(map(is_later, limits.others.values())))


CLUSTER_NODE_RULES = (instances_have_gpus,)
