"""What is rendered for Istio and Emissary is what the API server takes, to the last field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seldon_infra import Istio, Kubernetes, Tracing
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.model_server.render import model_server
from seldon_infra.targets.platform import behind_ingress, spans, watched_servers
from tests.cluster.control_plane import ControlPlane, Refused
from tests.cluster.effective import make_namespace, remove_namespace
from tests.unit.graph.cases import digits
from tests.unit.ingress.cases import CASES, objects
from tests.unit.model_server.cases import sklearn, triton

pytestmark = pytest.mark.cluster

NAMESPACES = ("istio-system", "emissary", "models", "vision")
UNDEFINED = ("cert-manager.io",)
"""Groups that the control plane has no definitions of."""
CHECKED = [
    pytest.param(each, id=f"{name}-{each['kind']}-{each['metadata']['name']}")
    for name in CASES
    for each in objects(name)
    if each["apiVersion"].partition("/")[0] not in UNDEFINED
]
TRACING = Tracing(
    otlp_endpoint="http://otel.observability:4317",
    jaeger_endpoint="http://otel.observability:14268/api/traces",
    triton_endpoint="http://otel.observability:4318/v1/traces",
    istio_provider="otel",
    sample=0.1,
)
TRACED = Kubernetes(tracing=TRACING, ingress=Istio(existing=True, mtls=["models"]))
SENDING = [
    *spans(TRACED),
    *(seldon_deployment(each) for each in behind_ingress(TRACED, [digits()])),
    *(
        manifest
        for server in watched_servers(TRACED, [triton(), sklearn()])
        for kind, manifest in model_server(server).items()
        if kind == "Deployment"
    ),
]
"""What tells executors, MLServers, Tritons and Istio's proxies where their spans go."""


@pytest.fixture(scope="module", autouse=True)
def namespaces(control_plane: ControlPlane) -> Iterator[None]:
    for name in NAMESPACES:
        make_namespace(control_plane, name)
    yield
    for name in NAMESPACES:
        remove_namespace(control_plane, name)


def post(control_plane: ControlPlane, manifest: dict[str, Any]) -> dict[str, Any]:
    place = f"/apis/{manifest['apiVersion']}/namespaces/{manifest['metadata']['namespace']}"
    kind = manifest["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("ry") else f"{kind}s"
    return control_plane.request("POST", f"{place}/{plural}?fieldValidation=Strict&dryRun=All", manifest)


@pytest.mark.parametrize("manifest", CHECKED)
def test_the_api_server_takes_every_field(control_plane: ControlPlane, manifest: dict[str, Any]) -> None:
    assert post(control_plane, manifest)["metadata"]["name"] == manifest["metadata"]["name"]


@pytest.mark.parametrize("manifest", SENDING, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_the_api_server_takes_what_tracing_adds(control_plane: ControlPlane, manifest: dict[str, Any]) -> None:
    assert post(control_plane, manifest)["spec"]
    with pytest.raises(Refused, match=r"spec\.hostz"):
        post(control_plane, {**manifest, "spec": {**manifest["spec"], "hostz": "x"}})


@pytest.mark.parametrize(
    "kind", ["Gateway", "PeerAuthentication", "DestinationRule", "Listener", "Host", "AuthService"]
)
def test_a_misspelt_field_is_refused(control_plane: ControlPlane, kind: str) -> None:
    manifest = next(param.values[0] for param in CHECKED if param.values[0]["kind"] == kind)  # type: ignore[index]
    with pytest.raises(Refused, match=r"spec\.hostz"):
        post(control_plane, {**manifest, "spec": {**manifest["spec"], "hostz": "x"}})
