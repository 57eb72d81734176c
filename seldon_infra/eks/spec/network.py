"""The network of a cluster: one of its own, or one that is there.

Sources: the EKS user guide, "Amazon EKS networking requirements for VPC and subnets"; VPC's rules for CIDR blocks.
"""

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later, Many, Spec

NatGateways: TypeAlias = Literal["one", "per_zone"]
"""How many ways private subnets have to the internet: one is cheaper, one per zone outlives the loss of a zone."""


class NewVpc(Spec):
    """A network of the stack's own: in each zone a public subnet for load balancers and a private one for nodes."""

    noun: ClassVar[str] = "network"

    zones: Many[str]
    """Zones, such as ``("eu-west-1a", "eu-west-1b")``: EKS needs two at least. A change of one replaces its subnets."""
    cidr: str = "10.0.0.0/16"
    """Addresses, /16 to /24 of private IPv4 space. Every pod takes one. A change replaces the network.
    Default: ``"10.0.0.0/16"``, so that each of three zones has about 16,000 addresses for nodes and pods."""
    nat: NatGateways = "one"
    """NAT gateways, by which nodes get images and reach AWS. Default: ``"one"``, which costs least."""
    s3_endpoint: bool = True
    """Whether S3 (models, image layers) is reached without the NAT gateway's fees. Default: True; it is free."""


class ExistingNetwork(Spec):
    """A network that something else has made; the stack changes nothing in it."""

    noun: ClassVar[str] = "network"

    vpc_id: Later[str]
    """Its id, ``vpc-…``."""
    subnet_ids: Many[Later[str]]
    """Private subnets for control plane and nodes, in two zones at least, each with a way to the internet or to
    AWS's endpoints. Load balancers find subnets by the tags that the page about clusters names."""


Network: TypeAlias = NewVpc | ExistingNetwork
"""Where a cluster's nodes and load balancers have their addresses."""

__all__ = ["ExistingNetwork", "NatGateways", "Network", "NewVpc"]
