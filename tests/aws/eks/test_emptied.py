"""What a cluster made by itself goes before the cluster does; where it does not, it is named and the cluster stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from seldon_infra.provider.aws import api
from seldon_infra.provider.aws.eks import emptied
from seldon_infra.provider.aws.eks.emptied import EksEmptied
from seldon_infra.provider.framework import Context, Failed, Instance
from seldon_infra.resources.aws_eks_emptied import EksEmptiedInputs, EksEmptiedOutputs
from tests.aws.loopback import REGION, Loopback
from tests.aws.loopback.fixtures import Surroundings, client

pytestmark = pytest.mark.aws

OURS, THEIRS = {"kubernetes.io/cluster/c": "owned"}, {"kubernetes.io/cluster/another": "owned"}
ISTIO = {**OURS, "kubernetes.io/service-name": "istio-system/gateway"}
CONTROLLER = {"elbv2.k8s.aws/cluster": "c", "ingress.k8s.aws/stack": "models/web"}
CLAIM = {**OURS, "kubernetes.io/created-for/pvc/name": "models"}
NODE = {**OURS, "karpenter.sh/nodepool": "l4"}


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass
class Cloud:
    """What makes things in AWS as a cluster's controllers do; each making gives what removes it again."""

    aws: Loopback
    around: Surroundings

    def balancer(self, tags: dict[str, str]) -> Callable[[], Any]:
        elb = client(self.aws, "elbv2")
        name = f"lb{len(self.aws.calls)}"
        made = elb.create_load_balancer(
            Name=name, Subnets=self.around.subnets[:2], Type="network", Tags=pairs(tags or {"team": "risk"})
        )
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        return lambda: elb.delete_load_balancer(LoadBalancerArn=arn)

    def classic(self, tags: dict[str, str]) -> Callable[[], Any]:
        elb = client(self.aws, "elb")
        listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 30000}
        elb.create_load_balancer(
            LoadBalancerName="a0b1", Listeners=[listener], Subnets=self.around.subnets[:1], Tags=pairs(tags)
        )
        return lambda: elb.delete_load_balancer(LoadBalancerName="a0b1")

    def volume(self, tags: dict[str, str]) -> Callable[[], Any]:
        ec2 = client(self.aws, "ec2")
        marks = [{"ResourceType": "volume", "Tags": pairs(tags)}]
        made = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=marks)["VolumeId"]
        return lambda: ec2.delete_volume(VolumeId=made)

    def machine(self, tags: dict[str, str]) -> Callable[[], Any]:
        ec2 = client(self.aws, "ec2")
        marks = [{"ResourceType": "instance", "Tags": pairs(tags)}]
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=self.around.subnets[0], TagSpecifications=marks
        )
        ids = [made["Instances"][0]["InstanceId"]]
        return lambda: ec2.terminate_instances(InstanceIds=ids)


@pytest.fixture
def cloud(loopback: Loopback, around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in loopback.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(api, "_CLIENTS", api._Clients())
    monkeypatch.setattr(api, "_MEMORY", api._Memory())
    monkeypatch.setattr(emptied, "_FIRST_PAUSE_SECONDS", 0.01)
    return Cloud(loopback, around)


def wait(seconds: float = 60.0, progress: Callable[[str], None] = print, warn: Callable[[str], None] = print) -> None:
    """What a destroy does with the cluster's part."""
    inputs = {"region": REGION, "cluster_name": "c"}
    last = Instance("x", EksEmptiedInputs(**inputs), EksEmptiedOutputs(**inputs))
    EksEmptied().delete("x", last, Context("urn", "owner", timeout=seconds, progress=progress, warn=warn))


@pytest.mark.parametrize(
    ("kind", "tags", "told"),
    [
        ("balancer", ISTIO, "(istio-system/gateway)"),
        ("balancer", CONTROLLER, "(models/web)"),
        ("balancer", {"eks:eks-cluster-name": "c"}, "load balancer lb"),
        ("classic", ISTIO, "load balancer a0b1 (istio-system/gateway)"),
        ("machine", NODE, "(Karpenter's pool l4)"),
        ("volume", CLAIM, "(models)"),
    ],
)
def test_a_destroy_waits_for_what_a_cluster_made_and_says_so(
    cloud: Cloud, kind: str, tags: dict[str, str], told: str
) -> None:
    remove = getattr(cloud, kind)(tags)
    said: list[str] = []

    def progress(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            remove()

    wait(progress=progress)
    assert len(said) == 2
    assert all(told in line and line.startswith("cluster c still has ") for line in said)


def test_what_others_made_is_not_waited_for(cloud: Cloud) -> None:
    made = [cloud.balancer(THEIRS), cloud.balancer({}), cloud.classic({"kubernetes.io/cluster/c": "shared"}),
            cloud.volume(THEIRS), cloud.machine(OURS)]  # fmt: skip
    said: list[str] = []
    wait(progress=said.append)
    assert said == []
    for remove in made:
        remove()


def test_what_does_not_go_is_named_with_its_service_and_nothing_is_taken_away(cloud: Cloud) -> None:
    made = [cloud.balancer(ISTIO), cloud.machine(NODE), cloud.volume(CLAIM)]
    with pytest.raises(Failed) as failure:
        wait(0.2)
    text = str(failure.value)
    assert "(istio-system/gateway), node i-" in text
    assert "vol-" in text
    assert "remove the Services, Ingresses and claims that it is for" in text
    for remove in made:
        remove()


def test_volumes_alone_hold_up_no_destroy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = cloud.volume(CLAIM)
    wait(0.2)
    monkeypatch.setattr(emptied, "_VOLUME_SECONDS", 0.0)
    wait()
    remove()


def test_who_may_not_look_is_told_so_and_does_not_wait(cloud: Cloud) -> None:
    cloud.aws.faults.deny("elbv2.DescribeLoadBalancers")
    warned: list[str] = []
    wait(warn=warned.append)
    (line,) = warned
    assert "are not waited for: you may not do elasticloadbalancing:DescribeLoadBalancers" in line
