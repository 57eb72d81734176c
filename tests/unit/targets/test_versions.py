"""Versions of a cluster and of a stack together: what is said of each pair, and in which order parts are upgraded."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from seldon_infra import Ambassador, Istio, Kubernetes, SeldonCore
from seldon_infra.clusters.facts import Facts
from seldon_infra.targets.versions import check_versions, order_of_upgrade
from tests.unit.clusters.cluster import SERVED, facts, operator

OLD = operator("1.16.0")
MAPPINGS = {**SERVED, "getambassador.io": frozenset({"v3alpha1"})}
BY_AMBASSADOR = operator(ISTIO_ENABLED="false", AMBASSADOR_ENABLED="true")


class Row(NamedTuple):
    """A target, a cluster, and how what is found begins: ``error: Kubernetes 1.20 …``."""

    target: Kubernetes
    there: Facts
    said: tuple[str, ...]


ROWS = {
    "what goes together": Row(Kubernetes(), facts(kubernetes="v1.31.4-eks-abc", istio="1.22.8"), ()),
    "an operator on a Kubernetes that is too old": Row(
        Kubernetes(), facts(kubernetes="v1.20.1"), ("error: Kubernetes 1.20 with Seldon Core 1.17.1",)
    ),
    "an Istio that does not run on the Kubernetes that is there": Row(
        Kubernetes(ingress=Istio()), facts(kubernetes="v1.30.0"), ("error: Kubernetes 1.30 with Istio 1.30.3",)
    ),
    "an Istio that is there and too old for the operator": Row(
        Kubernetes(), facts(kubernetes="v1.26.0", istio="1.12.9"), ("error: Istio 1.12.9 with Seldon Core 1.17.1",)
    ),
    "an old Istio that leads to no deployment": Row(
        Kubernetes(), facts(kubernetes="v1.26.0", istio="1.12.9", operators=(BY_AMBASSADOR,)), ()
    ),
    "an operator to come on a Kubernetes that nobody lists": Row(
        Kubernetes(seldon_core=SeldonCore()),
        facts(kubernetes="v1.37.2", operators=()),
        ("warning: Kubernetes 1.37 is newer than 1.27",),
    ),
    "an operator that runs on a Kubernetes that nobody lists": Row(
        Kubernetes(seldon_core=SeldonCore()), facts(kubernetes="v1.37.2"), ()
    ),
    "Mappings that are not served as the operator writes them": Row(
        Kubernetes(ingress=Ambassador(existing=True)),
        facts(served=MAPPINGS, operators=(BY_AMBASSADOR,)),
        ("error: Mapping is served as v3alpha1",),
    ),
    "Mappings that the stack brings": Row(
        Kubernetes(ingress=Ambassador()), facts(served=MAPPINGS, operators=(BY_AMBASSADOR,)), ()
    ),
    "a definition that is not served as it is written": Row(
        Kubernetes(),
        facts(served={**SERVED, "machinelearning.seldon.io": frozenset({"v1alpha2"})}),
        ("error: SeldonDeployment is served as v1alpha2",),
    ),
    "pods that a policy has to close, on a Kubernetes that has none": Row(
        Kubernetes(pod_security="restricted"),
        facts(kubernetes="v1.35.2"),
        ("error: pod_security='restricted' on Kubernetes 1.35",),
    ),
    "pods that a policy closes": Row(Kubernetes(pod_security="restricted"), facts(kubernetes="v1.36.0"), ()),
    "a cluster that said nothing": Row(Kubernetes(seldon_core=SeldonCore(), ingress=Istio()), Facts("test"), ()),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_versions_are_held_to_the_table(row: Row) -> None:
    found = [f"{each.severity}: {each.problem.got}" for each in check_versions(row.target, row.there)]
    assert len(found) == len(row.said)
    assert all(got.startswith(said) for got, said in zip(found, row.said, strict=True)), found


def test_a_problem_of_what_the_stack_brings_alone_is_not_said_twice() -> None:
    target = Kubernetes(seldon_core=SeldonCore(), ingress=Istio(version="1.10.0"))
    assert check_versions(target, facts(operators=())) == []


def test_an_upgrade_shows_its_order() -> None:
    target = Kubernetes(seldon_core=SeldonCore(), ingress=Istio())
    there = facts(kubernetes="v1.32.0", operators=(OLD,), istio="1.28.10-distroless")
    assert order_of_upgrade(target, there) == (
        "cluster 'test' is upgraded in this order: 1. Istio: base (its CRDs), then istiod, then the gateway: "
        "1.28.10-distroless to 1.30.3; 2. Seldon Core: CRD and operator, by its chart: 1.16.0 to 1.17.1"
    )


@pytest.mark.parametrize(
    ("target", "there"),
    [
        (Kubernetes(), facts(operators=(OLD,))),
        (Kubernetes(seldon_core=SeldonCore()), facts()),
        (Kubernetes(seldon_core=SeldonCore(), ingress=Istio()), facts(operators=())),
        (Kubernetes(ingress=Istio()), facts(istio="1.30.3-distroless")),
    ],
    ids=["existing", "the same", "nothing there", "another build of the same"],
)
def test_what_stays_has_no_order(target: Kubernetes, there: Facts) -> None:
    assert order_of_upgrade(target, there) is None
