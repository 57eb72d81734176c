"""What counts as drift: a table of differences and whose business they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.changes import Action
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.collect import Drift, Facts, collect
from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.drift.report import FORMATS, tree
from tests.unit.drift.steps import manifest, step

SECRET = "hunter2-hunter2"
MAIN = {"name": "main", "traffic": 90, "replicas": 1}
SCALED = {"name": "scaled", "replicas": 1, "componentSpecs": [{"hpaSpec": {"maxReplicas": 3}, "replicas": 1}]}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def drift(*refreshed: Step, previewed: tuple[Step, ...] = (), facts: Facts | None = None) -> Drift:
    return collect("test", refreshed, previewed, {refreshed[0].urn: facts} if facts else {})


def fields(found: Drift) -> list[str]:
    return [difference.change.field for each in found.objects for difference in each.differences]


def set_by(manager: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields, **more}
    return {"metadata": {"managedFields": [entry]}}


def test_a_changed_field_is_drift_and_says_who_set_it() -> None:
    live = manifest(predictors=[{**MAIN, "traffic": 60}]) | set_by("somebody", {"f:spec": {"f:predictors": {}}})
    found = drift(step(manifest(predictors=[MAIN]), manifest(predictors=[{**MAIN, "traffic": 60}])), facts=Facts(live))
    (each,) = tree(found)["objects"]
    assert each["object"] == "SeldonDeployment models/iris"
    assert each["fields"] == [
        {
            "field": "spec.predictors[main].traffic",
            "applied": 90,
            "there": 60,
            "manager": "somebody",
            "operation": "Update",
            "time": "2026-01-01T00:00:00Z",
        }
    ]


@pytest.mark.parametrize(
    ("there", "named"),
    [
        (["gpu", "team"], {"taints[1]"}),
        (["gpu", "spot", "team", "mine"], {"taints[3]"}),
        (["mine", "gpu", "spot", "team"], {"taints[0]"}),
        (["gpu", "spot", "other"], {"taints[2].key"}),
        (["gpu", "mine"], {"taints[1]", "taints[2]"}),
        (["gpu", "spot", "team", "team"], {"taints[3]"}),
    ],
)
def test_of_a_set_in_aws_what_somebody_took_or_gave_is_named_alone(there: list[str], named: set[str]) -> None:
    old, new = ({"taints": [{"key": key} for key in keys]} for keys in (["gpu", "spot", "team"], there))
    assert set(fields(drift(step(old, new, kind="seldon:aws:EksNodegroup")))) == named


def test_what_is_hidden_in_a_set_is_not_shown() -> None:
    old, new = {"rules": [{"key": HIDDEN}]}, {"rules": [{"key": SECRET}, {"key": SECRET}]}
    found = drift(step(old, new, kind="seldon:aws:SecurityGroup"))
    assert found.objects
    assert SECRET not in FORMATS["json"](found)


def test_a_field_that_is_gone_names_the_last_writer_of_the_object() -> None:
    live = set_by("somebody", {"f:spec": {"f:x": {}}})
    found = drift(step(manifest(a=1, x=1), manifest(x=1)), facts=Facts(live))
    assert "not recorded; the object last by somebody" in FORMATS["table"](found)


def test_an_object_that_is_gone_is_drift() -> None:
    (each,) = drift(step(manifest(), None)).objects
    assert each.state == "gone"


def test_what_the_provider_calls_a_change_without_a_field_that_differs_is_none() -> None:
    same = manifest(replicas=1)
    assert drift(step(same, same, action=Action.UPDATE, engine_paths=("spec", "status.replicas"))).objects == ()


def test_a_field_that_an_operator_set_is_told_apart() -> None:
    live = manifest(a=2) | set_by("manager", {"f:spec": {"f:a": {}}})
    found = drift(step(manifest(a=1), manifest(a=2)), facts=Facts(live))
    assert found.objects == ()
    assert [difference.change.field for _, difference in found.owned] == ["spec.a"]


@pytest.mark.parametrize(
    ("kind", "spec", "field", "targets"),
    [
        ("Deployment", {}, "replicas", {("Deployment", "iris")}),
        ("SeldonDeployment", {"predictors": [MAIN]}, "replicas", {("SeldonDeployment", "iris")}),
        ("SeldonDeployment", {"predictors": [SCALED]}, "replicas", set()),
    ],
)
def test_a_number_of_pods_that_an_autoscaler_decides_is_no_drift(
    kind: str, spec: dict[str, Any], field: str, targets: set[tuple[str, str]]
) -> None:
    old, new = (manifest(kind, **spec, **{field: count}) for count in (1, 3))
    found = drift(step(old, new, kind=f"kubernetes:x/v1:{kind}"), facts=Facts(scaled=frozenset(targets)))
    assert "replicas" not in json.dumps(tree(found))
    assert found.objects == ()


@pytest.mark.parametrize("targets", [set(), {("Deployment", "other")}, {("StatefulSet", "iris")}])
def test_a_number_of_pods_that_no_autoscaler_decides_is_drift(targets: set[tuple[str, str]]) -> None:
    old, new = (manifest("Deployment", replicas=count) for count in (1, 3))
    assert fields(drift(step(old, new, kind=DEPLOYMENT), facts=Facts(scaled=frozenset(targets)))) == ["spec.replicas"]


@pytest.mark.parametrize(("predictor", "is_drift"), [(MAIN, True), (SCALED, False)])
def test_a_predictors_number_of_pods_is_its_autoscalers(predictor: dict[str, Any], is_drift: bool) -> None:
    old, new = (manifest(predictors=[{"name": "other"}, predictor | {"replicas": count}]) for count in (1, 3))
    assert bool(drift(step(old, new)).objects) is is_drift


def test_a_predictor_of_which_only_a_part_scales_itself_has_its_number_of_pods() -> None:
    parts = [*SCALED["componentSpecs"], {"spec": {}}]
    old, new = (manifest(predictors=[{**SCALED, "componentSpecs": parts, "replicas": count}]) for count in (1, 3))
    assert fields(drift(step(old, new))) == ["spec.predictors[scaled].replicas"]


def test_a_components_number_of_pods_is_its_autoscalers() -> None:
    changed = {**SCALED, "componentSpecs": [{"hpaSpec": {"maxReplicas": 3}, "replicas": 2}]}
    assert drift(step(manifest(predictors=[SCALED]), manifest(predictors=[changed]))).objects == ()


def test_a_number_of_pods_that_an_autoscaler_wrote_is_no_drift_though_its_object_is_gone() -> None:
    live = manifest("Deployment", replicas=3)
    live |= set_by("kube-controller-manager", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    old, new = (manifest("Deployment", replicas=count) for count in (1, 3))
    found = drift(step(old, new, kind=DEPLOYMENT), facts=Facts(live))
    assert (found.objects, found.owned) == ((), ())


def test_this_machines_objects_speak_in_words() -> None:
    found = drift(step({"running": True}, {"running": False}, kind="seldon:local:Process", name="d.main"))
    assert tree(found)["objects"][0]["fields"][0] | {"manager": None} == {
        "field": "running", "applied": "running", "there": "stopped", "manager": None, "operation": None, "time": None,
    }  # fmt: skip
    assert "by hand" in FORMATS["table"](found)


def test_what_is_declared_and_not_applied_is_no_drift() -> None:
    applied, declared = manifest(a=1), manifest(a=2)
    found = drift(step(applied, applied), previewed=(step(applied, declared), step(None, manifest(), name="new")))
    assert found.objects == ()
    assert [(each.subject.urn.rpartition("::")[2], each.action) for each in found.pending] == [
        ("iris", Action.UPDATE),
        ("new", Action.CREATE),
    ]


def test_the_repair_of_what_drifted_is_nothing_that_was_declared() -> None:
    applied, there = manifest(a=1, b=1), manifest(a=2, b=1)
    found = drift(
        step(applied, there),
        step(manifest(name="gone"), None, name="gone"),
        step({"address": "x"}, {"address": "x"}, name="depends"),
        previewed=(
            step(there, applied),
            step(None, manifest(name="gone"), name="gone"),
            step({"address": "x"}, {"address": UNKNOWN}, name="depends"),
        ),
    )
    assert len(found.objects) == 2
    assert found.pending == ()


def test_a_value_of_later_is_declared_where_nothing_drifted() -> None:
    found = drift(step({"a": "x"}, {"a": "x"}), previewed=(step({"a": "x"}, {"a": UNKNOWN}),))
    assert "known after pulumi up" in FORMATS["table"](found)
    assert UNKNOWN not in FORMATS["json"](found)


def test_a_secret_is_named_by_the_provider_where_both_sides_are_hidden() -> None:
    secret = manifest("Secret") | {"data": HIDDEN}
    found = drift(step(secret, secret, kind="kubernetes:core/v1:Secret", action=Action.UPDATE, engine_paths=("data",)))
    assert fields(found) == ["data"]


@pytest.mark.parametrize(
    ("manager", "is_drift"), [("somebody", True), ("pulumi-kubernetes-1a2b", False), (None, False)]
)
def test_what_nobody_declared_is_drift_where_somebody_set_it(manager: str | None, is_drift: bool) -> None:
    """The API server fills in defaults, and keeps ``stringData`` as ``data``; neither is anybody's change."""
    live = manifest(a=1, b=2) | set_by(manager or "other", {"f:spec": {"f:b" if manager else "f:a": {}}})
    assert bool(drift(step(manifest(a=1), manifest(a=1, b=2)), facts=Facts(live)).objects) is is_drift


def test_what_no_api_server_gives_back_is_no_drift() -> None:
    old = manifest("Secret") | {"stringData": {"key": HIDDEN}}
    assert drift(step(old, manifest("Secret"), kind="kubernetes:core/v1:Secret")).objects == ()


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=3)), st.sampled_from(sorted(FORMATS)))
def test_no_form_shows_what_a_secret_holds(data: dict[str, str], form: str) -> None:
    """Even where the engine hides nothing: the kind says that it is secret."""
    old = manifest("Secret") | {"data": data}
    new = manifest("Secret") | {"data": {**data, "a": SECRET}, "stringData": {"b": SECRET}}
    last_applied = {"kubectl.kubernetes.io/last-applied-configuration": SECRET}
    new["metadata"] = {**new["metadata"], "annotations": last_applied}
    old["metadata"] = {**old["metadata"], "annotations": dict.fromkeys(last_applied, "")}
    found = drift(
        step(old, new, kind="kubernetes:core/v1:Secret"), previewed=(step(new, old, kind="kubernetes:core/v1:Secret"),)
    )
    text = FORMATS[form](found)
    assert "data" in text
    assert SECRET not in text


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_shows_what_the_engine_has_hidden(form: str) -> None:
    old = manifest(predictors=[{**MAIN, "env": [{"name": "KEY", "value": HIDDEN}]}])
    new = manifest(predictors=[{**MAIN, "env": [{"name": "KEY2", "value": SECRET}]}])
    assert SECRET not in FORMATS[form](drift(step(old, new), previewed=(step(new, old),)))


def test_other_contents_of_a_model_are_drift_and_their_change_of_pods_is_not_told_again() -> None:
    def record(digest: str, listing: str) -> dict[str, Any]:
        return {"models": {"iris": {"main/m": {"uri": "s3://b/m", "listing": listing, "digest": digest}}}}

    def pods(digest: str, image: str) -> dict[str, Any]:
        annotations = {"model-digest.seldon-infra/m": digest}
        pod = {"metadata": {"annotations": annotations}, "spec": {"image": image}}
        return manifest(predictors=[{**MAIN, "componentSpecs": [pod]}])

    there = step(record("sha256:1", "l1"), record("sha256:2", "l2"), "seldon:cluster:ModelContents", "models")
    declared = step(pods("sha256:1", "a"), pods("sha256:2", "b"))
    found = drift(there, previewed=(there, declared))
    assert [str(each.subject) for each in found.objects] == ["Model iris/main/m"]
    assert fields(found) == ["content"]
    assert "Model iris/main/m: content of s3://b/m changed\n" in FORMATS["table"](found)
    (pending,) = found.pending
    assert [it.field for it in pending.changes] == ["spec.predictors[main].componentSpecs[0].spec.image"]
    same = step(record("sha256:1", "l1"), record("sha256:1", "l2"), "seldon:cluster:ModelContents", "models")
    assert drift(same).objects == ()
