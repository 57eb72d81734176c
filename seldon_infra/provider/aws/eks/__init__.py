"""The resource types of EKS."""

from __future__ import annotations

from seldon_infra.provider.aws.eks.access_entry import EksAccessEntry
from seldon_infra.provider.aws.eks.addon import EksAddon
from seldon_infra.provider.aws.eks.cluster import EksCluster
from seldon_infra.provider.aws.eks.emptied import EksEmptied
from seldon_infra.provider.aws.eks.nodegroup import EksNodegroup
from seldon_infra.provider.aws.eks.pod_identity import EksPodIdentityAssociation

RESOURCES = (EksCluster, EksNodegroup, EksAddon, EksAccessEntry, EksPodIdentityAssociation, EksEmptied)
"""Every type of EKS that the plugin serves."""
