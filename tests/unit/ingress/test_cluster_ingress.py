"""Istio and Ambassador: what is rendered, what one of them cannot, and deployments that say something else."""

from __future__ import annotations

import pytest

from seldon_infra import (
    Ambassador,
    AmbassadorRoute,
    Chart,
    CircuitBreakers,
    Ejection,
    ExternalAuth,
    IngressTimeouts,
    Istio,
    IstioRoute,
    Model,
    Predictor,
    RateLimit,
    Retries,
    SeldonDeployment,
    SklearnServer,
    Timeouts,
    Tls,
)
from seldon_infra.ingress.check import CANNOT, check, check_together
from seldon_infra.ingress.render.deployments import behind
from tests.unit.ingress.cases import CASES, GOLDEN, golden

EVERYTHING = {
    "mtls": ["models"],
    "tls_to_pods": "ISTIO_MUTUAL",
    "timeouts": IngressTimeouts(connect="1s"),
    "ejection": Ejection(),
    "auth": ExternalAuth(service="auth.security:3000"),
    "rate_limit": RateLimit(service="limits.security:8081"),
}


def deployment(*traffic: int, **fields: object) -> SeldonDeployment:
    """Give a deployment, with a predictor for each share of the traffic."""
    graph = Model(name="m", server=SklearnServer(), model_uri="s3://b/m")
    predictors = [
        Predictor(name=f"p{index}", graph=graph, traffic=share) for index, share in enumerate(traffic or (100,))
    ]
    return SeldonDeployment(name="d", namespace="models", predictors=predictors, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_is_rendered(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), f"run: python -m tests.unit.ingress.cases, then read the difference of {name}.yaml"


@pytest.mark.parametrize("name", CASES)
def test_an_ingress_of_a_golden_file_is_right(name: str) -> None:
    assert check(CASES[name][1]) == []


@pytest.mark.parametrize("kind", [Istio, Ambassador])
def test_what_an_ingress_cannot_do_is_said_and_not_dropped(kind: type[Istio | Ambassador]) -> None:
    said = [str(problem) for problem in check(kind(**EVERYTHING))]  # type: ignore[arg-type]
    cannot = CANNOT["istio" if kind is Istio else "ambassador"]
    assert len(said) == len(cannot)
    for text, (field, fix) in zip(said, cannot.items(), strict=True):
        assert text == f"{kind.__name__}: {field} is set, must not be: {kind.__name__} cannot do it; {fix}"


@pytest.mark.parametrize("kind", [Istio, Ambassador])
def test_one_line_swaps_one_for_the_other(kind: type[Istio | Ambassador]) -> None:
    fields = {"hosts": ["models.example.com"], "tls": Tls(secret="t"), "retries": Retries(attempts=1)}
    bounds = CircuitBreakers(max_connections=10)
    assert check(kind(circuit_breakers=bounds, timeouts=IngressTimeouts(request="5s", idle="60s"), **fields)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ingress", "said"),
    [
        (Istio(hosts=[]), "hosts is empty, must hold at least one"),
        (Istio(hosts=["models example"]), "hosts 'models example', must be a host's name"),
        (Istio(hosts=["a.b", "a.b"]), "hosts 'a.b' is there twice"),
        (Istio(tls=Tls(secret="t", issuer="i")), "tls.issuer with hosts '*', must name hosts"),
        (Istio(tls=Tls(secret="T_")), "tls.secret 'T_', must be a secret's name"),
        (Istio(namespace="Istio"), "namespace 'Istio', must be a DNS label"),
        (Istio(mtls=["A"]), "mtls[0] 'A', must be a DNS label"),
        (Istio(service="1st"), "service '1st', must be a Service's name"),
        (Istio(timeouts=IngressTimeouts(request="5")), "timeouts.request '5', must be a duration"),
        (Istio(retries=Retries(attempts=1, per_try="500ms")), "retries.per_try '500ms', must be a duration of whole"),
        (Istio(retries=Retries(attempts=-1)), "retries.attempts -1, must be 0 or more"),
        (Istio(circuit_breakers=CircuitBreakers(max_requests=0)), "circuit_breakers.max_requests 0, must be 1 or more"),
        (Istio(ejection=Ejection(most_percent=101)), "ejection.most_percent 101, must be a percentage"),
        (Istio(existing=True, values={"istiod": {}}), "values istiod, must be empty with existing=True"),
        (Istio(charts={"istio": Chart(name="x")}), "charts 'istio', must be one of its releases istio-base, istiod or"),
        (Ambassador(version="3.9.1"), "version '3.9.1', must be 4 or later to be installed"),
        (Ambassador(existing=True, retries=Retries(attempts=1)), "retries is set, must not be with existing=True"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(ingress: Istio | Ambassador, said: str) -> None:
    (problem,) = check(ingress)
    assert said in str(problem)
    assert problem.fix


@pytest.mark.parametrize(
    ("ingress", "fields", "said"),
    [
        (Istio(), {"ambassador": AmbassadorRoute()}, "ambassador is set, must be istio: the stack's ingress is Istio"),
        (Ambassador(), {"istio": IstioRoute()}, "istio is set, must be ambassador: the stack's ingress is Ambassador"),
        (
            Istio(),
            {"istio": IstioRoute(gateway="a/b")},
            "istio.gateway 'a/b', must be the stack's own, 'istio-system/seldon-",
        ),
        (
            Istio(hosts=["*.a.b"]),
            {"istio": IstioRoute(host="x.c")},
            "istio.host 'x.c', must be one that the gateway answers",
        ),
        (
            Ambassador(),
            {"ambassador": AmbassadorRoute(id="x")},
            "ambassador.id 'x', must be that of the stack's Ambassador",
        ),
    ],
)
def test_a_deployment_that_says_something_else_is_named(
    ingress: Istio | Ambassador, fields: dict[str, object], said: str
) -> None:
    (problem,) = check_together(ingress, [deployment(**fields)])  # type: ignore[arg-type]
    assert said in str(problem)


def test_a_deployment_that_agrees_is_right() -> None:
    istio = IstioRoute(gateway="istio-system/seldon-gateway", host="x.a.b")
    assert check_together(Istio(hosts=["*.a.b"]), [deployment(istio=istio)]) == []
    assert check_together(Ambassador(id="x"), [deployment(), deployment(ambassador=AmbassadorRoute(id="x"))]) == []


def test_what_the_ingress_says_for_all_stands_in_a_deployment_that_says_nothing() -> None:
    filled = behind(Istio(retries=Retries(attempts=2, per_try="3s")), deployment())
    assert filled.istio == IstioRoute(retries=2, retries_timeout="3s")
    own = behind(Istio(retries=Retries(attempts=2)), deployment(istio=IstioRoute(retries=5)))
    assert own.istio == IstioRoute(retries=5)


def test_behind_ambassador_a_request_gets_its_time_and_the_id_from_annotations() -> None:
    ambassador = Ambassador(id="x", timeouts=IngressTimeouts(request="30s"))
    filled = behind(ambassador, deployment())
    assert (filled.timeouts, filled.ambassador) == (Timeouts(rest="30s"), AmbassadorRoute(id="x"))
    assert behind(ambassador, deployment(timeouts=Timeouts(rest="1s"))).timeouts == Timeouts(rest="1s")
