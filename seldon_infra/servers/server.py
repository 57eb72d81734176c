"""What every model server says of itself: where it runs, what it speaks, what it can be in a graph."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Spec

Protocol: TypeAlias = Literal["seldon", "v2", "tensorflow"]
"""What is spoken on the wire: Seldon's own protocol, the Open Inference Protocol v2, TensorFlow Serving's."""
Transport: TypeAlias = Literal["rest", "grpc"]
"""How it is carried."""
NodeType: TypeAlias = Literal["MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER", "ROUTER", "COMBINER"]
"""What a node of a predictor graph does, in the words of Seldon's CRD."""


class Server(Spec):
    """What runs a node; use one of its kinds: ``SklearnServer()``, ``PythonServer(…)``, ``TritonServer(…)``."""

    alternatives: ClassVar[str] = "kind such as SklearnServer, PythonServer or TritonServer"
    implementation: ClassVar[str | None] = None
    """Name among Seldon's prepackaged servers, or None for a container of its own."""
    catalogue: ClassVar[str | None] = None
    """Folder of ``servers/`` that runs it on this machine, or None where only a cluster can."""
    local_protocols: ClassVar[tuple[Protocol, ...]] = ()
    """Protocols that the catalogue's server speaks on this machine."""
    roles: ClassVar[tuple[NodeType, ...]] = ("MODEL",)
    """Node types that it can do. Seldon's operator makes every prepackaged server a MODEL, whatever the graph says."""
    needs_model_uri: ClassVar[bool] = False
    """Whether it serves nothing without a ``model_uri``."""
    spoken: ClassVar[tuple[Protocol, ...]] = ()
    runtime: ClassVar[str | None] = None
    """Class that MLServer's image loads where no operator knows the server and tells it."""

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Protocols that it speaks on a cluster."""
        return self.spoken

    @property
    def told(self) -> Mapping[str, str]:
        """Environment variables that tell its runtime what its fields say."""
        return {}

    @property
    def folder(self) -> str | None:
        """Folder of ``servers/`` that runs it on this machine, None where only a cluster can."""
        return self.catalogue
