"""Every error that seldon_infra raises on purpose.

::

    SeldonInfraError            what a user can act on; never shown with a traceback
    ├── InvalidSpec             a definition breaks rules: all its problems at once
    │   └── InvalidGraph        the same, for a predictor graph that is read from a file
    ├── StackNotFound           no definition of that name
    ├── ModelNotFound           a model URI leads nowhere
    ├── NotFound                an object is not where it was looked for
    │   └── ClusterNotFound     AWS says that there is no such cluster
    ├── ClusterNotReached       no answer from a cluster, or no way to it
    │   └── ClusterSilent       a question arrived, and no answer came in time
    ├── NotPermitted            somebody refused: a file's mode, a store, a cluster
    ├── NotReady                what was applied does not come up
    ├── PartNotFound            a program that the local target needs is not on this machine
    └── LimitReached            a wait, a size or a count came to its bound
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from seldon_infra.core.problems import Problem


class SeldonInfraError(Exception):
    """Something that the user can act on; its text says what to do, so it is printed without a traceback."""


class InvalidSpec(SeldonInfraError):
    """A definition breaks rules; ``problems`` holds all of them, the text one per line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidGraph(InvalidSpec):
    """A predictor graph that is read from a file breaks rules."""


class StackNotFound(SeldonInfraError):
    """No definition of that name in the project."""

    def __init__(self, name: str, folder: Path, known: Sequence[str]) -> None:
        there = f"there are: {', '.join(known)}" if known else "it holds none"
        super().__init__(
            f"stack '{name}': no definition; {there}; write {folder.name}/{name}.py with a value `stack = Stack(…)`"
        )


class ModelNotFound(SeldonInfraError):
    """A model URI leads nowhere, or to something that its server cannot read."""


class NotFound(SeldonInfraError):
    """An object is not where it was looked for."""


class ClusterNotFound(NotFound):
    """AWS says that there is no cluster of that name in the region."""


class ClusterNotReached(SeldonInfraError):
    """No answer from a cluster, or no way to it."""

    def __init__(self, cluster: str, where: str, reason: str) -> None:
        self.why = f"{where}: {reason}"
        super().__init__(
            f"cluster '{cluster}' at {where} cannot be reached: {reason}; check the connection and your kubeconfig"
        )


class ClusterSilent(ClusterNotReached):
    """A question arrived, and no answer came in time: an API server is as silent as the pod that it asks."""


class NotPermitted(SeldonInfraError):
    """Somebody refused: a file's mode, a store's policy, a cluster's access rules."""


class NotReady(SeldonInfraError):
    """What was applied does not come up, and will not by itself."""


class PartNotFound(SeldonInfraError):
    """A program that the local target needs is not on this machine."""

    def __init__(self, part: str, fix: str) -> None:
        super().__init__(f"{part} is not on this machine; {fix}")


class LimitReached(SeldonInfraError):
    """A wait, a size or a count came to its bound."""
