"""Rules about a cluster's network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.rules.forms import SUBNET, VPC, has_form, is_private, nearest_network, network_of, only_once
from seldon_infra.eks.spec import EksCluster, ExistingNetwork, NewVpc

MOST_ZONES = 7
"""More than any region has; the network is divided for at most so many."""


def zones_are_of_the_region(cluster: EksCluster) -> Iterator[Problem]:
    """Zones are of the cluster's region, two at least."""
    network, path = cluster.network, f"{title(cluster)}{ARROW}network"
    if not isinstance(network, NewVpc):
        return
    yield from only_once(path, "zones", network.zones)
    if not 2 <= len(set(network.zones)) <= MOST_ZONES:
        fix = f"write zones=('{cluster.region}a', '{cluster.region}b')"
        got = f"zones has {len(set(network.zones))}"
        yield Problem(path, got, f"must have 2 to {MOST_ZONES}: EKS asks for two", fix)
    for zone in network.zones:
        if not re.fullmatch(re.escape(cluster.region) + "[a-z]", zone):
            want = f"must be zones of the cluster's region, {cluster.region}"
            yield Problem(path, f"zones has '{zone}'", want, f"write '{cluster.region}a'")


def addresses_have_room(cluster: EksCluster) -> Iterator[Problem]:
    """The network is private, whole, and large enough for its subnets."""
    network, path = cluster.network, f"{title(cluster)}{ARROW}network"
    if not isinstance(network, NewVpc):
        return
    found = network_of(network.cidr)
    if found is None:
        want = "must be a whole IPv4 network"
        yield Problem(path, f"cidr '{network.cidr}'", want, f"write cidr='{nearest_network(network.cidr)}'")
    elif not is_private(found):
        want = "must be of private space: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"
        yield Problem(path, f"cidr '{network.cidr}'", want, "write cidr='10.0.0.0/16'")
    elif not 16 <= found.prefixlen <= smallest(len(network.zones)):
        want = (
            f"must be /16 to /{smallest(len(network.zones))}, so that subnets in {len(network.zones)} zones have room"
        )
        yield Problem(path, f"cidr '{network.cidr}'", want, f"write cidr='{found.network_address}/16'")


def smallest(zones: int) -> int:
    """The longest prefix of a network whose public subnets, the small ones, are still /28."""
    return 24 if zones <= 3 else 22


def existing_ids_fit(cluster: EksCluster) -> Iterator[Problem]:
    """What is there is named by its ids, in two subnets at least."""
    network, path = cluster.network, f"{title(cluster)}{ARROW}network"
    if not isinstance(network, ExistingNetwork):
        return
    yield from has_form(path, "vpc_id", network.vpc_id, VPC, "vpc-0123456789abcdef0")
    for subnet in network.subnet_ids:
        yield from has_form(path, "subnet_ids", subnet, SUBNET, "subnet-0123456789abcdef0")
    yield from only_once(path, "subnet_ids", network.subnet_ids)
    if len(network.subnet_ids) < 2:
        want = "must have two at least, in different zones: EKS asks for that"
        yield Problem(path, f"subnet_ids has {len(network.subnet_ids)}", want, "add a subnet of another zone")


RULES = (zones_are_of_the_region, addresses_have_room, existing_ids_fit)
