"""Seldon's custom resource definition, made from the manifest's own types.

For clusters and tests without Seldon's chart. The API server then refuses unknown fields and wrong types in every part
of a SeldonDeployment; the rules that go across fields are the webhook's, and :mod:`seldon_infra.graph.check`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.graph.manifest import GROUP, KIND, PLURAL, VERSIONS, SeldonDeploymentSpec
from seldon_infra.graph.render_values import Manifest

DEEPEST_GRAPH = 16
"""Levels of children that the schema describes: schemas of custom resources cannot refer to themselves."""
_OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_KEPT = ("type", "format", "enum", "required", "minimum", "maximum")


def seldon_deployment_crd(kubernetes: Mapping[str, Manifest] | None = None) -> Manifest:
    """The CustomResourceDefinition of SeldonDeployment.

    Args:
        kubernetes: structural schemas of Kubernetes' own types by their name (``PodSpec``, ``Container``, ``EnvVar``,
            ``ResourceRequirements``, ``MetricSpec``); what is not there takes any field.
    """
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": "seldondeployment",
                "shortNames": ["sdep"],
                "categories": ["all"],
            },
            "scope": "Namespaced",
            "versions": [version(name, kubernetes or {}) for name in VERSIONS],
        },
    }


def version(name: str, kubernetes: Mapping[str, Manifest]) -> Manifest:
    """One version of the API; the first is the one that is stored."""
    schema = {
        "type": "object",
        "properties": {"spec": spec_schema(kubernetes), "status": _OPEN},
    }
    return {
        "name": name,
        "served": True,
        "storage": name == VERSIONS[0],
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }


def spec_schema(kubernetes: Mapping[str, Manifest]) -> Manifest:
    """The structural schema of a SeldonDeployment's ``spec``."""
    whole = SeldonDeploymentSpec.model_json_schema(by_alias=True)
    return _structural(whole, whole.get("$defs", {}), kubernetes, DEEPEST_GRAPH)


def _structural(
    node: Mapping[str, Any], named: Mapping[str, Any], kubernetes: Mapping[str, Any], depth: int
) -> Manifest:
    """Turn pydantic's schema into the form that custom resources need: no references, no unions with null."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        depth -= name == "PredictiveUnit"
        return _structural(named[name], named, kubernetes, depth) if depth >= 0 else dict(_OPEN)
    if "x-schema" in node:
        return dict(kubernetes.get(node["x-schema"], _OPEN))
    if "anyOf" in node:
        return _structural(next(it for it in node["anyOf"] if it.get("type") != "null"), named, kubernetes, depth)
    result = {key: value for key, value in node.items() if key in _KEPT or key.startswith("x-kubernetes-")}
    inner = {name: _structural(field, named, kubernetes, depth) for name, field in node.get("properties", {}).items()}
    if inner:
        result["properties"] = inner
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), Mapping):
            result[key] = _structural(node[key], named, kubernetes, depth)
    return result
