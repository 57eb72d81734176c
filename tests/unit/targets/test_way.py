"""Which way leads to a target's cluster, and what is known of it before anything is declared."""

from __future__ import annotations

import pytest

from seldon_infra import EksCluster, ExistingCluster, Kubernetes, Stack
from seldon_infra.core.errors import ClusterNotReached
from seldon_infra.targets.way import Seen, Unseen, reach, seen
from tests.unit.core.later import Later
from tests.unit.eks.cases import cluster

NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS gives no answer."""
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("target", "way"),
    [
        (Kubernetes(), Seen()),
        (Kubernetes(context="prod", kubeconfig="file"), Seen("prod", "file")),
        (Kubernetes(cluster=ExistingCluster(context="prod", kubeconfig="file")), Seen("prod", "file")),
        (Kubernetes(cluster=ExistingCluster(kubeconfig=Later())), Unseen("the kubeconfig is known only later")),
        (Kubernetes(cluster=ExistingCluster(eks_name=Later())), Unseen("the name of the cluster is known only later")),
    ],
)
def test_what_is_known_before_anything_is_declared(target: Kubernetes, way: Seen | Unseen) -> None:
    assert seen(target) == way


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("there", [cluster(), ExistingCluster(eks_name="prod", region="eu-west-1")])
def test_without_an_answer_of_aws_nothing_is_known_and_why_is(there: EksCluster | ExistingCluster) -> None:
    found = seen(Kubernetes(cluster=there))
    assert isinstance(found, Unseen)
    assert found.cluster == "prod"
    assert "cluster 'prod'" in found.why
    assert "Could not connect to the endpoint URL" in found.why


def test_the_way_by_a_kubeconfig_is_what_providers_are_given() -> None:
    way = reach(Kubernetes(cluster=ExistingCluster(context="prod", kubeconfig="/nonexistent")))
    assert way.place == {"context": "prod", "kubeconfig": "/nonexistent"}
    assert (way.after, way.outputs) == ((), {})
    with pytest.raises(ClusterNotReached):
        way.connect()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            Kubernetes(cluster=cluster(), context="a"),
            "Kubernetes: both cluster and context are set, must be one of them; remove context",
        ),
        (
            Kubernetes(cluster=ExistingCluster(), kubeconfig="a"),
            "remove kubeconfig, or write ExistingCluster(kubeconfig=…)",
        ),
        (
            Kubernetes(cluster=cluster(version="1.29")),
            "cluster 'prod': version '1.29', must be one that EKS still runs",
        ),
        (
            Kubernetes(cluster=ExistingCluster(region="eu-west-1")),
            "existing cluster: region is set, must go with eks_name",
        ),
    ],
)
def test_a_stack_tells_what_is_wrong_with_its_cluster(target: Kubernetes, said: str) -> None:
    (problem,) = Stack(target=target, deployments=()).check()
    assert said in str(problem)
