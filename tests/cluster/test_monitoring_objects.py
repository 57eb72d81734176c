"""What Prometheus' operator reads is what the API server takes, to the last field."""

from __future__ import annotations

import pytest

from seldon_infra.graph.spec import Alerts, Amounts, Hpa, MetricTarget, ResourceMetric, Resources, Slo
from seldon_infra.monitoring.dashboards import config_maps
from seldon_infra.monitoring.render import gpu_exporter, istio_gateway, objects
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.servers.spec import TritonServer
from tests.cluster.control_plane import ControlPlane, Refused
from tests.unit.graph.check.build import deployment, model, predictor

pytestmark = pytest.mark.cluster

BUSY = Hpa(max_replicas=5, metrics=[ResourceMetric(name="cpu", target=MetricTarget(average_utilization=80))])
GPU = Resources(limits=Amounts(gpu=1))
WATCH = Monitoring(labels={"release": "watch"})
MADE = {
    **objects(
        WATCH,
        deployment(
            predictor("main", traffic=90, hpa=BUSY),
            predictor("canary", traffic=10, graph=model(server=TritonServer(), resources=GPU)),
            namespace="default",
            protocol="v2",
            engine_separate_pod=True,
            slo=Slo(availability=99.9, latency_p99="200ms"),
            alerts=Alerts(stale_after_days=30),
        ),
    ),
    "gateway": istio_gateway(WATCH, "default", {"istio": "ingressgateway"}),
    "gpus": gpu_exporter(WATCH, "default", {"app": "nvidia-dcgm-exporter"}),
}


@pytest.mark.parametrize("what", MADE)
def test_the_api_server_takes_every_field(control_plane: ControlPlane, what: str) -> None:
    manifest = MADE[what]
    plural = f"{manifest['kind'].lower()}s"
    place = f"/apis/monitoring.coreos.com/v1/namespaces/default/{plural}?fieldValidation=Strict&dryRun=All"
    assert control_plane.request("POST", place, manifest)["metadata"]["name"] == manifest["metadata"]["name"]
    with pytest.raises(Refused, match=r"spec\.hostz"):
        control_plane.request("POST", place, {**manifest, "spec": {**manifest["spec"], "hostz": "x"}})


def test_the_api_server_takes_the_dashboards(control_plane: ControlPlane) -> None:
    place = "/api/v1/namespaces/default/configmaps?fieldValidation=Strict&dryRun=All"
    for manifest in config_maps("default"):
        assert control_plane.request("POST", place, manifest)["data"] == manifest["data"]
