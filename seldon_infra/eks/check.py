"""Rules about a cluster on AWS that hold without asking anybody."""

from __future__ import annotations

from seldon_infra.core.model import is_known
from seldon_infra.core.problems import Problem, gather
from seldon_infra.eks.gpu_software import check as gpu_software
from seldon_infra.eks.rules import access, cluster, network, nodes
from seldon_infra.eks.rules.forms import ACCOUNT, REGION, has_form
from seldon_infra.eks.spec import EksCluster, ExistingCluster

RULES = (*cluster.RULES, *network.RULES, *access.RULES, *nodes.RULES, *gpu_software.RULES)


def check(spec: EksCluster) -> list[Problem]:
    """Find every problem of a cluster's definition, in the user's words."""
    return list(gather(rule(spec) for rule in RULES))


def check_existing(spec: ExistingCluster) -> list[Problem]:
    """Find every problem of how a cluster that is there is named."""
    path, found = ExistingCluster.noun, []
    if spec.eks_name is None:
        for field in ("region", "account"):
            if getattr(spec, field) is not None:
                want = "must go with eks_name, which alone it is about"
                found.append(Problem(path, f"{field} is set", want, f"write eks_name='…', or remove {field}"))
    elif spec.kubeconfig is not None or spec.context is not None:
        other = "kubeconfig" if spec.kubeconfig is not None else "context"
        want = "must be one of two: a kubeconfig is made for a name at EKS"
        found.append(Problem(path, f"both eks_name and {other} are set", want, f"remove {other}"))
    found += has_form(path, "region", spec.region, REGION, "eu-west-1")
    found += has_form(path, "account", spec.account, ACCOUNT, "123456789012")
    if is_known(spec.eks_name) and not spec.eks_name:
        found.append(Problem(path, "eks_name is empty", "must be the cluster's name", "write eks_name='prod'"))
    return found
