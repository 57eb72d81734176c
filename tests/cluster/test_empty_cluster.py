"""One `pulumi up` on a cluster that has nothing, and a destroy that leaves it so.

Charts are small ones that do what the real ones do to an order: CRDs that are absent at plan time and kept by Helm, an
operator whose pods are ready before its webhook answers, namespaces that several parts are in.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from seldon_infra.graph.crd import seldon_deployment_crd
from seldon_infra.graph.manifest import GROUP
from tests.cluster.control_plane import ControlPlane, started
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.nodes import add_nodes
from tests.cluster.operator import operator
from tests.cluster.test_stack import there
from tests.cluster.webhook import Webhook, webhook
from tests.engine.scratch import OF_A_STACK, Engine, scratch_engine
from toolchain.control_plane import definitions

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

CHARTS = Path(__file__).with_name("charts")
IRIS = f"/apis/{GROUP}/v1/namespaces/vision/seldondeployments/iris"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LISTS = (
    DEFINITIONS,
    "/api/v1/namespaces",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
)
UNREADY = 3
STACK = """
from seldon_infra import *

def chart(name):
    return Chart(name={charts!r} + "/" + name)

graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
stack = Stack(
    target=Kubernetes(
        seldon_core=SeldonCore(chart=chart("operator"), values={values}),
        ingress=Istio(
            charts={{"istio-base": chart("base"), "istiod": chart("istiod"), "istio-ingressgateway": chart("gateway")}},
            circuit_breakers=CircuitBreakers(max_connections=10),
            mtls=["vision"],
        ),
        monitoring=Monitoring(install=PrometheusStack(chart=chart("prometheus"))),
    ),
    deployments=[
        SeldonDeployment(
            name="iris", namespace="vision", protocol="v2", predictors=[Predictor(name="main", graph=graph)]
        )
    ],
)
"""


@pytest.fixture
def cluster() -> Iterator[ControlPlane]:
    """A control plane of its own, on which no custom resource is defined."""
    with started() as running:
        add_nodes(running)
        yield running


@pytest.fixture
def not_ready(tmp_path: Path) -> Iterator[Webhook]:
    with webhook(tmp_path, UNREADY) as serving:
        yield serving


@pytest.fixture
def engine(cluster: ControlPlane, not_ready: Webhook, tmp_path: Path) -> Engine:
    folder = tmp_path.resolve()
    made = scratch_engine(folder)
    made.environment["KUBECONFIG"] = str(cluster.kubeconfig)
    install_provider(folder)
    made.use_plugin("kubernetes", folder)
    made.use_plugin("seldon", Path(sys.executable).parent)
    made.write_inline_program(OF_A_STACK)
    values = {"answers": {"url": not_ready.url, "certificate": not_ready.certificate}}
    (made.directory / "test.py").write_text(STACK.format(charts=str(write_charts(tmp_path / "charts")), values=values))
    return made


def write_charts(folder: Path) -> Path:
    """Put the charts into a folder, with the definitions that the real ones have in them."""
    shutil.copytree(CHARTS, folder)
    (folder / "operator/files").mkdir()
    (folder / "operator/files/crd.yaml").write_text(yaml.safe_dump(seldon_deployment_crd()))
    (file,) = [file for file in definitions() if file.name.startswith("customresourcedefinitions")]
    documents = [each for each in yaml.safe_load_all(file.read_text()) if each]
    always = [each for each in documents if each["spec"]["group"] == "telemetry.istio.io"]
    marked = [each for each in documents if each not in always]
    for name, held in (("crds/telemetry.yaml", always), ("files/crd-all.gen.yaml", marked)):
        (folder / "base" / name).parent.mkdir()
        (folder / "base" / name).write_text(yaml.safe_dump_all(held))
    (folder / "prometheus/crds").mkdir()
    for file in definitions():
        if file.name.startswith("monitoring.coreos.com"):
            shutil.copy(file, folder / "prometheus/crds")
    return folder


def what_is_there(cluster: ControlPlane) -> dict[str, list[str]]:
    """Give the names of what a cluster has beside what it has by itself."""
    return {path: sorted(item["metadata"]["name"] for item in cluster.request("GET", path)["items"]) for path in LISTS}


def names(cluster: ControlPlane, path: str) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.request("GET", path)["items"]}


def test_one_up_fills_an_empty_cluster_and_a_destroy_empties_it(
    engine: Engine, cluster: ControlPlane, not_ready: Webhook
) -> None:
    before = what_is_there(cluster)
    previewed = engine.preview().stdout
    assert re.search(r"v1:SeldonDeployment +iris +create", previewed), previewed
    assert what_is_there(cluster) == before

    with operator(cluster):
        engine.up()
        assert not_ready.unheard == UNREADY
        assert not_ready.asked[0]["dryRun"] is True
        assert there(cluster, IRIS) is not None
        assert "istio-injection" in labels(cluster, "vision")
        assert there(cluster, "/apis/networking.istio.io/v1/namespaces/istio-system/gateways/seldon-gateway")
        rules = names(cluster, "/apis/networking.istio.io/v1/namespaces/istio-system/destinationrules")
        assert rules == {"vision.iris.main"}
        watching = "/apis/monitoring.coreos.com/v1/namespaces"
        assert names(cluster, f"{watching}/vision/podmonitors") == {"iris"}
        assert names(cluster, f"{watching}/vision/prometheusrules") == {"iris"}
        assert names(cluster, f"{watching}/istio-system/podmonitors") == {"seldon-istio-gateway"}
        maps = names(cluster, "/api/v1/namespaces/monitoring/configmaps")
        assert {f"seldon-{page}-dashboard" for page in ("fleet", "deployment", "gpu")} <= maps
        prometheus = cluster.request("GET", "/api/v1/namespaces/monitoring/configmaps/prometheus")["data"]
        assert prometheus == {"podMonitorSelectorNilUsesHelmValues": "false"}
        assert "unchanged" in engine.up("--expect-no-changes").stdout
        engine.destroy()
    assert what_is_there(cluster) == before


def test_definitions_that_somebody_has_objects_of_stay(engine: Engine, cluster: ControlPlane) -> None:
    with operator(cluster):
        engine.up()
    theirs = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "theirs"},
        "spec": {"hosts": ["a.example.com"], "location": "MESH_EXTERNAL", "resolution": "DNS"},
    }
    cluster.request("POST", "/apis/networking.istio.io/v1/namespaces/default/serviceentries", theirs)
    said = engine.destroy().stdout
    assert "definition 'serviceentries.networking.istio.io' stays: there are objects of it" in said
    assert names(cluster, DEFINITIONS) == {"serviceentries.networking.istio.io"}


def labels(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    return dict(cluster.request("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["labels"])
