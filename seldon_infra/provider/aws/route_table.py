"""``seldon:aws:RouteTable``."""

from __future__ import annotations

from collections.abc import Mapping

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api, client_token
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing, filters
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_route_table import ROUTE_TABLE, TARGETS, RouteTableInputs, RouteTableOutputs

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_MOST_TRIES = 5
_FOUND_TARGETS = tuple(dict.fromkeys(TARGETS.values()))


class RouteTable(Ec2Thing[RouteTableInputs, RouteTableOutputs]):
    """The ways out of some subnets."""

    type = ROUTE_TABLE
    replace_on = frozenset({"region", "vpc_id"})
    unordered = frozenset({"subnet_ids"})
    noun, ids = "route-table", ("RouteTableIds", "RouteTableId")
    question = ("describe_route_tables", "RouteTables")

    def make(self, api: Api, inputs: RouteTableInputs, tags: Mapping[str, str]) -> str:
        """Make the table without routes."""
        made = api.call(
            "ec2",
            "create_route_table",
            eventually=NOT_YET,
            VpcId=inputs.vpc_id,
            ClientToken=client_token(tags[marking.TOKEN], "table"),
            TagSpecifications=self.tagged(tags),
        )
        return str(made["RouteTable"]["RouteTableId"])

    def shape(self, api: Api, id: str, now: RouteTableInputs, wanted: RouteTableInputs) -> None:
        """Routes first, so that a subnet never comes to a table that leads nowhere."""
        for destination in now.routes.keys() - wanted.routes.keys():
            api.drop("ec2", "delete_route", RouteTableId=id, **_to(destination))
        for destination, target in wanted.routes.items():
            if now.routes.get(destination) != target:
                _route(api, id, destination, target, known=destination in now.routes)
        for subnet in set(wanted.subnet_ids) - set(now.subnet_ids):
            _associate(api, id, subnet)
        for subnet in set(now.subnet_ids) - set(wanted.subnet_ids):
            _disassociate(api, id, subnet)

    def inputs_of(self, api: Api, seen: Answer, declared: RouteTableInputs | None) -> RouteTableInputs:
        """What is described, but for the routes that AWS keeps: the local ones, endpoints', and those learned."""
        routes = (_seen_route(route) for route in seen.get("Routes", ()) if route.get("Origin") == "CreateRoute")
        subnets = [it["SubnetId"] for it in seen.get("Associations", ()) if it.get("SubnetId")]
        return RouteTableInputs(
            **self.common(seen, api),
            vpc_id=seen["VpcId"],
            routes=dict(route for route in routes if route),
            subnet_ids=subnets,
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: RouteTableInputs) -> RouteTableOutputs:
        """Its id."""
        return RouteTableOutputs(**dict(inputs), route_table_id=seen["RouteTableId"])

    def remove(self, api: Api, id: str, last: Instance[RouteTableInputs, RouteTableOutputs]) -> None:
        """Take it off its subnets, and remove it."""
        seen = self.describe(api.fresh("ec2"), id) or {}
        for association in seen.get("Associations", ()):
            api.drop("ec2", "disassociate_route_table", AssociationId=association["RouteTableAssociationId"])
        self.drop(api, id, "delete_route_table", RouteTableId=id)


def _to(destination: str) -> dict[str, str]:
    """A route's destination as EC2 takes it."""
    kind = 2 if destination.startswith("pl-") else 1 if ":" in destination else 0
    return {_DESTINATIONS[kind]: destination}


def _route(api: Api, id: str, destination: str, target: str, *, known: bool) -> None:
    """Let a destination lead to a target; in one step where it led to another."""
    name = next(name for prefix, name in TARGETS.items() if target.startswith(prefix))
    route = {"RouteTableId": id, name: target, **_to(destination)}
    try:
        api.call("ec2", "replace_route" if known else "create_route", eventually=NOT_YET, **route)
    except AwsError as error:
        if not error.says("RouteAlreadyExists"):
            raise
        api.call("ec2", "replace_route", **route)


def _seen_route(route: Answer) -> tuple[str, str] | None:
    """A route's destination and target; None for a gateway endpoint's."""
    destination = next((route[name] for name in _DESTINATIONS if route.get(name)), "")
    target = next((route[name] for name in _FOUND_TARGETS if route.get(name)), "")
    ours = destination and target.startswith(tuple(TARGETS))
    return (destination, target) if ours and not (destination.startswith("pl-") and "vpce-" in target) else None


def _associate(api: Api, id: str, subnet: str) -> None:
    """Give a subnet this table, in one step where it has another: which may just be letting it go."""
    last = _MOST_TRIES - 1
    for number in range(_MOST_TRIES):
        try:
            return _give(api, id, subnet, _association(api, subnet))
        except AwsError as error:
            moved = error.kind is Kind.GONE or error.says("Resource.AlreadyAssociated")
            if not moved or number == last:
                raise
    return None


def _give(api: Api, id: str, subnet: str, other: Answer | None) -> None:
    if other is None:
        api.call("ec2", "associate_route_table", eventually=NOT_YET, RouteTableId=id, SubnetId=subnet)
    elif other["RouteTableId"] != id:
        association = other["RouteTableAssociationId"]
        api.call("ec2", "replace_route_table_association", AssociationId=association, RouteTableId=id)


def _disassociate(api: Api, id: str, subnet: str) -> None:
    """Take the table off a subnet, unless another has taken its place."""
    mine = _association(api, subnet)
    if mine and mine["RouteTableId"] == id:
        api.drop("ec2", "disassociate_route_table", AssociationId=mine["RouteTableAssociationId"])


def _association(api: Api, subnet: str) -> Answer | None:
    """What a subnet is associated with by itself, not by its network's main table."""
    tables = api.fresh("ec2").every(
        "ec2", "describe_route_tables", "RouteTables", Filters=filters(("association.subnet-id", subnet))
    )
    found = (it for table in tables for it in table["Associations"] if it.get("SubnetId") == subnet)
    return next(found, None)
