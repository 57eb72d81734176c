"""How a change of who answers arrives: in steps, each held until its gates have seen enough."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Collection
from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Many, Spec

NEXT = "-next"
"""Ends the name that a changed predictor has on a cluster as long as the old one has the declared name."""


ASKING = frozenset({"smoke", "accuracy", "difference"})
"""Kinds of gates that send rows."""


class SmokeGate(Spec):
    """What is new answers rows of a file, over REST and gRPC, with one result for each."""

    noun: ClassVar[str] = "smoke gate"

    kind: Literal["smoke"] = "smoke"
    """Tells kinds apart in data. Always ``smoke``."""
    data: str
    """File of the project with held-out rows, as ``seldon-infra verify`` reads them."""
    rows: int = 3
    """How many of its first rows are sent. Default: 3."""


class AccuracyGate(Spec):
    """What is new says of labelled rows what they are."""

    noun: ClassVar[str] = "accuracy gate"

    kind: Literal["accuracy"] = "accuracy"
    """Tells kinds apart in data. Always ``accuracy``."""
    data: str
    """File of the project with held-out rows and labels."""
    at_least: float
    """Share of rows that must be right, from 0 to 1."""


class DifferenceGate(Spec):
    """What is new says what the old says, of the same rows sent to both."""

    noun: ClassVar[str] = "difference gate"

    kind: Literal["difference"] = "difference"
    """Tells kinds apart in data. Always ``difference``."""
    data: str
    """File of the project with rows."""
    at_most: float
    """Share of rows of which they may say something else, from 0 to 1."""


class ErrorGate(Spec):
    """Requests to what is new do not fail more often than this during a step."""

    noun: ClassVar[str] = "error gate"

    kind: Literal["errors"] = "errors"
    """Tells kinds apart in data. Always ``errors``."""
    at_most: float = 0.01
    """Share of predictions that may fail with status 5xx, from 0 to 1. Default: 0.01."""
    min_requests: int = 100
    """Predictions of a step that it takes to say so. Default: 100."""


class LatencyGate(Spec):
    """Requests to what is new do not take longer than this during a step."""

    noun: ClassVar[str] = "latency gate"

    kind: Literal["latency"] = "latency"
    """Tells kinds apart in data. Always ``latency``."""
    quantile: float = 0.99
    """The share of predictions that must be as fast, between 0 and 1. Default: 0.99."""
    at_most: str
    """How long they may take, as a duration: ``"200ms"``."""
    min_requests: int = 100
    """Predictions of a step that it takes to say so. Default: 100."""


class MirrorGate(Spec):
    """What is new says what the old says, of live requests of which both get copies during a step.

    Clients see none of it. Requests over REST are copied. On a cluster the stack's payload log gives them, so there
    ``Kubernetes(payloads=PayloadLog(…))`` and a ``logger`` on the first node of each predictor have to be declared.
    """

    noun: ClassVar[str] = "mirror gate"

    kind: Literal["mirror"] = "mirror"
    """Tells kinds apart in data. Always ``mirror``."""
    at_most: float = 0.01
    """Share of requests that may get another answer, from 0 to 1. Default: 0.01."""
    min_requests: int = 100
    """Copies of a step that it takes to say so. Default: 100."""


Gate: TypeAlias = SmokeGate | AccuracyGate | DifferenceGate | ErrorGate | LatencyGate | MirrorGate
"""What must hold before a step is followed by the next."""


class Rollout(Spec):
    """How a change of predictors and their traffic arrives: step by step, and back by itself where a gate fails.

    A step is how far the requests have gone from where they went to where they shall go, in percent.
    """

    noun: ClassVar[str] = "rollout"

    steps: Many[int] = (1, 10, 50, 100)
    """Percents of the way, ascending, the last 100. Default: 1, 10, 50, 100."""
    gates: Many[Gate] = ()
    """What must hold at each step. Default: none, only the time passes."""
    hold: str = "10m"
    """How long each step lasts, as a duration. Default: ``"10m"``."""
    patience: str = "10m"
    """How much longer a step may wait for requests that a gate needs; then it fails. Default: ``"10m"``."""

    @property
    def mirrors(self) -> bool:
        """Whether a gate compares answers to copies of live requests."""
        return any(isinstance(gate, MirrorGate) for gate in self.gates)


def asked_over(protocol: str, served: Collection[str]) -> tuple[str, ...]:
    """Give the transports over which gates ask what serves some: protocol tensorflow over REST alone."""
    return ("rest",) if protocol == "tensorflow" else tuple(served)


def calls_over_grpc(kinds: Collection[str], transports: Collection[str]) -> bool:
    """Tell whether one of some kinds of gates asks a version over gRPC that is asked over these transports."""
    return "grpc" in transports and any(kind in (ASKING if "rest" not in transports else {"smoke"}) for kind in kinds)
