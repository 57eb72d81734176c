"""The network: in each zone a public subnet for load balancers and NAT, and a private one for nodes.

Source of the subnets' tags: the EKS user guide, "Network load balancing", which load balancers find subnets by.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seldon_infra.eks.parts import Part, Ref
from seldon_infra.eks.spec import EksCluster, ExistingNetwork, NewVpc

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Place:
    """Where nodes have their addresses."""

    subnets: Mapping[str, object]
    """Private subnets' ids by zone; those of an existing network by their place in the list."""
    parts: tuple[Part, ...] = ()
    ways_out: tuple[Part, ...] = ()
    """What nodes need to reach AWS and images."""


def network(spec: EksCluster) -> Place:
    """The cluster's own network, or the one that is there."""
    if isinstance(spec.network, ExistingNetwork):
        return Place({str(index): subnet for index, subnet in enumerate(spec.network.subnet_ids)})
    return _new(spec, spec.network)


def subnets_of(cidr: str, zones: int) -> tuple[list[str], list[str]]:
    """Divide a network: private subnets and public ones, by zone.

    Up to three zones have a quarter of it each for nodes and pods, and share the last quarter for load balancers; up
    to seven have an eighth. So a third zone can come later without moving the others.
    """
    bits = 2 if zones <= 3 else 3
    *parts, last = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=bits)
    small = last.subnets(prefixlen_diff=bits)
    return [str(part) for part in parts[:zones]], [str(part) for _, part in zip(range(zones), small, strict=False)]


def _new(spec: EksCluster, new: NewVpc) -> Place:
    vpc = Part("vpc", "Vpc", {**_named(spec, "vpc"), "cidr": new.cidr})
    private_cidrs, public_cidrs = subnets_of(new.cidr, len(new.zones))
    pairs = list(zip(new.zones, private_cidrs, public_cidrs, strict=True))
    private = {zone: _subnet(spec, vpc, "private", zone, cidr) for zone, cidr, _ in pairs}
    public = {zone: _subnet(spec, vpc, "public", zone, cidr) for zone, _, cidr in pairs}
    internet = Part("internet", "InternetGateway", {**_named(spec, "internet"), "vpc_id": vpc["vpc_id"]})
    out = _routes(spec, vpc, "public", internet["internet_gateway_id"], list(public.values()))
    nats = list(_nats(spec, new, public, out))
    ways = [
        _routes(spec, vpc, "private" + suffix, nat["nat_gateway_id"], [private[zone] for zone in zones])
        for suffix, nat, zones in nats
    ]
    endpoints = [_s3(spec, vpc, ways)] if new.s3_endpoint else []
    made = (vpc, *private.values(), *public.values(), internet, out, *(nat for _, nat, _ in nats), *ways, *endpoints)
    return Place({zone: part["subnet_id"] for zone, part in private.items()}, made, (*ways, *endpoints))


def _subnet(spec: EksCluster, vpc: Part, kind: str, zone: str, cidr: str) -> Part:
    role = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}[kind]
    named = _named(spec, f"{kind}-{zone}", {role: "1", f"kubernetes.io/cluster/{spec.name}": "shared"})
    return Part(
        f"{kind}-{zone}",
        "Subnet",
        {**named, "vpc_id": vpc["vpc_id"], "availability_zone": zone, "cidr": cidr},
    )


def _nats(
    spec: EksCluster, new: NewVpc, public: Mapping[str, Part], out: Part
) -> Iterator[tuple[str, Part, tuple[str, ...]]]:
    """NAT gateways, each with what its name ends in and the zones that it serves; they need the way out themselves."""
    served = [(f"-{zone}", zone, (zone,)) for zone in new.zones]
    for suffix, zone, zones in served if new.nat == "per_zone" else [("", new.zones[0], tuple(new.zones))]:
        inputs = {**_named(spec, f"nat{suffix}"), "subnet_id": public[zone]["subnet_id"]}
        yield suffix, Part(f"nat{suffix}", "NatGateway", inputs, after=(out,)), zones


def _routes(spec: EksCluster, vpc: Part, name: str, to: Ref, subnets: list[Part]) -> Part:
    return Part(
        f"{name}-routes",
        "RouteTable",
        {
            **_named(spec, f"{name}-routes"),
            "vpc_id": vpc["vpc_id"],
            "routes": {_ANYWHERE: to},
            "subnet_ids": [subnet["subnet_id"] for subnet in subnets],
        },
    )


def _s3(spec: EksCluster, vpc: Part, tables: list[Part]) -> Part:
    inputs = {
        **_named(spec, "s3"),
        "vpc_id": vpc["vpc_id"],
        "service": "s3",
        "route_table_ids": [table["route_table_id"] for table in tables],
    }
    return Part("s3", "VpcEndpoint", inputs)


def _named(spec: EksCluster, name: str, tags: Mapping[str, str] = {}) -> dict[str, object]:
    """Where an object is, and by which name AWS's console shows it."""
    return {"region": spec.region, "tags": {"Name": f"{spec.name}-{name}", **tags, **spec.tags}}
