"""What AWS's answers say, as facts: one function per kind of answer, all pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from seldon_infra.eks.aws import quotas
from seldon_infra.eks.aws.facts import Caller, Denied, InstanceType, Subnet, Support, Version

CLUSTER_TAG, GROUP_TAG = "eks:cluster-name", "eks:nodegroup-name"
"""Tags that EKS puts on the machines of a node group."""
_SUPPORT: Mapping[str, Support] = {"STANDARD_SUPPORT": "standard", "EXTENDED_SUPPORT": "extended"}

Answer = Mapping[str, Any]


def caller(answer: Answer) -> Caller:
    """Who asks, of GetCallerIdentity."""
    return Caller(str(answer["Account"]), str(answer["Arn"]))


def denied(answers: Iterable[Answer]) -> tuple[Denied, ...]:
    """What is not allowed, of SimulatePrincipalPolicy.

    Where a statement hangs on conditions that a simulation does not know, nobody can say.
    """
    results = [it for answer in answers for it in answer["EvaluationResults"]]
    judged = (it for it in results if it["EvalDecision"] != "allowed" and not it.get("MissingContextValues"))
    return tuple(Denied(it["EvalActionName"], it["EvalDecision"] == "explicitDeny") for it in judged)


def zones(answer: Answer) -> frozenset[str]:
    """Zones that the account may use, of DescribeAvailabilityZones."""
    usable = (it for it in answer["AvailabilityZones"] if it.get("OptInStatus") != "not-opted-in")
    return frozenset(it["ZoneName"] for it in usable)


def instance_types(answers: Iterable[Answer]) -> dict[str, InstanceType]:
    """What machines have, of DescribeInstanceTypes."""
    found = (_instance_type(it) for answer in answers for it in answer["InstanceTypes"])
    return {it.name: it for it in found}


def _instance_type(found: Answer) -> InstanceType:
    gpus = found.get("GpuInfo", {}).get("Gpus", [])
    return InstanceType(
        found["InstanceType"],
        int(found["VCpuInfo"]["DefaultVCpus"]),
        frozenset(found.get("ProcessorInfo", {}).get("SupportedArchitectures", ())),
        any(it.get("Manufacturer") == "NVIDIA" for it in gpus),
        found.get("NetworkInfo", {}).get("Ipv4AddressesPerInterface"),
    )


def offered(answers: Iterable[Answer]) -> dict[str, frozenset[str]]:
    """Zones by instance type, of DescribeInstanceTypeOfferings."""
    found: dict[str, set[str]] = {}
    for answer in answers:
        for it in answer["InstanceTypeOfferings"]:
            found.setdefault(it["InstanceType"], set()).add(it["Location"])
    return {kind: frozenset(places) for kind, places in found.items()}


def used(answers: Iterable[Answer], cluster: str, region_types: Mapping[str, int]) -> dict[str, int]:
    """vCPUs that run, by the quota's code, of DescribeInstances; the cluster's own nodes are part of the plan.

    Args:
        answers: all pages.
        cluster: the cluster's name.
        region_types: vCPUs by instance type, for machines that do not tell their own.
    """
    counted: Counter[str] = Counter()
    for machine in _machines(answers):
        if _tags(machine).get(CLUSTER_TAG) == cluster:
            continue
        kind = machine["InstanceType"]
        quota = quotas.spot(kind) if machine.get("InstanceLifecycle") == "spot" else quotas.on_demand(kind)
        if quota is not None:
            counted[quota.code] += _vcpus(machine) or region_types.get(kind, 0)
    return dict(counted)


def own_nodes(answers: Iterable[Answer], cluster: str) -> dict[str, int]:
    """The cluster's own machines, counted by the name of their group in AWS, of DescribeInstances."""
    tags = map(_tags, _machines(answers))
    return dict(Counter(it.get(GROUP_TAG, "") for it in tags if it.get(CLUSTER_TAG) == cluster))


def _tags(machine: Answer) -> dict[str, str]:
    return {it["Key"]: it["Value"] for it in machine.get("Tags", ())}


def _machines(answers: Iterable[Answer]) -> Iterator[Answer]:
    for answer in answers:
        for reservation in answer["Reservations"]:
            yield from reservation["Instances"]


def _vcpus(machine: Answer) -> int:
    options = machine.get("CpuOptions", {})
    return int(options.get("CoreCount", 0)) * int(options.get("ThreadsPerCore", 1))


def subnets(answers: Iterable[Answer]) -> dict[str, Subnet]:
    """Subnets by id, of DescribeSubnets."""
    found = (it for answer in answers for it in answer["Subnets"])
    return {
        it["SubnetId"]: Subnet(it["SubnetId"], it["VpcId"], it["AvailabilityZone"], it["AvailableIpAddressCount"])
        for it in found
    }


def versions(answers: Iterable[Answer]) -> dict[str, Version]:
    """Kubernetes versions, of DescribeClusterVersions."""
    found = (_version(it) for answer in answers for it in answer["clusterVersions"])
    return {it.name: it for it in found}


def _version(found: Answer) -> Version:
    until = found.get("endOfStandardSupportDate")
    status = found.get("versionStatus") or str(found.get("status", "")).upper().replace("-", "_")
    return Version(found["clusterVersion"], _SUPPORT.get(status, "unsupported"), until.date() if until else None)


def trust(answer: Answer) -> Mapping[str, Any]:
    """A role's trust policy, of GetRole."""
    document = answer["Role"]["AssumeRolePolicyDocument"]
    found: Mapping[str, Any] = json.loads(unquote(document)) if isinstance(document, str) else document
    return found


def role_name(arn: str) -> str:
    """A role's name: the last part of its ARN, or the part before the session's name."""
    parts = arn.split("/")
    return parts[-2] if ":assumed-role/" in arn and len(parts) > 2 else parts[-1]
