"""An admission policy that locks up the containers that Seldon's operator adds, of which nothing else can say it.

It changes pods before the Pod Security Standard judges them, in namespaces of the stack alone, and touches nothing but
what the restricted standard asks: of the executor, of TensorFlow Serving beside Seldon's proxy, and of init containers
that say nothing of their own.
Source: MutatingAdmissionPolicy, admissionregistration.k8s.io/v1, stable from Kubernetes 1.36 on (KEP-3962).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

API_VERSION = "admissionregistration.k8s.io/v1"
SINCE = (1, 36)
"""The first Kubernetes that serves it as stable."""
OF_THE_OPERATOR = ("seldon-container-engine", "tfserving")
"""Containers that the operator adds to pods."""
_LONGEST = 253
_LABELLED = "has(object.metadata.labels) && 'seldon-deployment-id' in object.metadata.labels"
_ADDED = f"c.name in {list(OF_THE_OPERATOR)}"
_SILENT = "!has(c.securityContext)"


def _closed(field: str, chosen: str) -> str:
    """Write the patch of the chosen containers, in the policy's own language; a user id that is there stays."""
    context = f"Object.spec.{field}.securityContext"
    said = (
        "?runAsUser: c.?securityContext.?runAsUser, runAsNonRoot: true, allowPrivilegeEscalation: false, "
        f"capabilities: {context}.capabilities{{drop: ['ALL']}}, "
        f"seccompProfile: {context}.seccompProfile{{type: 'RuntimeDefault'}}"
    )
    index = f"string(object.spec.{field}.map(d, d.name).indexOf(c.name))"
    path = f"'/spec/{field}/' + {index} + '/securityContext'"
    patch = f"JSONPatch{{op: 'add', path: {path}, value: {context}{{{said}}}}}"
    return f"has(object.spec.{field}) ? object.spec.{field}.filter(c, {chosen}).map(c, {patch}) : []"


def policy_name(stack: str) -> str:
    """Name of a stack's policy: cluster-wide names are for all stacks; ``Models/prod`` gives one of its own."""
    return re.sub(r"[^a-z0-9-]+", "-", f"seldon-infra-{stack}".lower())[:_LONGEST].strip("-")


def executor_policy(name: str, namespaces: Sequence[Any]) -> list[dict[str, Any]]:
    """The policy, and what binds it to namespaces."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    policy = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [pods]},
        "matchConditions": [{"name": "of-a-seldon-deployment", "expression": _LABELLED}],
        "mutations": [
            {"patchType": "JSONPatch", "jsonPatch": {"expression": _closed(field, chosen)}}
            for field, chosen in (("containers", _ADDED), ("initContainers", _SILENT))
        ],
    }
    one_of = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [*namespaces]}
    binding = {"policyName": name, "matchResources": {"namespaceSelector": {"matchExpressions": [one_of]}}}
    return [
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
        for kind, spec in (("MutatingAdmissionPolicy", policy), ("MutatingAdmissionPolicyBinding", binding))
    ]
