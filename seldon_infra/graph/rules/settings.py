"""Rules about a deployment's settings: time-outs, sticky sessions, ingress, labels and annotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.names import is_host, is_label_value, is_qualified_name, is_subdomain
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import MOST, InPredictor, below, nodes_in
from seldon_infra.graph.spec import CircuitBreakers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import SeldonDeployment

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_LONGEST_SECONDS = MOST // 1000
_REQUIRED_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\s*:\s*\S.*\Z")
_SELDON_LABELS = frozenset({"app.kubernetes.io/managed-by", "seldon-app", "seldon-app-svc", "seldon-deployment-id"})
_FIELD_OF = {
    "ambassador-circuit-breakers-max-connections": "ambassador.circuit_breakers.max_connections",
    "ambassador-circuit-breakers-max-pending-requests": "ambassador.circuit_breakers.max_pending_requests",
    "ambassador-circuit-breakers-max-requests": "ambassador.circuit_breakers.max_requests",
    "ambassador-circuit-breakers-max-retries": "ambassador.circuit_breakers.max_retries",
    "ambassador-config": "ambassador.config",
    "ambassador-header": "ambassador.header",
    "ambassador-id": "ambassador.id",
    "ambassador-regex-header": "ambassador.regex_header",
    "ambassador-retries": "ambassador.retries",
    "ambassador-service-name": "ambassador.service_name",
    "controller-id": "controller_id",
    "engine-separate-pod": "engine_separate_pod",
    "executor-logger-queue-size": "request_log.size",
    "executor-logger-write-timeout-ms": "request_log.write_timeout",
    "grpc-timeout": "timeouts.grpc",
    "headless-svc": "headless_service",
    "istio-gateway": "istio.gateway",
    "istio-host": "istio.host",
    "istio-retries": "istio.retries",
    "istio-retries-timeout": "istio.retries_timeout",
    "no-engine": "no_engine",
    "no-storage-initializer": "no_storage_initializer",
    "rest-timeout": "timeouts.rest",
    "svc-name": "service_name",
}
_LABEL_VALUE = "must be at most 63 letters, digits, '-', '_' and '.'"
_BY_ITS_FIELD = "must be given by its field, where it is checked"
_ALIKE = 0.88
"""How alike two annotations are for one to be the other misspelt: more than rest-read-timeout and rest-timeout."""
_OF_PREDICTORS = frozenset({"no-engine", "svc-name"})


def durations(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A time-out is a duration of a millisecond or more; that of a retry is given in seconds."""
    timeouts, log, istio = deployment.timeouts, deployment.request_log, deployment.istio
    given = (
        ("timeouts.rest", timeouts.rest if timeouts else None, "1ms"),
        ("timeouts.grpc", timeouts.grpc if timeouts else None, "1ms"),
        ("request_log.write_timeout", log.write_timeout if log else None, "1ms"),
        ("istio.retries_timeout", istio.retries_timeout if istio else None, "1s"),
    )
    for field, value, unit in given:
        yield from _duration(title(deployment), field, value, unit)


def counts(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Sizes of queues and bounds are at least one, retries at least none."""
    path, istio, ambassador = title(deployment), deployment.istio, deployment.ambassador
    if deployment.request_log:
        yield from below(path, "request_log.size", deployment.request_log.size, 1)
    if istio:
        yield from below(path, "istio.retries", istio.retries, 0)
    if ambassador:
        yield from below(path, "ambassador.retries", ambassador.retries, 0)
    if ambassador and ambassador.circuit_breakers:
        for name in CircuitBreakers.model_fields:
            value = getattr(ambassador.circuit_breakers, name)
            yield from below(path, f"ambassador.circuit_breakers.{name}", value, 1)


def sticky_header(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A header's name has no blanks; pseudo headers do not stick, and those with an underscore do not get in."""
    header = deployment.sticky.header if deployment.sticky else None
    if header is not None and not _HEADER.match(header):
        fix = "write header='x-user-id'"
        yield Problem(title(deployment), f"sticky.header '{header}'", "must be the name of an HTTP header", fix)
    elif header is not None and "_" in header:
        want, fix = "must be without '_', which gateways refuse in a header's name", header.replace("_", "-")
        yield Problem(title(deployment), f"sticky.header '{header}'", want, f"write header='{fix}'")


def istio_gateway(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A gateway is named with its namespace, or alone when it is in the deployment's."""
    gateway = known(deployment.istio.gateway) if deployment.istio else None
    if gateway is not None and not all(is_subdomain(part) for part in gateway.split("/", 1)):
        fix = "write gateway='istio-system/seldon-gateway'"
        yield Problem(title(deployment), f"istio.gateway '{gateway}'", "must be NAMESPACE/NAME", fix)


def istio_hosts(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A VirtualService answers for host names."""
    hosts = known(deployment.istio.host) if deployment.istio else None
    if hosts is not None and not all(is_host(host.strip()) for host in hosts.split(",")):
        want = "must be host names, such as chat.acme.com or *.acme.com, separated by commas"
        yield Problem(title(deployment), f"istio.host '{hosts}'", want, "write host='chat.acme.com'")


def ambassador_headers(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A header that a request must have is a name and a value."""
    ambassador = deployment.ambassador
    given = {"header": ambassador.header, "regex_header": ambassador.regex_header} if ambassador else {}
    for field, later in given.items():
        header = known(later)
        if header is not None and not _REQUIRED_HEADER.match(header):
            want, fix = "must be a header's name and value", f"write {field}='x-team: a'"
            yield Problem(title(deployment), f"ambassador.{field} '{header}'", want, fix)


def controller_id(deployment: SeldonDeployment) -> Iterator[Problem]:
    """It is the value of a label."""
    value = known(deployment.controller_id)
    if value is not None and not (value and is_label_value(value)):
        fix = "shorten it, or leave out what is no letter or digit"
        yield Problem(title(deployment), f"controller_id '{value}'", _LABEL_VALUE, fix)


def deployment_metadata(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Labels and annotations of the deployment are ones that Kubernetes takes."""
    path = title(deployment)
    yield from _labels(path, "labels", deployment.labels)
    yield from _annotations(path, "annotations", deployment.annotations)
    yield from _with_a_field(deployment, path, deployment.annotations)


def predictor_metadata(at: InPredictor) -> Iterator[Problem]:
    """The same for a predictor and its pods."""
    predictor = at.predictor
    yield from _labels(at.path, "labels", predictor.labels)
    yield from _annotations(at.path, "annotations", predictor.annotations)
    yield from _with_a_field(at.deployment, at.path, predictor.annotations, predictor.name)
    templates = [(at.path, "pod", predictor.pod)]
    templates += [(inner.path, "pod.template", inner.node.pod.template) for inner in nodes_in(at) if inner.node.pod]
    for path, field, template in templates:
        if template:
            yield from _labels(path, f"{field}.labels", template.labels)
            yield from _annotations(path, f"{field}.annotations", template.annotations)


def _duration(path: str, field: str, value: Later[str] | None, unit: str) -> Iterator[Problem]:
    text = known(value)
    if text is None:
        return
    seconds, name = parse_duration(text), field.rpartition(".")[2]
    step = parse_duration(unit) or 1
    if seconds is None:
        fix = f"write {name}='{text.strip()}s'" if text.strip().isdigit() else f"write {name}='5s'"
        yield Problem(path, f"{field} '{text}'", "must be a duration with a unit, such as '5s' or '200ms'", fix)
    elif seconds <= 0:
        yield Problem(path, f"{field} '{text}'", "must be more than nothing", f"write {name}='5s'")
    elif seconds > _LONGEST_SECONDS:
        yield Problem(path, f"{field} '{text}'", "must be at most 24 days", f"write {name}='5s'")
    elif seconds % step:
        yield Problem(path, f"{field} '{text}'", f"must be a multiple of {unit}", f"write {name}='{unit}' or more")


def _labels(path: str, field: str, labels: Mapping[str, Later[str]]) -> Iterator[Problem]:
    for key, later in labels.items():
        value = known(later)
        if not is_qualified_name(key):
            yield Problem(path, f"{field}['{key}']", "must be a label's key: name or domain/name", "rename it")
        elif key in _SELDON_LABELS:
            yield Problem(path, f"{field}['{key}']", "must leave it to Seldon's operator", "remove it")
        elif key == "seldon.io/controller-id":
            fix = "remove it and set controller_id"
            yield Problem(path, f"{field}['{key}']", _BY_ITS_FIELD, fix)
        elif value is not None and not is_label_value(value):
            yield Problem(path, f"{field}['{key}'] '{value}'", _LABEL_VALUE, "shorten it, or make it an annotation")


def _annotations(path: str, field: str, annotations: Mapping[str, Later[str]]) -> Iterator[Problem]:
    for key in annotations:
        if not is_qualified_name(key):
            want = "must be an annotation's key: name or domain/name"
            yield Problem(path, f"{field}['{key}']", want, "rename it")


def _with_a_field(
    deployment: SeldonDeployment, path: str, annotations: Mapping[str, Later[str]], predictor: str | None = None
) -> Iterator[Problem]:
    """Annotations that have a field of their own: given twice, nobody knows which one holds."""
    for key in annotations:
        domain, _, name = key.partition("/")
        meant = _meant(name) if domain == "seldon.io" else None
        if meant is not None:
            want = _BY_ITS_FIELD if meant == name else "must be one that Seldon's operator reads"
            fix = f"remove it and set {_FIELD_OF[meant]} on {_owner(deployment, meant, predictor)}"
            yield Problem(path, f"annotations['{key}']", want, fix)
        elif key == "seldon-infra/sticky-header":
            fix = f"remove it and set sticky on {title(deployment)}"
            yield Problem(path, f"annotations['{key}']", _BY_ITS_FIELD, fix)


def _meant(name: str) -> str | None:
    """Give the annotation that has a field and that this one is, perhaps misspelt."""
    from difflib import get_close_matches  # only an annotation of Seldon's pays for it

    near = [name] if name in _FIELD_OF else get_close_matches(name, _FIELD_OF, n=1, cutoff=_ALIKE)
    return near[0] if near else None


def _owner(deployment: SeldonDeployment, annotation: str, predictor: str | None) -> str:
    if annotation not in _OF_PREDICTORS:
        return title(deployment)
    return f"predictor '{predictor}'" if predictor else "the predictor that it is meant for"


DEPLOYMENT_RULES = (
    durations,
    counts,
    sticky_header,
    istio_gateway,
    istio_hosts,
    ambassador_headers,
    controller_id,
    deployment_metadata,
)
PREDICTOR_RULES = (predictor_metadata,)
