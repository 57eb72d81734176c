"""Settings that a target would drop in silence: each is an error where it is lost, and taken where it is not."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from seldon_infra.experiments.rollout import Rollout
from seldon_infra.graph.capabilities import CAPABILITIES, USUAL, WAYS, Way, lost, table
from seldon_infra.graph.check import check, check_cluster
from seldon_infra.graph.spec import (
    AmbassadorRoute,
    Amounts,
    IstioRoute,
    Orchestrator,
    Pdb,
    Pod,
    Resources,
    SeldonDeployment,
    StickySession,
    Timeouts,
)
from tests.unit.graph.check.build import DEPLOYMENT, PREDICTOR, deployment, model, of_predictor, predictor

HALF = Resources(requests=Amounts(cpu="500m"))


class Row(NamedTuple):
    """A deployment that uses a setting, ways on which it is lost, the message, and its nearest neighbour."""

    wrong: SeldonDeployment
    ways: tuple[Way, ...]
    said: str
    right: SeldonDeployment


def shadowed(**fields: object) -> SeldonDeployment:
    return deployment(predictor(), predictor("next", shadow=True, **fields))


def split(main: int, canary: int) -> SeldonDeployment:
    return deployment(predictor(traffic=main), predictor("canary", traffic=canary))


ROWS = {
    "`engine_resources`": Row(
        of_predictor(engine_resources=HALF),
        WAYS,
        f"{PREDICTOR}: engine_resources, must not be: Seldon's operator reads the orchestrator's own resources alone; "
        "write orchestrator=Orchestrator(resources=…)",
        of_predictor(orchestrator=Orchestrator(resources=HALF)),
    ),
    "`orchestrator.replicas`, without `engine_separate_pod`": Row(
        of_predictor(orchestrator=Orchestrator(replicas=2)),
        WAYS,
        f"{PREDICTOR}: orchestrator.replicas without engine_separate_pod, must not be: an orchestrator beside the "
        "nodes has no pods of its own; write replicas on the predictor, or engine_separate_pod=True",
        deployment(predictor(orchestrator=Orchestrator(replicas=2)), engine_separate_pod=True),
    ),
    "`pdb` on more than one predictor or node": Row(
        deployment(
            predictor(traffic=50, pdb=Pdb(max_unavailable=1)),
            predictor("b", traffic=50, graph=model(pod=Pod(pdb=Pdb(max_unavailable=1)))),
        ),
        WAYS,
        f"{DEPLOYMENT} → predictor 'b' → model 'score': pdb, a second one, must not be: each covers all pods of the "
        "deployment, and a pod under two budgets is never evicted; write one pdb for the deployment",
        deployment(predictor(traffic=50, pdb=Pdb(max_unavailable=1)), predictor("b", traffic=50)),
    ),
    "`sticky`": Row(
        deployment(sticky=StickySession(header="x-user")),
        WAYS,
        f"{DEPLOYMENT}: sticky, must not be: no route of the operator's looks at a header to choose a predictor; "
        "remove sticky, or route by an ABTest in the graph",
        deployment(),
    ),
    "`rollout`": Row(
        deployment(rollout=Rollout()),
        ("ambassador-v1",),
        f"{DEPLOYMENT}: rollout, must not be: an annotation has no weight of 0, which a version has before and after "
        "its steps; set ambassador.version=v2 in the operator's chart, or remove rollout",
        deployment(),
    ),
    "`istio.retries_timeout`, without `istio.retries`": Row(
        deployment(istio=IstioRoute(retries_timeout="2s")),
        WAYS,
        f"{DEPLOYMENT}: istio.retries_timeout without istio.retries, must not be: it bounds attempts that are made "
        "only with istio.retries; write istio.retries, or remove istio.retries_timeout",
        deployment(istio=IstioRoute(retries=2, retries_timeout="2s")),
    ),
    "`timeouts`, with `no_engine`": Row(
        deployment(predictor(no_engine=True), timeouts=Timeouts(rest="5s")),
        ("istio",),
        f"{PREDICTOR}: no_engine=True with timeouts on the deployment, must not be: it is the orchestrator that keeps "
        "them; remove no_engine or timeouts",
        deployment(timeouts=Timeouts(rest="5s")),
    ),
    "`timeouts.grpc` longer than `timeouts.rest`": Row(
        deployment(timeouts=Timeouts(grpc="5s")),
        ("ambassador",),
        f"{DEPLOYMENT}: timeouts.grpc '5s' over timeouts.rest not set, must not be: a Mapping gives gRPC the time-out "
        "of REST, 3 s where that is not set; write timeouts.rest as long",
        deployment(timeouts=Timeouts(grpc="5s", rest="5s")),
    ),
    "`shadow` without `traffic`": Row(
        shadowed(),
        ("ambassador",),
        f"{DEPLOYMENT} → predictor 'next': shadow with traffic not set, must not be: Mappings copy the share that "
        "traffic names, none where it is not set; write traffic=100",
        shadowed(traffic=100),
    ),
    "`traffic` of 0, after the first predictor": Row(
        split(100, 0),
        ("ambassador-v1",),
        f"{DEPLOYMENT} → predictor 'canary': traffic 0, must not be: an annotation has no weight of 0, and without "
        "weights all get the same share; set ambassador.version=v2 in the operator's chart, or remove the predictor",
        split(99, 1),
    ),
    "`ambassador.config`": Row(
        deployment(ambassador=AmbassadorRoute(config="a: b")),
        USUAL,
        f"{DEPLOYMENT}: ambassador.config, must not be: Mappings do not hold it, only annotations of old Ambassadors "
        "do; declare a Mapping of your own",
        deployment(ambassador=AmbassadorRoute(retries=2)),
    ),
    "`ambassador.regex_header`": Row(
        deployment(ambassador=AmbassadorRoute(regex_header="x: a.*")),
        WAYS,
        f"{DEPLOYMENT}: ambassador.regex_header, must not be: Seldon's operator reads ambassador.header in its place, "
        "and stops without that; write ambassador.header, or declare a Mapping of your own",
        deployment(ambassador=AmbassadorRoute(header="x: a")),
    ),
}


def test_every_setting_has_a_row_here() -> None:
    assert [capability.setting for capability in CAPABILITIES] == list(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_setting_that_is_lost_is_an_error_where_it_is_and_only_there(row: Row) -> None:
    assert [str(problem) for problem in lost(row.wrong, row.ways)] == [row.said]
    assert list(lost(row.right, row.ways)) == []
    for way in WAYS:
        assert bool(list(lost(row.wrong, (way,)))) == (way in row.ways)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_lost_on_every_usual_way_is_an_error_without_a_cluster(row: Row) -> None:
    everywhere = set(USUAL) <= set(row.ways)
    said = [str(problem) for problem in check_cluster(row.wrong)]
    assert (row.said in said) == everywhere
    assert row.said not in [str(problem) for problem in check(row.wrong)]


def test_the_table_has_a_line_for_each_setting() -> None:
    assert table().count("\n") == len(CAPABILITIES) + 2
