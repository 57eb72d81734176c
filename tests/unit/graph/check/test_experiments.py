from __future__ import annotations

import pytest

from seldon_infra import Kubernetes, Local, Stack
from seldon_infra.experiments.spec import (
    ByField,
    ByHeader,
    ErrorRate,
    Guardrail,
    LatencyQuantile,
    OutcomeMean,
    OutcomeRate,
)
from seldon_infra.graph.check import check, check_cluster, check_local, check_manifest
from seldon_infra.graph.spec import ABTest, SeldonDeployment
from tests.unit.graph.check.build import PREDICTOR, Row, graph, model, runtime

NODE = f"{PREDICTOR} → A/B test 'ab'"


def test_of(**fields: object) -> SeldonDeployment:
    usual = {
        "name": "ab",
        "a": model("old"),
        "b": model("new"),
        "sticky_by": ByHeader(name="x-user-id"),
        "metric": OutcomeRate(),
    }
    return graph(ABTest(**{**usual, **fields}))


test_of.__test__ = False  # type: ignore[attr-defined]

ROWS = {
    "a split adds up": Row(
        test_of(split=(80, 10)),
        f"{NODE}: split (80, 10), must be two shares that add up to 100; write split=(90, 10)",
        test_of(split=(90, 10)),
    ),
    "no share is negative": Row(
        test_of(split=(-20, 120)),
        f"{NODE}: split (-20, 120), must be two shares that add up to 100; write split=(50, 50)",
        test_of(split=(0, 100)),
    ),
    "a share is a number": Row(
        test_of(split=(float("nan"), 50)),
        f"{NODE}: split (nan, 50), must be two shares that add up to 100; write split=(50, 50)",
        test_of(split=(50, 50)),
    ),
    "a header is a word": Row(
        test_of(sticky_by=ByHeader(name="x_user")),
        f"{NODE}: sticky_by header 'x_user', must be letters, digits and dashes: gateways drop others; "
        "write ByHeader(name='x-user-id')",
        test_of(sticky_by=ByHeader(name="X-User")),
    ),
    "a header says who the user is": Row(
        test_of(sticky_by=ByHeader(name="Seldon-Puid")),
        f"{NODE}: sticky_by header 'Seldon-Puid', must be one that says who the user is; "
        "write ByHeader(name='x-user-id')",
        test_of(sticky_by=ByHeader(name="seldon-user")),
    ),
    "a field is a path": Row(
        test_of(sticky_by=ByField(path="meta..user")),
        f"{NODE}: sticky_by field 'meta..user', must be names and indices with dots between; "
        "write ByField(path='parameters.user')",
        test_of(sticky_by=ByField(path="meta.tags.user")),
    ),
    "alpha is a small share": Row(
        test_of(alpha=5),
        f"{NODE}: alpha 5, must be above 0 and at most 0.5; write alpha=0.05",
        test_of(alpha=0.5),
    ),
    "few samples tell nothing": Row(
        test_of(min_samples=99),
        f"{NODE}: min_samples 99, must be at least 100: intervals are wrong for fewer; write min_samples=100 or more",
        test_of(min_samples=100),
    ),
    "a quantile is a share": Row(
        test_of(metric=LatencyQuantile(quantile=99)),
        f"{NODE}: metric quantile 99, must be a share between 0 and 1; write quantile=0.99",
        test_of(metric=LatencyQuantile(quantile=0.5)),
    ),
    "an outcome's range has a length": Row(
        test_of(metric=OutcomeMean(low=5, high=5)),
        f"{NODE}: metric from 5 to 5, must begin below where it ends; swap them",
        test_of(metric=OutcomeMean(low=0, high=5)),
    ),
    "a guardrail's quantile is a share": Row(
        test_of(guardrails=[Guardrail(metric=LatencyQuantile(quantile=0))]),
        f"{NODE}: guardrails[0].metric quantile 0, must be a share between 0 and 1; write quantile=0.99",
        test_of(guardrails=[Guardrail(metric=LatencyQuantile())]),
    ),
    "a guardrail gives way, or nothing": Row(
        test_of(guardrails=[Guardrail(metric=ErrorRate(), at_most=-0.1)]),
        f"{NODE}: guardrails[0].at_most -0.1, must not be negative: it is how much worse b may be; "
        "write at_most=0 or more",
        test_of(guardrails=[Guardrail(metric=ErrorRate())]),
    ),
    "a guardrail gives way by a number": Row(
        test_of(guardrails=[Guardrail(metric=ErrorRate(), at_most=float("nan"))]),
        f"{NODE}: guardrails[0].at_most nan, must not be negative: it is how much worse b may be; "
        "write at_most=0 or more",
        test_of(guardrails=[Guardrail(metric=ErrorRate(), at_most=0.1)]),
    ),
    "a user has one outcome": Row(
        test_of(guardrails=[Guardrail(metric=OutcomeMean(low=0, high=1), worse="decrease")]),
        f"{NODE}: several metrics of outcomes, must be one: a user has one outcome; "
        "keep one of them, and make another experiment for the other",
        test_of(guardrails=[Guardrail(metric=OutcomeRate(), worse="decrease")]),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_rule_is_broken_by_one_and_kept_by_its_neighbour(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_cluster_is_told_the_same_as_this_machine(row: Row) -> None:
    wrong, right = (with_image(each) for each in (row.wrong, row.right))
    on = {"cluster": Kubernetes(), "machine": Local()}
    assert {
        name: [str(problem) for problem in Stack(target=target, deployments=[wrong]).check() if "'ab'" in problem.path]
        for name, target in on.items()
    } == {"cluster": [row.message], "machine": [row.message]}
    assert check_cluster(right) == []


def with_image(spec: SeldonDeployment) -> SeldonDeployment:
    """Give the deployment as a cluster wants it, where a container routes."""
    (predictor,) = spec.predictors
    routed = predictor.model_copy(update={"graph": predictor.graph.model_copy(update={"image": "registry/router:1"})})
    return spec.model_copy(update={"predictors": (routed,)})


def test_an_arm_is_not_compared_with_itself() -> None:
    assert any("'old'" in str(problem) for problem in check(test_of(b=model("old"))))


@pytest.mark.parametrize("fields", [{"transport": "rest"}, {"protocol": "seldon"}])
def test_over_grpc_a_router_is_on_seldons_protocol(fields: dict[str, str]) -> None:
    root = test_of(a=model("old", server=runtime(image="r/i:1")), b=model("new", server=runtime(image="r/i:1")))
    both = root.model_copy(update={"protocol": "v2", "transport": None})
    said = [str(problem) for problem in check(both)]
    assert said == [
        f"{NODE}: A/B test on protocol 'v2' over gRPC, must be served over REST alone: Seldon's executor panics on a "
        "router over gRPC; set transport='rest' on SeldonDeployment 'fraud', or portable=False for a stack that stays "
        "on this machine"
    ]
    assert check(both, portable=False) == []
    assert check_local(both, portable=False) == []
    assert not any("over gRPC" in str(problem) for problem in check(both.model_copy(update=fields)))


def test_a_cluster_needs_an_image_and_this_machine_none() -> None:
    assert [str(problem) for problem in check_manifest(test_of())] == [
        f"{NODE}: image is not set, must be given for a cluster, where a container routes; "
        "build an image with seldon-infra[local] in it and write image='registry/name@sha256:…'"
    ]
    assert check_manifest(test_of(image="registry/router:1")) == []
    assert check_cluster(test_of(image="registry/router:1")) == []
    assert not any("A/B test 'ab'" in str(problem) for problem in check_local(test_of()))
