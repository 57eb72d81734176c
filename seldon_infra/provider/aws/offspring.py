"""What a cluster makes in AWS by itself: load balancers of its Services, machines of Karpenter, volumes of its claims.

Source of the tags: `kubernetes.io/cluster/NAME`, with the Service beside it, is the cloud provider's
(cloud-provider-aws, pkg/providers/v1/tags.go); `elbv2.k8s.aws/cluster` the AWS Load Balancer Controller's;
`eks:eks-cluster-name` that of EKS Auto Mode; `karpenter.sh/nodepool` Karpenter's; volumes have the first from the EBS
driver (docs/tagging.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.blockers import volumes_of
from seldon_infra.provider.aws.ec2 import filters
from seldon_infra.provider.aws.tags import from_pairs

_FOR = (
    "kubernetes.io/service-name",
    "service.k8s.aws/stack",
    "ingress.k8s.aws/stack",
    "service.eks.amazonaws.com/stack",
    "ingress.eks.amazonaws.com/stack",
)
"""Tags that name the Service or the Ingress a load balancer is for."""
_AT_ONCE = 20
"""Of how many load balancers tags are told in one answer."""
_ALIVE = ("pending", "running", "stopping", "stopped", "shutting-down")


@dataclass(frozen=True)
class Offspring:
    """What there is of it, each as the user would look for it."""

    blocking: tuple[str, ...]
    """Load balancers and machines, which keep the network from being removed."""
    volumes: tuple[str, ...]
    """Volumes, which keep nothing from being removed, and cost."""

    def __str__(self) -> str:
        return ", ".join((*self.blocking, *self.volumes))


def of_cluster(api: Api, cluster: str) -> Offspring:
    """What a cluster has made and is there."""
    return Offspring((*_balancers(api, cluster), *_machines(api, cluster)), tuple(volumes_of(api, cluster)))


def _balancers(api: Api, cluster: str) -> Iterator[str]:
    """Load balancers of both kinds that AWS has."""
    newer = {it["LoadBalancerArn"]: it for it in api.every("elbv2", "describe_load_balancers", "LoadBalancers")}
    for arns in _some_at_once(list(newer)):
        told = api.ask("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"]
        yield from _owned(cluster, ((newer[it["ResourceArn"]]["LoadBalancerName"], it) for it in told))
    classic = api.every("elb", "describe_load_balancers", "LoadBalancerDescriptions")
    for names in _some_at_once([it["LoadBalancerName"] for it in classic]):
        told = api.ask("elb", "describe_tags", LoadBalancerNames=names)["TagDescriptions"]
        yield from _owned(cluster, ((str(it["LoadBalancerName"]), it) for it in told))


def _some_at_once(names: Sequence[str]) -> Iterator[list[str]]:
    yield from (list(names[first : first + _AT_ONCE]) for first in range(0, len(names), _AT_ONCE))


def _owned(cluster: str, told: Iterable[tuple[str, Answer]]) -> Iterator[str]:
    for name, it in told:
        tags = from_pairs(it.get("Tags", ()))
        if _is_of(cluster, tags):
            purpose = next((tags[key] for key in _FOR if key in tags), "")
            yield f"load balancer {name} ({purpose})" if purpose else f"load balancer {name}"


def _is_of(cluster: str, tags: Mapping[str, str]) -> bool:
    named = cluster in (tags.get("elbv2.k8s.aws/cluster"), tags.get("eks:eks-cluster-name"))
    return named or tags.get(f"kubernetes.io/cluster/{cluster}") == "owned"


def _machines(api: Api, cluster: str) -> Iterator[str]:
    """Nodes that Karpenter has started; those of node groups go with their group."""
    owned = filters((f"tag:kubernetes.io/cluster/{cluster}", "owned"), ("tag-key", "karpenter.sh/nodepool"))
    alive = [{"Name": "instance-state-name", "Values": list(_ALIVE)}]
    for reservation in api.every("ec2", "describe_instances", "Reservations", Filters=[*owned, *alive]):
        for it in reservation["Instances"]:
            pool = from_pairs(it.get("Tags", ())).get("karpenter.sh/nodepool", "")
            yield f"node {it['InstanceId']} (Karpenter's pool {pool})"
