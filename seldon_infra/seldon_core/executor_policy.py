"""An admission policy that locks up the executor, of which neither a SeldonDeployment nor Seldon's chart can say it.

It changes pods before the Pod Security Standard judges them, in namespaces of the stack alone, and touches nothing but
what the restricted standard asks of the executor's container.
Source: MutatingAdmissionPolicy, admissionregistration.k8s.io/v1, stable from Kubernetes 1.36 on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

API_VERSION = "admissionregistration.k8s.io/v1"
SINCE = (1, 36)
"""The first Kubernetes that serves it as stable."""
EXECUTOR = "seldon-container-engine"
_LONGEST = 253
_IS_EXECUTOR = f"c.name == '{EXECUTOR}'"
_HAS_EXECUTOR = f"object.spec.containers.exists(c, {_IS_EXECUTOR})"
_CONTEXT = (
    "Object.spec.containers.securityContext{"
    "?runAsUser: c.?securityContext.?runAsUser, "
    "runAsNonRoot: true, "
    "allowPrivilegeEscalation: false, "
    "capabilities: Object.spec.containers.securityContext.capabilities{drop: ['ALL']}, "
    "seccompProfile: Object.spec.containers.securityContext.seccompProfile{type: 'RuntimeDefault'}}"
)
_PATH = "'/spec/containers/' + string(object.spec.containers.map(d, d.name).indexOf(c.name)) + '/securityContext'"
_PATCH = (
    f"object.spec.containers.filter(c, {_IS_EXECUTOR})"
    f".map(c, JSONPatch{{op: 'add', path: {_PATH}, value: {_CONTEXT}}})"
)


def policy_name(stack: str) -> str:
    """Name of a stack's policy: cluster-wide names are for all stacks; ``Models/prod`` gives one of its own."""
    return re.sub(r"[^a-z0-9-]+", "-", f"seldon-infra-{stack}".lower())[:_LONGEST].strip("-")


def executor_policy(name: str, namespaces: Sequence[str]) -> list[dict[str, Any]]:
    """The policy, and what binds it to namespaces."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    policy = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [pods]},
        "matchConditions": [{"name": "has-executor", "expression": _HAS_EXECUTOR}],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": _PATCH}}],
    }
    one_of = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": sorted(namespaces)}
    binding = {"policyName": name, "matchResources": {"namespaceSelector": {"matchExpressions": [one_of]}}}
    return [
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
        for kind, spec in (("MutatingAdmissionPolicy", policy), ("MutatingAdmissionPolicyBinding", binding))
    ]
