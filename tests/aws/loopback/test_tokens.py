"""EC2's idempotency tokens: a repeated call makes nothing twice, and a changed one is refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import Surroundings, client

pytestmark = pytest.mark.aws


def test_a_token_that_came_before_gets_the_first_answer(loopback: Loopback, around: Surroundings) -> None:
    ec2 = client(loopback, "ec2")
    made = [ec2.create_route_table(VpcId=around.vpc, ClientToken=token) for token in ("one", "one", "two")]
    first, again, other = (it["RouteTable"]["RouteTableId"] for it in made)
    assert first == again != other


def test_a_token_with_other_parameters_is_refused(loopback: Loopback, around: Surroundings) -> None:
    ec2 = client(loopback, "ec2")
    ec2.create_route_table(VpcId=around.vpc, ClientToken="one")
    tags = [{"ResourceType": "route-table", "Tags": [{"Key": "a", "Value": "b"}]}]
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        ec2.create_route_table(VpcId=around.vpc, ClientToken="one", TagSpecifications=tags)
