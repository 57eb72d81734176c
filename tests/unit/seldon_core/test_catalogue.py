"""What goes together, what does not, and in which order an upgrade goes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from seldon_infra.seldon_core.catalogue import (
    EMISSARY,
    ISTIO,
    SELDON,
    Versions,
    numbers,
    problems,
    untried,
    upgrade_steps,
)

NOW = Versions(kubernetes="1.30", seldon="1.16.0", istio="1.25.5", mlserver="1.3.0")


def test_rows_are_in_order_and_say_where_they_were_read() -> None:
    for rows in (SELDON, ISTIO, EMISSARY):
        assert all(numbers(one.version) < numbers(next_.version) for one, next_ in pairwise(rows))
        assert all(row.source for row in rows)


def test_what_is_not_known_is_passed_over() -> None:
    assert problems(Versions()) == []


def test_todays_versions_go_together() -> None:
    facts = Versions(
        kubernetes="v1.33.4-eks-abc",
        seldon="1.17.1",
        operator="1.17.1",
        istio="1.30.3",
        emissary="4.1.0",
        licence="Apache-2.0",
        crd_versions=("v1", "v1alpha2", "v1alpha3"),
        mapping_versions=("v2", "v3alpha1"),
    )
    assert problems(facts) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            Versions(kubernetes="1.22", seldon="1.17.1"),
            "Kubernetes 1.22 with Seldon Core 1.17.1, must be 1.23 or later",
        ),
        (Versions(kubernetes="1.25", seldon="1.15.1"), "must be at most 1.24: its operator writes autoscaling/v2beta1"),
        (Versions(kubernetes="1.31", istio="1.30.3"), "Kubernetes 1.31 with Istio 1.30.3, must be 1.32 or later"),
        (Versions(seldon="1.17.1", istio="1.14.0"), "Istio 1.14.0 with Seldon Core 1.17.1, must be 1.16 or later"),
        (Versions(kubernetes="1.24", emissary="4.1.0"), "Kubernetes 1.24 with Emissary 4.1.0, must be 1.25 or later"),
        (Versions(emissary="1.14.4"), "must be 3 or later"),
        (
            Versions(mapping_versions=("v3alpha1",)),
            "must be served as v2 too: Seldon's operator writes getambassador.io/v2",
        ),
        (Versions(crd_versions=("v1alpha2",)), "SeldonDeployment is served as v1alpha2, must be as v1"),
        (
            Versions(seldon="1.17.1", operator="1.18.2"),
            "operator 1.18.2 with CRD and chart 1.17.1, must be of one release",
        ),
        (Versions(seldon="1.18.2", licence="Apache-2.0"), "is under BSL-1.1"),
    ],
)
def test_what_does_not_go_together_is_an_error_with_its_way_out(facts: Versions, said: str) -> None:
    (problem,) = problems(facts)
    assert said in str(problem)
    assert problem.fix


def test_a_kubernetes_that_nobody_has_tried_is_no_error() -> None:
    facts = Versions(kubernetes="1.37.2", seldon="1.17.1")
    assert problems(facts) == []
    (said,) = untried(facts)
    assert said.startswith("Kubernetes 1.37 is newer than 1.27, the last that Seldon Core 1.17 is listed for")
    assert untried(Versions(kubernetes="1.26", seldon="1.17.1")) == []


def test_an_upgrade_goes_from_the_ingress_to_the_operator_to_kubernetes_to_images() -> None:
    wanted = Versions(kubernetes="1.32", seldon="1.17.1", istio="1.28.10", mlserver="1.3.5")
    assert upgrade_steps(NOW, wanted) == [
        "Istio: base (its CRDs), then istiod, then the gateway: 1.25.5 to 1.28.10",
        "Seldon Core: CRD and operator, by its chart: 1.16.0 to 1.17.1",
        "Kubernetes to 1.31",
        "Kubernetes to 1.32",
        "images of model servers, deployment by deployment: 1.3.0 to 1.3.5",
    ]


def test_kubernetes_goes_first_where_the_new_parts_need_it() -> None:
    wanted = Versions(kubernetes="1.32", seldon="1.16.0", istio="1.30.3", mlserver="1.3.0")
    assert upgrade_steps(NOW, wanted)[:2] == ["Kubernetes to 1.31", "Kubernetes to 1.32"]


def test_where_nothing_changes_there_are_no_steps() -> None:
    assert upgrade_steps(NOW, NOW) == []
