"""Which Kubernetes, addon and image versions there are in this AWS; small, made up, and in the forms that AWS uses."""

from __future__ import annotations

from datetime import UTC, datetime

KUBERNETES = ("1.31", "1.32", "1.33", "1.34")
DEFAULT = "1.33"
END_OF_STANDARD_SUPPORT = {
    "1.31": datetime(2025, 11, 26, tzinfo=UTC),
    "1.32": datetime(2026, 3, 23, tzinfo=UTC),
    "1.33": datetime(2027, 7, 29, tzinfo=UTC),
    "1.34": datetime(2027, 12, 2, tzinfo=UTC),
}
EXTENDED = frozenset({"1.31"})
"""Versions whose standard support has ended."""
ADDONS = {
    "vpc-cni": {"1.20.1-eksbuild.1": KUBERNETES, "1.20.4-eksbuild.1": KUBERNETES},
    "coredns": {"1.11.4-eksbuild.2": ("1.31", "1.32"), "1.12.1-eksbuild.2": KUBERNETES[1:]},
    "kube-proxy": {f"{version}.3-eksbuild.2": (version,) for version in KUBERNETES},
    "eks-pod-identity-agent": {"1.3.8-eksbuild.2": KUBERNETES},
    "aws-ebs-csi-driver": {"1.48.0-eksbuild.1": KUBERNETES},
}


def minor(version: str) -> int:
    """33 of 1.33."""
    return int(version.split(".")[1])


def release(version: str, build: str = "20261101") -> str:
    """The latest release of the EKS images for a Kubernetes version."""
    return f"{version}.4-{build}"


def addon_versions(name: str, kubernetes: str) -> list[str]:
    """The versions of an addon for a Kubernetes version, the default last."""
    return [f"v{version}" for version, fitting in ADDONS.get(name, {}).items() if kubernetes in fitting]
