"""Rules about detectors: each broken by one deployment, and kept by its nearest neighbour."""

from __future__ import annotations

import pytest

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.graph.check import check, check_cluster, check_local
from seldon_infra.graph.spec import Model, SeldonDeployment
from seldon_infra.servers.detectors import Detector, DriftDetector, OutlierDetector
from tests.unit.graph.check.build import PREDICTOR, Row, graph, model

NODE = f"{PREDICTOR} → model 'watch'"


def watched(server: Detector) -> SeldonDeployment:
    watch = Model(name="watch", server=server, model_uri="s3://bucket/reference", children=(model(),))
    return graph(watch, protocol="v2")


ROWS = {
    "a chance lies between 0 and 1": Row(
        watched(DriftDetector(p_value=1)),
        f"{NODE}: p_value 1, must lie between 0 and 1; write p_value=0.01, say",
        watched(DriftDetector(p_value=0.5)),
    ),
    "a window is more than a row": Row(
        watched(DriftDetector(window=1)),
        f"{NODE}: window 1, must be 2 or more; write window=2 or more",
        watched(DriftDetector(window=2)),
    ),
    "a share lies between 0 and 1": Row(
        watched(OutlierDetector(alert_share=0)),
        f"{NODE}: alert_share 0, must lie between 0 and 1; write alert_share=0.01, say",
        watched(OutlierDetector(alert_share=0.2)),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_is_said_where_it_is_broken_and_only_there(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_a_cluster_needs_an_image_and_this_machine_does_not() -> None:
    bare = watched(DriftDetector())
    assert check_local(bare) == []
    assert [str(problem) for problem in check_cluster(bare)] == [
        f"{NODE}: DriftDetector has no image, must be given for a cluster: Seldon has none for it; "
        'write DriftDetector(image="registry/name@sha256:…") with the runtime of servers/detect in it'
    ]
    assert check_cluster(watched(DriftDetector(image="acme/detect:1"))) == []


def test_a_detector_is_of_a_kind() -> None:
    with pytest.raises(InvalidSpec, match="DriftDetector or OutlierDetector"):
        Detector()
