"""Which kind of image a group's nodes start from: it follows from the names of its instance types.

Source: the EC2 user guide, "Naming conventions": a ``g`` behind the generation is a Graviton processor, which is arm64.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from seldon_infra.eks.spec import AmiType, GpuNodes, NodeGroup

Architecture = Literal["x86_64", "ARM_64"]

INSTANCE_TYPE = re.compile(
    r"([a-z]+)(\d+)([a-z]*)(-[a-z0-9]+)?\.(nano|micro|small|medium|(?:\d+)?x?large|metal[a-z0-9-]*)\Z"
)
_ARM = frozenset({"a1", "p6e-gb200", "p6e-gb300"})
_NEURON = frozenset({"inf", "trn"})


def architecture(instance_type: str) -> Architecture:
    """The processor's architecture, as kinds of images name it."""
    family = instance_type.partition(".")[0]
    found = INSTANCE_TYPE.match(instance_type)
    return "ARM_64" if family in _ARM or (found and "g" in found[3]) else "x86_64"


def ami_type(group: NodeGroup) -> AmiType:
    """The kind of image of a group: what it says, else Amazon Linux 2023 for what its machines are."""
    if group.ami_type is not None:
        return group.ami_type
    machine = architecture(group.instance_types[0])
    found = INSTANCE_TYPE.match(group.instance_types[0])
    if isinstance(group, GpuNodes):
        return cast("AmiType", f"AL2023_{machine}_NVIDIA")
    if found and found[1] in _NEURON:
        return "AL2023_x86_64_NEURON"
    return cast("AmiType", f"AL2023_{machine}_STANDARD")


def is_bottlerocket(kind: AmiType) -> bool:
    """Tell whether a kind of image is Bottlerocket's, which keeps images and logs on a disk of their own."""
    return kind.startswith("BOTTLEROCKET")
