"""What every `seldon:aws:` resource type takes: where it is, and its tags."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from seldon_infra.resources.model import Inputs

_RESERVED = ("aws:", "seldon:")
_MOST_TAGS = 40
"""AWS takes 50; some are left for our marks and for those that EKS and cost reports add."""


def _plain_tags(tags: dict[str, str]) -> dict[str, str]:
    """Refuse what AWS refuses of tags, and the keys that are not the user's."""
    for key, value in tags.items():
        if key.startswith(_RESERVED):
            raise ValueError(f"tag {key!r} begins with one of {', '.join(_RESERVED)}: name it otherwise")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise ValueError(f"tag {key[:20]!r}: a key has 1 to 128 characters, a value at most 256")
    if len(tags) > _MOST_TAGS:
        raise ValueError(f"there are {len(tags)} tags: at most {_MOST_TAGS} fit beside the library's own")
    return tags


Tags = Annotated[dict[str, str], AfterValidator(_plain_tags)]


def _plain_cidr(cidr: str) -> str:
    """Refuse what is no IPv4 network, and name it where host bits are set: AWS would cut them off in silence."""
    try:
        network = ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        raise ValueError(f"{cidr!r} is no IPv4 network: write it like 10.0.0.0/16") from None
    if str(network) != cidr or not 16 <= network.prefixlen <= 28:
        raise ValueError(f"{cidr!r} has to be a whole network of /16 to /28: write {network}")
    return cidr


Cidr = Annotated[str, AfterValidator(_plain_cidr)]
PolicyDocument = dict[str, object]
"""A policy in IAM's language; one that means the same is no change."""


class AwsInputs(Inputs):
    """Where an object of AWS is, and its tags."""

    region: str = Field(min_length=1, description="Region, such as eu-west-1.")
    tags: Tags = Field(default_factory=dict, description="Tags; keys that begin with aws: or seldon: are not yours.")
