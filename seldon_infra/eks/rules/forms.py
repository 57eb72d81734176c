"""Forms that AWS gives to names: ARNs, ids, regions, networks."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from seldon_infra.core.model import Later, is_known
from seldon_infra.core.problems import Problem

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d\Z")
ACCOUNT = re.compile(r"\d{12}\Z", re.ASCII)
VERSION = re.compile(r"1\.(\d{2})\Z", re.ASCII)
PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+\Z", re.ASCII)
ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+\Z", re.ASCII)
POLICY = re.compile(r"arn:aws[\w-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]+\Z", re.ASCII)
KEY = re.compile(r"arn:aws[\w-]*:kms:([\w-]+):\d{12}:key/[\w-]+\Z", re.ASCII)
VPC = re.compile(r"vpc-[0-9a-f]{8,17}\Z")
SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}\Z")
GROUP = re.compile(r"sg-[0-9a-f]{8,17}\Z")
RESERVATION = re.compile(r"cr-[0-9a-f]{8,17}\Z")
_ASSUMED = re.compile(r"arn:(aws[\w-]*):sts::(\d{12}):assumed-role/([^/]+)/", re.ASCII)
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def network_of(cidr: str) -> ipaddress.IPv4Network | None:
    """Read a CIDR; None where it is none, or has bits behind its mask."""
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        return None


def is_private(network: ipaddress.IPv4Network) -> bool:
    """Tell whether a network is one that the internet does not have."""
    return any(network.subnet_of(each) for each in _PRIVATE)


def nearest_network(cidr: str) -> str:
    """Suggest a network for a CIDR that is none: without the bits behind its mask, else a usual one."""
    try:
        return str(ipaddress.IPv4Network(cidr, strict=False))
    except ValueError:
        return "10.0.0.0/16"


def has_form(path: str, field: str, value: Later[str] | None, form: re.Pattern[str], like: str) -> Iterator[Problem]:
    """What is known of a value has its form."""
    if is_known(value) and not form.match(value):
        yield Problem(path, f"{field} '{value}'", f"must be like {like}", f"write {field}='{like}'")


def is_principal(path: str, field: str, value: Later[str] | None) -> Iterator[Problem]:
    """An access entry is for a role or a user, never for a session of one."""
    if not is_known(value) or PRINCIPAL.match(value):
        return
    session = _ASSUMED.match(value)
    role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else "arn:aws:iam::123456789012:role/name"
    want = (
        "must be the ARN of the role, not of a session of it" if session else "must be the ARN of an IAM role or user"
    )
    yield Problem(path, f"{field} '{value}'", want, f"write {field}='{role}'")


def only_once(path: str, field: str, values: Sequence[object]) -> Iterator[Problem]:
    """Each value is there once."""
    for value, times in Counter(value for value in values if isinstance(value, str)).items():
        if times > 1:
            yield Problem(path, f"{field} has '{value}' {times} times", "must have it once", "remove the others")
