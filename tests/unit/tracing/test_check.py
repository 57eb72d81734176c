"""Rules about traces, each with its opposite."""

from __future__ import annotations

import pytest

from seldon_infra import Ambassador, Istio, Kubernetes
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import ARROW
from seldon_infra.targets.platform_check import check_platform
from seldon_infra.tracing.check import check_here, check_on_cluster
from seldon_infra.tracing.spec import Tracing

COLLECTOR = "http://127.0.0.1:4317"


def endpoint(address: str) -> Tracing:
    return Tracing(otlp_endpoint=address)


@pytest.mark.parametrize(
    "address", [COLLECTOR, "https://otlp.acme.io:443", "http://[::1]:4317/", "http://c.ns.svc:4317"]
)
def test_an_address_of_a_collector_is_right_on_both_targets(address: str) -> None:
    assert [*check_here(endpoint(address)), *check_on_cluster(endpoint(address))] == []


@pytest.mark.parametrize(
    "address",
    [
        "", "127.0.0.1:4317", "grpc://127.0.0.1:4317", "http://127.0.0.1", "http://:4317", "http://h:99999", "http://h:0",
        "http://h:4318/v1/traces", "http://user:pass@h:4317", "http://h h:4317", "http://[::1:4317",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_on_both_targets(address: str) -> None:
    (here,), (there,) = check_here(endpoint(address)), check_on_cluster(endpoint(address))
    assert [each.path.split(ARROW) for each in (here, there)] == [
        ["Local", "tracing", "otlp_endpoint"],
        ["Kubernetes", "tracing", "otlp_endpoint"],
    ]
    assert repr(address) in str(here)


@pytest.mark.parametrize(("name", "wrong"), [("authorization", False), ("x-team.2", False), ("Authorization", True),
                                             ("a b", True), ("", True), ("grpc-timeout", True)])  # fmt: skip
def test_headers_are_named_as_grpc_takes_them(name: str, wrong: bool) -> None:
    assert bool([*check_here(Tracing(otlp_endpoint=COLLECTOR, headers={name: "x"}))]) is wrong


def test_on_a_cluster_headers_would_stand_in_every_pod() -> None:
    (problem,) = check_on_cluster(Tracing(otlp_endpoint=COLLECTOR, headers={"authorization": "hush-hush"}))
    assert "'authorization'" in str(problem)
    assert "hush-hush" not in str(problem)


@pytest.mark.parametrize(("address", "count"), [("http://c.o:14268/api/traces", 0), ("c.o:14268", 1)])
def test_the_executors_collector_has_an_address(address: str, count: int) -> None:
    found = [*check_on_cluster(Tracing(otlp_endpoint=COLLECTOR, jaeger_endpoint=address))]
    assert len(found) == count


@pytest.mark.parametrize(
    ("address", "count"),
    [("http://c.o:4318/v1/traces", 0), ("http://c.o:4318", 1), ("c.o:4318/v1/traces", 1), ("http://c.o/v1/traces", 1)],
)
def test_triton_posts_to_a_whole_address(address: str, count: int) -> None:
    tracing = Tracing(otlp_endpoint=COLLECTOR, triton_endpoint=address)
    for found in ([*check_here(tracing)], [*check_on_cluster(tracing)]):
        assert ["triton_endpoint" in each.path for each in found] == [True] * count


ADDED = {"istiod": {"meshConfig": {"extensionProviders": [{"name": "otel"}]}}}


@pytest.mark.parametrize(
    ("ingress", "said"),
    [
        (None, "must be with Istio as the ingress; write ingress=Istio(…), or remove it"),
        (Ambassador(), "must be with Istio as the ingress; write ingress=Istio(…), or remove it"),
        (
            Istio(),
            "must be a provider that istiod is told of; write Istio(values={'istiod': {'meshConfig': "
            "{'extensionProviders': [{'name': 'otel', 'opentelemetry': {'service': '127.0.0.1', 'port': 4317}}]}}})",
        ),
        (Istio(values={"istiod": {"meshConfig": {"extensionProviders": [{"name": "zipkin"}]}}}), "must be a provider"),
        (Istio(values=ADDED), None),
        (Istio(existing=True), None),
    ],
)
def test_the_mesh_knows_the_provider(ingress: Istio | Ambassador | None, said: str | None) -> None:
    tracing = Tracing(otlp_endpoint=COLLECTOR, istio_provider="otel")
    found = [str(each) for each in check_platform(Kubernetes(ingress=ingress, tracing=tracing), ())]
    about = [each for each in found if "istio_provider" in each]
    assert (said is None and about == []) or (len(about) == 1 and f"'otel', {said}" in about[0])


@pytest.mark.parametrize("sample", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(sample: float) -> None:
    with pytest.raises(InvalidSpec, match="sample"):
        Tracing(otlp_endpoint=COLLECTOR, sample=sample)


def test_without_tracing_there_is_nothing_to_say() -> None:
    assert [*check_here(None), *check_on_cluster(None)] == []


def test_no_header_is_shown_with_the_definition() -> None:
    assert "hush-hush" not in repr(Tracing(otlp_endpoint=COLLECTOR, headers={"authorization": "hush-hush"}))
