"""How the state names an object of EKS: `eu-west-1/prod` a cluster, `eu-west-1/prod/gpu-1f0c2e9a4b` a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from seldon_infra.provider.framework import Failed


@dataclass(frozen=True)
class Id:
    """A region, a cluster, and the name of what is in it; empty for the cluster itself."""

    region: str
    cluster: str
    name: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.region, self.cluster, self.name)))

    @classmethod
    def of_cluster(cls, text: str) -> Self:
        """The id of a cluster."""
        return cls(*_parts(text, ("REGION", "CLUSTER")))

    @classmethod
    def of_part(cls, text: str, name: str) -> Self:
        """The id of something in a cluster; `name` says in capitals what stands last in it."""
        return cls(*_parts(text, ("REGION", "CLUSTER", name)))


def _parts(text: str, words: tuple[str, ...]) -> list[str]:
    parts = text.split("/", len(words) - 1)
    if len(parts) != len(words) or not all(parts):
        raise Failed(f"the id {text!r} does not name one: write {'/'.join(words)}")
    return parts
