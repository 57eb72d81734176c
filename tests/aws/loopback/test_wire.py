"""The loopback reads and answers each operation of EKS by botocore's model, and nothing that the model forbids."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.exceptions import ClientError
from botocore.serialize import create_serializer

from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import Surroundings, client
from tests.aws.loopback.shapes import violations
from tests.aws.loopback.wire import Request, answer, parameters, read_call, service_model

pytestmark = pytest.mark.aws

EKS = service_model("eks")
SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20261125/eu-west-1/eks/aws4_request, SignedHeaders=host, Signature=0"
ARN = "arn:aws:iam::123456789012:role/with/a/path"


def example(shape: Any) -> Any:
    """A value that the model allows, with every required member."""
    match shape.type_name:
        case "structure":
            return {name: example(shape.members[name]) for name in shape.required_members}
        case "list":
            return [example(shape.member)]
        case "map":
            return {"key": "value"}
        case "integer" | "long":
            return shape.metadata.get("min", 1)
        case "boolean":
            return True
        case "string" if shape.enum:
            return shape.enum[0]
        case _:
            return ARN if "Arn" in shape.name else "some-name"


def sent(operation: str, given: dict[str, Any]) -> Request:
    """The request that boto3 makes of these parameters."""
    model = EKS.operation_model(operation)
    raw = create_serializer("rest-json", include_validation=False).serialize_to_request(given, model)
    prepare_request_dict(raw, "http://localhost")
    body = raw["body"] if isinstance(raw["body"], bytes) else raw["body"].encode()
    return Request(raw["method"], raw["url"].removeprefix("http://localhost"), {"Authorization": SIGNED}, body)


@pytest.mark.parametrize("operation", EKS.operation_names)
def test_every_operation_of_eks_is_known_by_its_path_and_its_parameters_come_through(operation: str) -> None:
    shape = EKS.operation_model(operation).input_shape
    given = {name: ARN if name.endswith("Arn") else value for name, value in example(shape).items()}
    call = read_call(sent(operation, given))
    assert (call.operation, call.region, parameters(call)) == (operation, "eu-west-1", given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"name": "-starts-wrong"}, "does not match", id="pattern"),
        pytest.param({"name": "c" * 101}, "is not within 1 and 100", id="length"),
        pytest.param({"upgradePolicy": {"supportType": "FOREVER"}}, "none of STANDARD, EXTENDED", id="enum"),
        pytest.param({"resourcesVpcConfig": {"subnetIds": "subnet-1"}}, "is no list", id="type"),
        pytest.param({"colour": "blue"}, "no such member", id="unknown"),
        pytest.param({"roleArn": None}, "is required", id="required"),
        pytest.param({"tags": {}}, "is not within 1 and 50", id="empty map"),
    ],
)
def test_what_the_model_forbids_is_wrong(change: dict[str, Any], said: str) -> None:
    good = {"name": "c", "roleArn": ARN, "resourcesVpcConfig": {}}
    shape = EKS.operation_model("CreateCluster").input_shape
    assert not list(violations(shape, good))
    assert said in "; ".join(violations(shape, good | change))


def test_a_request_that_the_model_forbids_is_refused(loopback: Loopback, around: Surroundings) -> None:
    eks = client(loopback, "eks")
    with pytest.raises(
        ClientError, match=r"InvalidParameterException.*101|InvalidParameterException.*within 1 and 100"
    ):
        eks.create_cluster(name="c" * 101, roleArn=around.cluster_role, resourcesVpcConfig={})


def test_an_answer_that_the_model_forbids_is_a_mistake_of_the_loopback() -> None:
    call = read_call(sent("DescribeCluster", {"name": "c"}))
    with pytest.raises(AssertionError, match=r"must not answer so: \.cluster\.status: 'READY' is none of CREATING"):
        answer(call, {"cluster": {"status": "READY"}})


def test_what_is_not_served_is_refused_and_the_test_that_asked_for_it_fails(moto_address: str) -> None:
    with (
        pytest.raises(AssertionError, match=r"does not serve eks\.ListInsights"),
        Loopback(moto_address) as aws,
        contextlib.suppress(ClientError),
    ):
        client(aws, "eks").list_insights(clusterName="c")
