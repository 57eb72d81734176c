from __future__ import annotations

import pytest

from seldon_infra.core.model import resolve
from seldon_infra.graph.check import check
from seldon_infra.graph.spec import ContainerSecurity, Explainer, PodSecurity
from tests.unit.core.later import Later
from tests.unit.graph.check.build import DEPLOYMENT, NODE, PREDICTOR, Row, deployment, of_node, of_predictor

HEARD = "must be one of them, for then nothing is added to pods; remove pod_defaults from SeldonDeployment 'fraud'"


def explained(**fields: object) -> Explainer:
    return Explainer(type="ALE", model_uri="s3://b/e", security=ContainerSecurity(**fields))  # type: ignore[arg-type]


ROWS = {
    "settings are heard": Row(
        deployment(security=PodSecurity(), pod_defaults="operator"),
        f"{DEPLOYMENT}: security with pod_defaults 'operator', {HEARD}, or security",
        deployment(pod_defaults="operator"),
    ),
    "nobody is root by a number": Row(
        deployment(security=PodSecurity(run_as_user=0)),
        f"{DEPLOYMENT}: security.run_as_user 0 with run_as_non_root True, must not be root, which never starts; "
        "write run_as_non_root=False, or another user",
        deployment(security=PodSecurity(run_as_user=0, run_as_non_root=False)),
    ),
    "a user is a number that there is": Row(
        of_node(security=ContainerSecurity(run_as_user=-1)),
        f"{NODE}: security.run_as_user -1, must be 0 or more; write security.run_as_user=0 or more",
        of_node(security=ContainerSecurity(run_as_user=8888)),
    ),
    "a capability is written as Kubernetes does": Row(
        of_predictor(explainer=explained(capabilities=["CAP_NET_BIND_SERVICE"])),
        f"{PREDICTOR}: security.capabilities 'CAP_NET_BIND_SERVICE', must be a capability as Kubernetes writes it; "
        "write 'NET_BIND_SERVICE'",
        of_predictor(explainer=explained(capabilities=["NET_BIND_SERVICE"])),
    ),
    "space is an amount": Row(
        deployment(security=PodSecurity(scratch="much")),
        f"{DEPLOYMENT}: security.scratch 'much', must be an amount of bytes; write scratch='1Gi'",
        deployment(security=PodSecurity(scratch="2Gi")),
    ),
    "shared memory is an amount": Row(
        deployment(security=PodSecurity(shared_memory="some")),
        f"{DEPLOYMENT}: security.shared_memory 'some', must be an amount of bytes; write shared_memory='1Gi'",
        deployment(security=PodSecurity(shared_memory="512Mi")),
    ),
    "a model needs space": Row(
        deployment(security=PodSecurity(model_space=0)),
        f"{DEPLOYMENT}: security.model_space 0, must be an amount of bytes; write model_space='10Gi'",
        deployment(security=PodSecurity(model_space="100Gi")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_what_comes_late_is_judged_when_it_is_there() -> None:
    late = deployment(security=PodSecurity(run_as_user=Later(), scratch=Later()))
    assert check(late) == []
    assert check(resolve(late, {"security.run_as_user": 1000, "security.scratch": "1Gi"})) == []
    assert len(check(resolve(late, {"security.run_as_user": 0, "security.scratch": "x"}))) == 2
