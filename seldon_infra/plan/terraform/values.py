"""What a resource type of ours becomes in Terraform's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class IdOf:
    """The id of another resource that the same object of ours is, which only an apply brings."""

    kind: str


Inputs: TypeAlias = Mapping[str, Any]
Values: TypeAlias = dict[str, Any]
Resource: TypeAlias = tuple[str, str, Values]
"""Terraform's type, what its name ends in, and its attributes."""


def document(policy: Any) -> Any:
    """A policy as text, as Terraform has it; one that is not known yet stays so."""
    return json.dumps(policy, sort_keys=True) if isinstance(policy, Mapping) else policy
