"""What a change does to traffic: the situations that a user asks about, on both targets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.core.changes import Action
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.drift.objects import STEPPED
from seldon_infra.graph.render import STICKY_HEADER
from seldon_infra.plan.collect import Plan, collect
from seldon_infra.plan.report import FORMATS, tree
from tests.unit.drift.steps import manifest, step

GOLDEN = Path(__file__).parent / "golden"


def predictor(name: str = "main", traffic: int | None = None, uri: str = "s3://m/1", **more: Any) -> dict[str, Any]:
    graph = {"name": "classify", "implementation": "SKLEARN_SERVER", "modelUri": uri}
    return {"name": name, "graph": graph, **({} if traffic is None else {"traffic": traffic}), **more}


def deployed(*predictors: dict[str, Any], sticky: str | None = None, **spec: Any) -> dict[str, Any]:
    made = manifest(predictors=list(predictors), **spec)
    if sticky:
        made["metadata"]["annotations"] = {STICKY_HEADER: sticky}
    return made


def plan(old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> Plan:
    return collect("prod", [step(old, new, **more)])


def shares(found: Plan) -> dict[str, tuple[str | None, str | None]]:
    (route,) = found.routes
    return {
        it.predictor: tuple(None if side is None else str(side) for side in (it.before, it.after))
        for it in route.shares
    }  # type: ignore[misc]


def pods(found: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.part, each.what, each.because) for each in found.pods]


def sticky(found: Plan) -> str | None:
    (route,) = found.routes
    return None if route.stickiness is None else str(route.stickiness)


def test_a_canary_with_more_traffic_moves_shares_and_restarts_nothing() -> None:
    old = deployed(predictor(traffic=90), predictor("canary", 10))
    found = plan(old, deployed(predictor(traffic=50), predictor("canary", 50)))
    assert shares(found) == {"main": ("90 %", "50 %"), "canary": ("10 %", "50 %")}
    assert found.pods == ()
    assert found.routes[0].action is Action.UPDATE


def test_another_model_uri_restarts_its_predictor_alone() -> None:
    old = deployed(predictor(traffic=90), predictor("canary", 10))
    found = plan(old, deployed(predictor(traffic=90), predictor("canary", 10, "s3://m/2")))
    assert pods(found) == [("predictor canary", "restart", ("graph.modelUri",))]
    assert "  canary.classify  s3://m/1  s3://m/2\n" in FORMATS["table"](found)
    assert "  main.classify    s3://m/1  the same\n" in FORMATS["table"](found)


def stepped(uri: str) -> dict[str, Any]:
    made = deployed(predictor(uri=uri))
    place = {part: made["metadata"].get(part) for part in ("namespace", "name")}
    return {**place, "spec": made["spec"], "rollout": {"steps": [1, 100]}}


def test_a_change_in_steps_is_told_of_the_object_whose_own_spec_is_ignored() -> None:
    before = deployed(predictor(uri="s3://m/0"))
    found = collect("prod", [
        step(before, before, action=Action.NONE),
        step(stepped("s3://m/1"), stepped("s3://m/2"), kind=STEPPED),
    ])  # fmt: skip
    assert pods(found) == [("predictor main", "restart", ("graph.modelUri",))]
    assert "  main.classify  s3://m/1  s3://m/2\n" in FORMATS["table"](found)
    assert "  arrives in steps of 1, 100 % of the way\n" in FORMATS["table"](found)
    assert [(str(it.subject), it.action) for it in found.objects] == [("SeldonDeployment models/iris", Action.UPDATE)]


def test_a_rollout_that_is_declared_for_what_runs_changes_no_traffic() -> None:
    before = deployed(predictor())
    found = collect("prod", [step(before, before, action=Action.NONE), step(None, stepped("s3://m/1"), kind=STEPPED)])
    assert [route.action for route in found.routes] == [Action.NONE]
    assert (found.pods, found.objects) == ((), ())


def test_a_shadow_that_is_introduced_starts_and_takes_no_share() -> None:
    found = plan(deployed(predictor()), deployed(predictor(), predictor("next", 20, shadow=True)))
    assert shares(found) == {"main": ("100 %", "100 %"), "next": (None, "shadow of 20 %")}
    assert pods(found) == [("predictor next", "start", ())]


def test_a_shadow_that_takes_traffic_restarts() -> None:
    """Whether it is a shadow is a label of its pods."""
    old = deployed(predictor(traffic=100), predictor("next", shadow=True))
    found = plan(old, deployed(predictor(traffic=90), predictor("next", 10)))
    assert shares(found) == {"main": ("100 %", "90 %"), "next": ("shadow of 100 %", "10 %")}
    assert pods(found) == [("predictor next", "restart", ("shadow",))]


def test_a_predictor_that_is_dropped_stops() -> None:
    found = plan(deployed(predictor(traffic=90), predictor("canary", 10)), deployed(predictor(traffic=100)))
    assert shares(found) == {"main": ("90 %", "100 %"), "canary": ("10 %", None)}
    assert pods(found) == [("predictor canary", "stop", ())]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, None, None),
        (None, "x-user", "from now on header x-user decides who answers"),
        ("x-user", None, "users lose stickiness: header x-user no longer decides, each request goes by weight"),
        ("x-user", "x-team", "users lose stickiness: header x-team decides instead of x-user"),
        ("x-user", "x-user", None),
    ],
)
def test_users_lose_their_place_with_the_header(before: str | None, after: str | None, words: str | None) -> None:
    assert sticky(plan(deployed(predictor(), sticky=before), deployed(predictor(), sticky=after))) == words


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ([("a", 90), ("b", 10)], [("a", 50), ("b", 50)], 40),
        ([("a", 90), ("b", 10)], [("b", 10), ("a", 90)], 20),
        ([("a", 100)], [("c", 100)], 100),
        ([("a", 50), ("b", 50)], [("a", 50), ("b", 25), ("c", 25)], 25),
        ([("a", 50), ("b", 50)], [("a", 40), ("c", 20), ("b", 40)], 20),
    ],
)
def test_users_move_as_the_points_of_their_hash_change_hands(
    old: list[tuple[str, int]], new: list[tuple[str, int]], moved: int
) -> None:
    before, after = (deployed(*(predictor(*each) for each in side), sticky="x-user") for side in (old, new))
    found = plan(before, after).routes[0].stickiness
    assert found is not None
    assert found.moved == moved


def test_a_shadow_moves_no_user() -> None:
    before = deployed(predictor(), sticky="x-user")
    assert sticky(plan(before, deployed(predictor(), predictor("next", 20, shadow=True), sticky="x-user"))) is None


def test_more_pods_are_scaled_and_not_restarted() -> None:
    found = plan(deployed(predictor(), replicas=1), deployed(predictor(), replicas=3))
    assert pods(found) == [("predictor main", "scale", ())]
    assert "scale from 1 to 3" in FORMATS["table"](found)


def test_a_number_of_pods_that_an_autoscaler_decides_is_not_told() -> None:
    scaled = [{"hpaSpec": {"maxReplicas": 3}}]
    found = plan(
        deployed(predictor(replicas=1, componentSpecs=scaled)), deployed(predictor(replicas=2, componentSpecs=scaled))
    )
    assert found.pods == ()


@pytest.mark.parametrize(
    ("field", "value", "restarts"),
    [("annotations", {"a": "b"}, True), ("protocol", "v2", True), ("oauth_key", "x", False), ("name", "x", False)],
)
def test_fields_of_the_deployment_restart_every_pod_that_holds_them(field: str, value: Any, restarts: bool) -> None:
    both = predictor(traffic=90), predictor("canary", 10)
    found = plan(deployed(*both), deployed(*both, **{field: value}))
    assert [each.part for each in found.pods] == (["predictor main", "predictor canary"] if restarts else [])


def test_an_autoscalers_settings_restart_only_where_an_orchestrator_holds_them() -> None:
    limits = [[{"hpaSpec": {"maxReplicas": count}}] for count in (3, 4)]
    with_engine = [deployed(predictor(componentSpecs=specs)) for specs in limits]
    without = [
        deployed(predictor(componentSpecs=specs, annotations={"seldon.io/no-engine": "true"})) for specs in limits
    ]
    assert [each.what for each in plan(*with_engine).pods] == ["restart"]
    assert plan(*without).pods == ()


def test_an_explainer_restarts_alone() -> None:
    old, new = (deployed(predictor(explainer={"modelUri": f"s3://e/{version}"})) for version in (1, 2))
    assert pods(plan(old, new)) == [("predictor main, explainer", "restart", ("explainer.modelUri",))]


def test_a_deployment_under_another_name_is_replaced_and_both_routes_are_told() -> None:
    old, new = deployed(predictor()), deployed(predictor())
    new["metadata"] = {**new["metadata"], "name": "other"}
    found = plan(old, new, action=Action.REPLACE, replace_keys=("metadata.name",))
    assert [(route.name, route.action) for route in found.routes] == [
        ("models/iris", Action.DELETE),
        ("models/other", Action.CREATE),
    ]
    assert "replaced:\n  SeldonDeployment models/iris, for metadata.name" in FORMATS["table"](found)


def test_a_workloads_template_restarts_its_pods() -> None:
    def workload(image: str, count: int) -> dict[str, Any]:
        containers = [{"name": "server", "image": image}]
        return manifest("Deployment", "server", replicas=count, template={"spec": {"containers": containers}})

    kind = "kubernetes:apps/v1:Deployment"
    assert pods(plan(workload("a", 1), workload("b", 1), kind=kind)) == [
        ("", "restart", ("spec.template.spec.containers[server].image",))
    ]
    assert pods(plan(workload("a", 1), workload("a", 2), kind=kind)) == [("", "scale", ())]
    assert pods(plan(None, workload("a", 1), kind=kind)) == [("", "start", ())]


def test_a_value_of_later_is_said_to_be_one() -> None:
    old = deployed(predictor(traffic=90), predictor("canary", 10), sticky="x-user")
    new = deployed(predictor(traffic=UNKNOWN, uri=UNKNOWN), predictor("canary", 10), sticky="x-user")  # type: ignore[arg-type]
    text = FORMATS["table"](plan(old, new))
    assert UNKNOWN not in text
    assert "90 %" in text
    assert "main.classify    s3://m/1  (known after pulumi up)" in text
    assert "is known after pulumi up" in text


def test_nothing_to_do_is_said_in_a_line() -> None:
    found = plan(deployed(predictor()), deployed(predictor()))
    assert FORMATS["table"](found) == "stack 'prod': pulumi up changes nothing\n\nobjects: 1 unchanged\n"
    assert shares(found) == {"main": ("100 %", "100 %")}


def test_numbers_other_than_those_of_a_preview_are_explained() -> None:
    found = collect("prod", [step(None, deployed(predictor()))])
    said = FORMATS["table"](replace(found, counted={Action.CREATE: 4}))
    beside = "the stack itself, components, providers and rollouts"
    assert said.endswith(f"objects: 1 created, 0 unchanged\npulumi preview: 4 created, since it also counts {beside}\n")
    assert "pulumi preview:" not in FORMATS["table"](replace(found, counted={Action.CREATE: 1}))


LOCAL = "seldon:local:"


def local(share: int, digest: str, sticky: str | None, running: bool = True) -> list[tuple[str, str, dict[str, Any]]]:
    weights = [{"name": "main", "weight": 100 - share}, {"name": "canary", "weight": share}]
    route = {
        "namespace": "models",
        "name": "iris",
        "predictors": weights,
        **({"stickyHeader": sticky} if sticky else {}),
    }
    return [
        ("Route", "iris", route),
        ("Artifact", "iris.canary.classify.model", {"uri": "models/c", "digest": f"sha256:{digest}"}),
        ("Process", "iris.canary.classify", {"links": {"model": digest}, "running": running}),
        ("Process", "iris.main", {"running": True}),
    ]


def local_plan(old: list[tuple[str, str, Any]], new: list[tuple[str, str, Any]]) -> Plan:
    def one(kind: str, name: str, before: Any, after: Any) -> Step:
        replaced = (
            kind in ("Artifact", "Process") and before != after and before["running" if kind == "Process" else "uri"]
        )
        action = {"action": Action.REPLACE, "replace_keys": ("links",)} if replaced else {}
        return step(before, after, kind=LOCAL + kind, name=name, **action)

    return collect(
        "local", [one(kind, name, before, after) for (kind, name, before), (_, _, after) in zip(old, new, strict=True)]
    )


def test_on_this_machine_shares_digests_and_processes_are_told() -> None:
    found = local_plan(local(10, "1" * 64, "x-user"), local(50, "2" * 64, "x-user"))
    assert shares(found) == {"main": ("90 %", "50 %"), "canary": ("10 %", "50 %")}
    assert pods(found) == [("predictor canary of iris", "restart", ("links.model",))]
    text = FORMATS["table"](found)
    assert f"canary.classify  models/c@sha256:{'1' * 12}  models/c@sha256:{'2' * 12}" in text
    assert "40 % of the users by header x-user meet another predictor" in text
    assert "Process iris.canary.classify, for links" in text


def test_a_stopped_process_is_started() -> None:
    stopped, running = local(10, "1" * 64, None, running=False), local(10, "1" * 64, None)
    assert pods(local_plan(stopped, running)) == [("predictor canary of iris", "start", ())]


def test_no_form_shows_a_secret() -> None:
    old = deployed(predictor(env=[{"name": "KEY", "value": HIDDEN}]), oauth_secret=HIDDEN)
    new = deployed(predictor(env=[{"name": "KEY", "value": "hunter2"}]), oauth_secret="hunter2")
    for write in FORMATS.values():
        assert "hunter2" not in write(plan(old, new))


@pytest.mark.parametrize(("form", "ending"), [("table", "txt"), ("markdown", "md"), ("json", "json")])
def test_each_form_is_as_it_was(form: str, ending: str) -> None:
    """One change of everything; the JSON form is what programs read, so it only ever grows."""
    old = deployed(predictor(traffic=90), predictor("canary", 10), sticky="x-user")
    new = deployed(
        predictor(traffic=70), predictor("canary", 30, "s3://m/2"), predictor("next", 5, shadow=True), sticky="x-user"
    )
    moved = {"action": Action.REPLACE, "replace_keys": ("metadata.namespace",)}
    found = collect("prod", [
        step(old, new),
        step(manifest("Service", "a"), manifest("Service", "b"), kind="kubernetes:core/v1:Service", name="a", **moved),
        step(manifest("Secret"), manifest("Secret"), kind="kubernetes:core/v1:Secret"),
    ])  # fmt: skip
    assert FORMATS[form](found) == (GOLDEN / f"plan.{ending}").read_text()


def test_the_json_form_names_what_programs_read() -> None:
    found = json.loads(FORMATS["json"](plan(deployed(predictor()), deployed(predictor(), sticky="x-user"))))
    assert found == tree(plan(deployed(predictor()), deployed(predictor(), sticky="x-user")))
    assert sorted(found) == [
        "cost",
        "counted_by_preview",
        "objects",
        "places",
        "pods",
        "routes",
        "stack",
        "unchanged",
    ]
    assert found["routes"][0]["stickiness"] == {"before": None, "after": "x-user", "moved": 0}
