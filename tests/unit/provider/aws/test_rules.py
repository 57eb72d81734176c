"""Rules of security groups, routes and tags between the inputs and what EC2 speaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seldon_infra.provider.aws.route_table import _seen_route, _to
from seldon_infra.provider.aws.security_group import _permission, _rules
from seldon_infra.provider.aws.tags import changed
from seldon_infra.provider.aws.thing import _imported
from seldon_infra.provider.framework import Failed
from seldon_infra.resources.aws_kms_key import KmsKeyInputs
from seldon_infra.resources.aws_route_table import RouteTableInputs
from seldon_infra.resources.aws_security_group import SecurityRule
from seldon_infra.resources.aws_vpc import VpcInputs

PORTS = st.one_of(
    st.just("all"),
    st.integers(0, 65535).map(str),
    st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda it: f"{min(it)}-{max(it)}"),
)
PEERS = st.sampled_from(["self", "10.0.0.0/8", "::/0", "fd00::/8", "sg-0123", "pl-0123"])
RULES = st.one_of(
    st.builds(SecurityRule, protocol=st.sampled_from(["tcp", "udp"]), ports=PORTS, peer=PEERS, description=st.text()),
    st.builds(SecurityRule, protocol=st.sampled_from(["all", "icmp"]), peer=PEERS),
)


@given(st.lists(RULES, max_size=6))
def test_what_is_written_as_permissions_is_read_as_the_same_rules(rules: list[SecurityRule]) -> None:
    assert _rules("sg-mine", [_permission("sg-mine", rule) for rule in rules]) == rules


@pytest.mark.parametrize(("written", "read"), [("0-65535", "all"), ("443-443", "443"), ("1-2", "1-2"), ("all", "all")])
def test_ports_have_one_spelling(written: str, read: str) -> None:
    assert SecurityRule(ports=written, peer="self").ports == read


@pytest.mark.parametrize("ports", ["", "https", "70000", "1-2-3", "-1"])
def test_what_are_no_ports_is_refused(ports: str) -> None:
    with pytest.raises(ValidationError, match="are no ports: write all, 443 or 1025-65535"):
        SecurityRule(ports=ports, peer="self")


@pytest.mark.parametrize(
    ("destination", "name"),
    [("0.0.0.0/0", "DestinationCidrBlock"), ("::/0", "DestinationIpv6CidrBlock"), ("pl-1", "DestinationPrefixListId")],
)
def test_a_destination_goes_under_its_name(destination: str, name: str) -> None:
    assert _to(destination) == {name: destination}


@pytest.mark.parametrize(
    ("route", "read"),
    [
        ({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, ("0.0.0.0/0", "nat-1")),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1"},
            ("0.0.0.0/0", "eni-1"),
        ),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, None),
        ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, None),
        ({"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"}, ("pl-1", "tgw-1")),
    ],
)
def test_routes_that_aws_keeps_are_not_the_tables(route: dict[str, str], read: object) -> None:
    assert _seen_route(route) == read


def test_a_route_to_nowhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="'i-1' is no target of a route"):
        RouteTableInputs(region="r", vpc_id="vpc-1", routes={"0.0.0.0/0": "i-1"})


@pytest.mark.parametrize("key", ["aws:name", "seldon:owner", "", "k" * 129])
def test_tags_that_are_not_the_users_are_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="tag "):
        VpcInputs(region="r", cidr="10.0.0.0/16", tags={key: "x"})


@pytest.mark.parametrize("cidr", ["10.0.0.1/16", "10.0.0.0", "10.0.0.0/8", "10.0.0.0/29", "network"])
def test_what_is_no_network_of_aws_is_refused(cidr: str) -> None:
    with pytest.raises(ValidationError, match="network"):
        VpcInputs(region="r", cidr=cidr)


def test_an_alias_among_awss_own_is_refused() -> None:
    with pytest.raises(ValidationError, match="choose one without aws/"):
        KmsKeyInputs(region="r", alias="alias/aws/eks")


TAGS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"))


@given(TAGS, TAGS)
def test_setting_and_taking_away_tags_leads_to_what_is_wanted(now: dict[str, str], wanted: dict[str, str]) -> None:
    put, gone = changed(now, wanted)
    assert {key: value for key, value in {**now, **put}.items() if key not in gone} == wanted
    assert all(now.get(key) != value for key, value in put.items())


@pytest.mark.parametrize("id", ["vpc-1", "/vpc-1", "eu-west-1/", "arn:aws:iam::1:oidc-provider/a"])
def test_an_import_without_its_region_says_how_to_write_it(id: str) -> None:
    with pytest.raises(Failed, match="write REGION/ID"):
        _imported(id)


def test_an_import_begins_with_its_region() -> None:
    arn = "arn:aws:iam::1:oidc-provider/a"
    assert _imported(f"eu-west-1/{arn}") == ("eu-west-1", arn)
