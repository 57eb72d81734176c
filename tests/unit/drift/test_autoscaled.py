"""What autoscalers set, by the objects that ask for them."""

from __future__ import annotations

from seldon_infra.drift.autoscaled import is_autoscaled, scaled

HPA = {"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "a"}}}
KEDA = {"spec": {"scaleTargetRef": {"name": "b"}}}


def test_a_target_without_a_kind_is_a_deployment() -> None:
    assert list(scaled([HPA, KEDA])) == [("StatefulSet", "a"), ("Deployment", "b")]


def test_only_numbers_of_pods_are_an_autoscalers() -> None:
    assert is_autoscaled(("spec", "replicas"), ("Deployment", "b"), {}, scaled([KEDA]))
    assert not is_autoscaled(("spec", "paused"), ("Deployment", "b"), {}, scaled([KEDA]))
    assert not is_autoscaled(("spec", "svcOrchSpec", "replicas"), ("Deployment", "b"), {}, scaled([KEDA]))
