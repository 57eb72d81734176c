"""Addresses that a model's URI may not lead to: a cloud's metadata service, and networks that only this machine sees.

A URI is data: it comes from a registry, a setting, a pull request. What it makes this machine ask must be a store, and
one of a private network only where a storage of the definition names it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from typing import TypeAlias
from urllib.parse import urlsplit

METADATA_HOSTS = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data.ec2.internal"}
)
"""Names under which clouds hand out credentials to whoever asks."""
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def why_not(uri: str, named: Iterable[str] = ()) -> str | None:
    """Say why a web address may not be asked, by what stands in it; None if it may.

    Args:
        uri: the model's URI.
        named: URLs of storages, whose own hosts may be private ones.
    """
    if urlsplit(uri).scheme not in ("http", "https"):
        return None
    host = (urlsplit(uri).hostname or "").rstrip(".")
    # One in the URL of a storage is refused there.
    if "@" in urlsplit(uri).netloc and rule_of(host, named) is not_private:
        return "has a name or a password in it"
    if host in METADATA_HOSTS:
        return "is a cloud's metadata service"
    rule = rule_of(host, named)
    if host == "localhost" and rule is not not_metadata:
        return "is an address of this machine"
    address = literal(host)
    return rule(address) if address else None


def shown(uri: str) -> str:
    """Give a URI without its password and its query: either may be what its reader logs in with."""
    return re.sub(r"//[^/@]*@", "//…@", uri.partition("?")[0])


Rule: TypeAlias = Callable[[Address], str | None]
"""Says why an address may not be asked, None if it may."""


def rule_of(host: str, named: Iterable[str]) -> Rule:
    """Give the rule for a host: one that a storage names may be of a private network."""
    return not_metadata if host in {urlsplit(each).hostname for each in named} else not_private


def not_metadata(address: Address) -> str | None:
    """Refuse metadata services, which are never meant."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return "is a cloud's metadata service" if plain in _METADATA or plain.is_link_local else None


def not_private(address: Address) -> str | None:
    """Refuse whatever is not on the public network."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback:
        return "is an address of this machine"
    return not_metadata(plain) or (None if plain.is_global else "is an address of a private network")


def literal(host: str) -> Address | None:
    """Read a host that is an address, also as one number or in octal, as resolvers take it."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
