"""What runs an explainer, in the shape of a node, which is what the catalogue's templates are filled in for."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from seldon_infra.servers.spec import Protocol, Server

if TYPE_CHECKING:
    from seldon_infra.servers.layout import Node, Parameter, Valued

EXPLAINER = "explainer"
"""The explainer's name as a model in a path, that of its container on a cluster, and the kind of its server: its files
may import what those of any server of the catalogue may."""


class ExplainerServer(Server):
    """What runs an explainer; it is no node's server."""

    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)

    kind: Literal["explainer"] = "explainer"
    """Tells servers apart in data. Always ``explainer``."""


@dataclass(frozen=True)
class Beside:
    """An explainer as a node."""

    parameters: "Sequence[Parameter]" = ()
    env: "Sequence[Valued]" = ()
    name: str = EXPLAINER
    type: str = "MODEL"
    model_uri: object = EXPLAINER
    server: object = None
    children: "Sequence[Node]" = ()
