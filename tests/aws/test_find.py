"""A cluster that somebody else has made, looked for by its name at moto's EKS."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from seldon_infra import ExistingCluster, Kubernetes
from seldon_infra.core.errors import ClusterNotFound
from seldon_infra.eks import aws_session
from seldon_infra.eks.find import find
from seldon_infra.targets.way import reach, seen

pytestmark = pytest.mark.aws

REGION = "eu-west-3"
"""One that no other test has clusters in."""


@pytest.fixture
def eks(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A region with two clusters."""
    for name, value in {"AWS_ENDPOINT_URL": moto, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(name, value)
    aws_session.forget()
    client, names = boto3.client("eks", REGION), ("prod", "staging")
    for name in names:
        role = "arn:aws:iam::123456789012:role/r"
        client.create_cluster(name=name, roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]})
    yield
    for name in names:
        client.delete_cluster(name=name)
    aws_session.forget()


@pytest.mark.usefixtures("eks")
def test_a_name_that_is_not_there_is_an_error_that_names_the_clusters_of_the_region() -> None:
    there = Kubernetes(cluster=ExistingCluster(eks_name="prdo", region=REGION))
    for look in (seen, reach):
        with pytest.raises(ClusterNotFound) as error:
            look(there)
        assert str(error.value) == (
            "Kubernetes → existing cluster: eks_name 'prdo', must be a cluster at EKS in eu-west-3: there are 'prod', "
            "'staging'; write eks_name='prod', or the region that it is in"
        )


@pytest.mark.usefixtures("eks")
def test_a_region_without_clusters_is_said() -> None:
    with pytest.raises(ClusterNotFound, match=r"at EKS in eu-south-1, where there is none; write the region"):
        find("prod", "eu-south-1")


@pytest.mark.usefixtures("eks")
def test_a_name_that_is_there_gives_its_kubeconfig() -> None:
    assert find("prod", REGION).name == "prod"
