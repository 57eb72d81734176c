"""What a cluster is made of, before anything is registered: objects of AWS and what each takes from others.

Rendering gives parts, so that a golden file shows them and a component registers them without deciding anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "Vpc",
    "Subnet",
    "InternetGateway",
    "NatGateway",
    "RouteTable",
    "VpcEndpoint",
    "IamRole",
    "KmsKey",
    "OidcProvider",
    "LaunchTemplate",
    "SqsQueue",
    "EventRule",
    "EksCluster",
    "EksNodegroup",
    "EksAddon",
    "EksAccessEntry",
    "EksPodIdentityAssociation",
    "EksEmptied",
]
"""Resource types of AWS, by what their tokens end in: ``seldon:aws:Vpc``."""


@dataclass(frozen=True, eq=False)
class Part:
    """One object of AWS: its name in the program, its type, its inputs, what it comes after beside what they name."""

    name: str
    kind: Kind
    inputs: Mapping[str, object]
    after: tuple[Part, ...] = ()
    ignored: tuple[str, ...] = field(default=())
    """Inputs of which a later change means nothing."""

    def __getitem__(self, output: str) -> Ref:
        """What another part takes of this one."""
        return Ref(self, output)


@dataclass(frozen=True, eq=False)
class Ref:
    """An output of a part, which is known when that one is made."""

    part: Part
    output: str


@dataclass(frozen=True, eq=False)
class Built:
    """A value that is made of outputs of parts."""

    make: Callable[..., object]
    of: tuple[Ref, ...]


@dataclass(frozen=True)
class Parts:
    """A whole cluster, each part after those that it needs."""

    control_plane: Part
    all: tuple[Part, ...]
