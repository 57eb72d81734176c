"""Rules about an ingress, and about deployments behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.names import is_dns_label, is_host, is_service_name, is_subdomain
from seldon_infra.core.problems import Problem, gather, shown
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import below, listed, used_twice
from seldon_infra.ingress.spec import Ambassador, Istio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.graph.spec import SeldonDeployment

    Kind = Istio | Ambassador

CANNOT = {
    "istio": {
        "auth": "write a RequestAuthentication or AuthorizationPolicy of your own, or take Ambassador",
        "rate_limit": "write an EnvoyFilter of your own, or take Ambassador",
    },
    "ambassador": {
        "mtls": "take Istio, or ssl on each predictor",
        "tls_to_pods": "write ssl on each predictor, or take Istio",
        "ejection": "remove it, or take Istio",
        "timeouts.connect": "remove it (Emissary's is 3 s), or take Istio",
    },
}
"""Fields that an ingress cannot do, each with the ways out; none of them is dropped in silence."""
_BREAKERS = ("max_connections", "max_requests", "max_pending_requests", "max_retries")


def check(ingress: Kind) -> list[Problem]:
    """Find every problem of an ingress's own definition."""
    return list(gather(rule(ingress) for rule in RULES))


def check_together(ingress: Kind, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find deployments that say something else about the way to them than the ingress does."""
    return list(gather(rule(ingress, deployment) for deployment in deployments for rule in DEPLOYMENT_RULES))


def can_do_all(ingress: Kind) -> Iterator[Problem]:
    """What an ingress cannot do is no setting of it."""
    name = type(ingress).__name__
    for path, fix in CANNOT[ingress.kind].items():
        if _is_set(ingress, path):
            yield Problem(title(ingress), f"{path} is set", f"must not be: {name} cannot do it", fix)


def names_are_kubernetes(ingress: Kind) -> Iterator[Problem]:
    """Namespaces, services, gateways and secrets have names as Kubernetes wants them."""
    given = {"namespace": ingress.namespace, **{f"mtls[{index}]": name for index, name in enumerate(ingress.mtls)}}
    for field, name in given.items():
        if not is_dns_label(name):
            want = "must be a DNS label: at most 63 of a-z, 0-9 and '-'"
            yield Problem(title(ingress), f"{field} '{name}'", want, "write a namespace's name")
    if not is_service_name(ingress.service):
        want = "must be a Service's name: at most 63 of a-z, 0-9 and '-', a letter first"
        yield Problem(title(ingress), f"service '{ingress.service}'", want, "write the name of its Service")
    secret = known(ingress.tls.secret) if ingress.tls else None
    if secret is not None and not is_subdomain(secret):
        yield Problem(title(ingress), f"tls.secret '{secret}'", "must be a secret's name", "write secret='seldon-tls'")


def hosts_can_be_answered(ingress: Kind) -> Iterator[Problem]:
    """Hosts are names, each once; a certificate is made for names, not for all of them."""
    if not ingress.hosts:
        yield Problem(title(ingress), "hosts is empty", "must hold at least one", "write hosts=['*']")
    for name in (name for name in ingress.hosts if not is_host(name)):
        want = "must be a host's name, '*', or '*.domain'"
        yield Problem(title(ingress), f"hosts '{name}'", want, "write hosts=['models.example.com']")
    for name in used_twice(ingress.hosts):
        yield Problem(title(ingress), f"hosts '{name}' is there twice", "must be there once", "remove one of them")
    if ingress.tls and ingress.tls.issuer is not None and "*" in ingress.hosts:
        want = "must name hosts: cert-manager makes no certificate for all of them"
        yield Problem(title(ingress), "tls.issuer with hosts '*'", want, "write hosts=['models.example.com']")


def durations_can_be_read(ingress: Kind) -> Iterator[Problem]:
    """Durations are durations, of a millisecond or more; Istio gives an attempt whole seconds."""
    waits, retries = ingress.timeouts, ingress.retries
    given = {
        "timeouts.request": waits.request if waits else None,
        "timeouts.connect": waits.connect if waits else None,
        "timeouts.idle": waits.idle if waits else None,
        "retries.per_try": retries.per_try if retries else None,
        "auth.timeout": ingress.auth.timeout if ingress.auth else None,
        "rate_limit.timeout": ingress.rate_limit.timeout if ingress.rate_limit else None,
    }
    for field, text in given.items():
        whole = field == "retries.per_try" and ingress.kind == "istio"
        found = None if text is None else parse_duration(text)
        if text is not None and (not found or found * 1000 < 1 or (whole and found != found.to_integral_value())):
            want = "must be a duration of whole seconds" if whole else "must be a duration of a millisecond or more"
            yield Problem(title(ingress), f"{field} '{text}'", want, f"write {field.rpartition('.')[2]}='5s'")


def counts_make_sense(ingress: Kind) -> Iterator[Problem]:
    """Bounds are at least one, attempts at least none."""
    if ingress.retries:
        yield from below(title(ingress), "retries.attempts", ingress.retries.attempts, 0)
    for name in _BREAKERS if ingress.circuit_breakers else ():
        value = getattr(ingress.circuit_breakers, name)
        yield from below(title(ingress), f"circuit_breakers.{name}", value, 1)
    ejection = ingress.ejection
    if ejection:
        yield from below(title(ingress), "ejection.after_errors", ejection.after_errors, 1)
        yield from below(title(ingress), "ejection.seconds", ejection.seconds, 1)
        if not 0 <= ejection.most_percent <= 100:
            got, want = f"ejection.most_percent {ejection.most_percent}", "must be a percentage from 0 to 100"
            yield Problem(title(ingress), got, want, "write most_percent=50")


def charts_are_installed(ingress: Kind) -> Iterator[Problem]:
    """What is said about charts is said about one that is installed."""
    releases = list(ingress.releases)
    for field, given in (("charts", ingress.charts), ("values", ingress.values)):
        if ingress.existing and given:
            want = "must be empty with existing=True, which installs nothing"
            yield Problem(title(ingress), f"{field} {listed(list(given), 'and')}", want, f"remove {field} or existing")
        for name in (name for name in given if name not in releases):
            want = f"must be one of its releases {listed(releases)}"
            yield Problem(title(ingress), f"{field} '{name}'", want, f"write {field}={{'{releases[-1]}': …}}")


def ambassador_can_be_installed(ingress: Kind) -> Iterator[Problem]:
    """Emissary has charts for its CRDs from 4 on, and a Module that is there already is somebody else's."""
    if not isinstance(ingress, Ambassador):
        return
    if not ingress.existing and not ingress.charts and not _is_4(ingress.version):
        want = "must be 4 or later to be installed: earlier ones have no chart for their CRDs"
        fix = "write version='4.1.0', or install it yourself and write existing=True"
        yield Problem(title(ingress), f"version '{ingress.version}'", want, fix)
    if ingress.existing:
        fields = {
            "retries": ingress.retries,
            "circuit_breakers": ingress.circuit_breakers,
            "timeouts.idle": _idle(ingress),
        }
        for field in (name for name, value in fields.items() if value is not None):
            want = "must not be with existing=True: the Module 'ambassador' is its owner's"
            fix = "write it in that Module, or in each deployment's ambassador=AmbassadorRoute(…)"
            yield Problem(title(ingress), f"{field} is set", want, fix)


def route_is_the_ingresss(ingress: Kind, deployment: SeldonDeployment) -> Iterator[Problem]:
    """Annotations of the other ingress would be dropped in silence."""
    mine, other = ("istio", "ambassador") if isinstance(ingress, Istio) else ("ambassador", "istio")
    if getattr(deployment, other) is not None:
        name = type(ingress).__name__
        want = f"must be {mine}: the stack's ingress is {name}, which does not read it"
        yield Problem(title(deployment), f"{other} is set", want, f"write {mine}=… instead, or remove {other}")


def gateway_is_the_ingresss(ingress: Kind, deployment: SeldonDeployment) -> Iterator[Problem]:
    """Gateway, host and id of a deployment are those of the ingress that leads to it."""
    if isinstance(ingress, Istio):
        own, at = deployment.istio, f"{ingress.namespace}/{ingress.gateway}"
        gateway, host = (known(own.gateway), known(own.host)) if own else (None, None)
        if gateway is not None and gateway != at:
            fix = "remove istio.gateway, or write namespace and gateway in Istio"
            yield Problem(title(deployment), f"istio.gateway '{gateway}'", f"must be the stack's own, '{at}'", fix)
        if host is not None and not _is_answered(host, ingress.hosts):
            want = f"must be one that the gateway answers, {listed(list(ingress.hosts))}"
            yield Problem(title(deployment), f"istio.host '{host}'", want, f"add '{host}' to hosts of Istio")
    elif deployment.ambassador is not None:
        theirs = known(deployment.ambassador.id)
        if theirs is not None and theirs != ingress.id:
            want = f"must be that of the stack's Ambassador, {shown(ingress.id)}"
            fix = "remove ambassador.id, or write id in Ambassador"
            yield Problem(title(deployment), f"ambassador.id '{theirs}'", want, fix)


def _is_set(ingress: Kind, path: str) -> bool:
    value: object = ingress
    for name in path.split("."):
        value = getattr(value, name, None)
    return value not in (None, ())


def _idle(ingress: Kind) -> str | None:
    return ingress.timeouts.idle if ingress.timeouts else None


def _is_4(version: str) -> bool:
    first = version.partition(".")[0]
    return first.isdigit() and int(first) >= 4


def _is_answered(host: str, hosts: Sequence[str]) -> bool:
    return any(each in ("*", host) or (each.startswith("*.") and host.endswith(each[1:])) for each in hosts)


RULES = (
    can_do_all,
    names_are_kubernetes,
    hosts_can_be_answered,
    durations_can_be_read,
    counts_make_sense,
    charts_are_installed,
    ambassador_can_be_installed,
)
DEPLOYMENT_RULES = (route_is_the_ingresss, gateway_is_the_ingresss)
