"""What Prometheus' operator reads is what the API server takes, to the last field."""

from __future__ import annotations

import pytest

from seldon_infra.graph.spec import Slo
from seldon_infra.monitoring.render import objects
from seldon_infra.monitoring.spec import Monitoring
from tests.cluster.control_plane import ControlPlane, Refused
from tests.unit.graph.check.build import deployment, predictor

pytestmark = pytest.mark.cluster

MADE = objects(
    Monitoring(labels={"release": "watch"}),
    deployment(
        predictor("main"),
        namespace="default",
        engine_separate_pod=True,
        slo=Slo(availability=99.9, latency_p99="200ms"),
    ),
)


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_the_api_server_takes_every_field(control_plane: ControlPlane, kind: str) -> None:
    manifest = MADE[kind]
    place = f"/apis/monitoring.coreos.com/v1/namespaces/default/{kind.lower()}s?fieldValidation=Strict&dryRun=All"
    assert control_plane.request("POST", place, manifest)["metadata"]["name"] == "fraud"
    with pytest.raises(Refused, match=r"spec\.hostz"):
        control_plane.request("POST", place, {**manifest, "spec": {**manifest["spec"], "hostz": "x"}})
