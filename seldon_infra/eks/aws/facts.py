"""What an account and a region of AWS say about themselves, frozen: a field is None where nobody could read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

from seldon_infra.clusters.facts import Skipped

Support: TypeAlias = Literal["standard", "extended", "unsupported"]


@dataclass(frozen=True)
class Caller:
    """Who the credentials are of."""

    account: str
    arn: str
    """Of the user, or of the session of a role."""


@dataclass(frozen=True)
class Denied:
    """An action that IAM's simulation does not allow."""

    action: str
    """``ec2:CreateVpc``."""
    explicit: bool
    """Whether a statement denies it; else no statement allows it."""


@dataclass(frozen=True)
class InstanceType:
    """What a machine of a type has."""

    name: str
    vcpus: int
    architectures: frozenset[str]
    """``x86_64``, ``arm64``."""
    nvidia: bool
    """Whether it has GPUs of NVIDIA's."""
    addresses: int | None = None
    """IPv4 addresses of one network interface, of which a node takes one at least."""


@dataclass(frozen=True)
class Subnet:
    """A subnet that is there."""

    id: str
    vpc: str
    zone: str
    free: int
    """Addresses that nobody has."""


@dataclass(frozen=True)
class Version:
    """A Kubernetes version of EKS."""

    name: str
    support: Support
    standard_until: date | None = None


@dataclass(frozen=True)
class Role:
    """A role that is named; a trust of None is a role that is not there."""

    arn: str
    trust: Mapping[str, Any] | None = field(hash=False)


@dataclass(frozen=True)
class AwsFacts:
    """Everything that is known of an account in a region."""

    region: str
    today: date
    caller: Caller | None = None
    denied: tuple[Denied, ...] | None = None
    zones: frozenset[str] | None = None
    """Zones of the region that the account may use."""
    types: Mapping[str, InstanceType] | None = None
    """Those of the wanted instance types that the region knows."""
    offered: Mapping[str, frozenset[str]] | None = None
    """Zones that have machines, by instance type."""
    quotas: Mapping[str, int | None] = field(default_factory=dict)
    """vCPUs that the account may run, by the quota's code; None where nobody could read it."""
    used: Mapping[str, int] | None = None
    """vCPUs that run now outside of this cluster's node groups, by the quota's code."""
    own: Mapping[str, int] = field(default_factory=dict)
    """The cluster's nodes that run now, by the name that their group has in AWS."""
    subnets: Mapping[str, Subnet] | None = None
    """Those of the named subnets that are there."""
    versions: Mapping[str, Version] | None = None
    images: Mapping[str, bool | None] = field(default_factory=dict)
    """Whether there are images, by the name of the SSM parameter that gives the latest."""
    roles: Mapping[str, Role | None] = field(default_factory=dict)
    """Named roles by ARN; None where nobody could read it."""
    skipped: tuple[Skipped, ...] = ()

    @property
    def extended_versions(self) -> frozenset[str] | None:
        """Kubernetes versions whose standard support has ended."""
        if self.versions is None:
            return None
        return frozenset(it.name for it in self.versions.values() if it.support == "extended")
