"""Custom resource definitions on the control plane: Seldon's, Istio's, Emissary's and the Gateway API's.

Seldon's is made from the library's own types. Inside it the API server's own schemas of pods and containers stand, so
that a misspelt field of a container is refused as it would be in a Deployment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from seldon_infra.graph.crd import seldon_deployment_crd
from tests.cluster.control_plane import ControlPlane
from tests.cluster.effective import is_there
from tests.engine.waiting import wait_until
from toolchain.control_plane import definitions

CORE, AUTOSCALING = "io.k8s.api.core.v1.", "io.k8s.api.autoscaling.v2."
WANTED = {
    "PodSpec": CORE,
    "Container": CORE,
    "EnvVar": CORE,
    "ResourceRequirements": CORE,
    "MetricSpec": AUTOSCALING,
}
KEPT = ("type", "format", "enum", "required", "default")
INT_OR_STRING = {"x-kubernetes-int-or-string": True}


def install_definitions(control_plane: ControlPlane) -> None:
    """Install all of them, and return when the API server serves them."""
    made = (seldon_deployment_crd(kubernetes_schemas(control_plane)), *others())
    for definition in made:
        control_plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    for definition in made:
        wait_until(lambda: is_served(control_plane, definition))  # noqa: B023 (it is called right here)


def others() -> Iterator[dict[str, Any]]:
    """The definitions of Istio, Emissary, the Gateway API, KEDA and Prometheus' operator."""
    for file in definitions():
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if document and document["kind"] == "CustomResourceDefinition":
                yield of_one_version(document)


def of_one_version(definition: dict[str, Any]) -> dict[str, Any]:
    """Keep the newest version alone where a webhook, which runs nowhere here, would convert the others."""
    if definition["spec"].pop("conversion", None):
        newest = definition["spec"]["versions"][-1]
        definition["spec"]["versions"] = [{**newest, "storage": True}]
    return definition


def is_served(control_plane: ControlPlane, definition: Mapping[str, Any]) -> bool:
    """Tell whether objects of a definition can be asked for: who serves them hears of it after it is established."""
    spec = definition["spec"]
    version = next(each["name"] for each in spec["versions"] if each["served"])
    objects = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}?limit=1"
    return is_established(control_plane, definition["metadata"]["name"]) and is_there(control_plane, objects)


def is_established(control_plane: ControlPlane, name: str) -> bool:
    """Tell whether the API server serves a definition's objects."""
    found = control_plane.request("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")
    conditions = found.get("status", {}).get("conditions") or []
    assert not [it for it in conditions if it["type"] == "NonStructuralSchema"], conditions
    return any(it["type"] == "Established" and it["status"] == "True" for it in conditions)


def kubernetes_schemas(control_plane: ControlPlane) -> dict[str, dict[str, Any]]:
    """The API server's own schemas, as custom resources can hold them."""
    named: dict[str, Any] = {}
    for path in ("/openapi/v3/api/v1", "/openapi/v3/apis/autoscaling/v2"):
        named |= json.loads(control_plane.text(path))["components"]["schemas"]
    return {name: structural(named[prefix + name], named) for name, prefix in WANTED.items()}


def structural(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Write a schema out without references."""
    if "allOf" in schema:
        (only,) = schema["allOf"]
        return structural(only, named)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return dict(INT_OR_STRING) if name.endswith((".Quantity", ".IntOrString")) else structural(named[name], named)
    result = {key: value for key, value in schema.items() if key in KEPT or key.startswith("x-kubernetes-list-")}
    if "enum" in result and result.get("default") not in result["enum"]:
        result.pop("default", None)  # Go's zero value, which is none of the allowed ones
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            result[key] = structural(schema[key], named)
    if "properties" in schema:
        result["properties"] = {name: structural(inner, named) for name, inner in schema["properties"].items()}
    return result
