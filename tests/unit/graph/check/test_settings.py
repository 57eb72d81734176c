from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.rules.settings import _FIELD_OF
from seldon_infra.graph.spec import (
    AmbassadorRoute,
    CircuitBreakers,
    IstioRoute,
    Pod,
    PodTemplate,
    RequestLogQueue,
    StickySession,
    Timeouts,
)
from tests.unit.graph.check.build import DEPLOYMENT, NODE, PREDICTOR, Row, deployment, of_node, of_predictor

DURATION = "must be a duration with a unit, such as '5s' or '200ms'"
VALUE = "must be at most 63 letters, digits, '-', '_' and '.'"
KEY = "must be a label's key: name or domain/name"


def breakers(**fields: object) -> AmbassadorRoute:
    return AmbassadorRoute(circuit_breakers=CircuitBreakers(**fields))


ROWS = {
    "a time-out has a unit": Row(
        deployment(timeouts=Timeouts(rest="5")),
        f"{DEPLOYMENT}: timeouts.rest '5', {DURATION}; write rest='5s'",
        deployment(timeouts=Timeouts(rest="5s")),
    ),
    "a time-out is a duration": Row(
        deployment(timeouts=Timeouts(grpc="soon")),
        f"{DEPLOYMENT}: timeouts.grpc 'soon', {DURATION}; write grpc='5s'",
        deployment(timeouts=Timeouts(grpc="1m30s")),
    ),
    "a time-out is some time": Row(
        deployment(timeouts=Timeouts(grpc="0s")),
        f"{DEPLOYMENT}: timeouts.grpc '0s', must be more than nothing; write grpc='5s'",
        deployment(timeouts=Timeouts(grpc="1ms")),
    ),
    "a time-out is in milliseconds": Row(
        deployment(timeouts=Timeouts(rest="1500us")),
        f"{DEPLOYMENT}: timeouts.rest '1500us', must be a multiple of 1ms; write rest='1ms' or more",
        deployment(timeouts=Timeouts(rest="2000us")),
    ),
    "a retry's time-out is in seconds": Row(
        deployment(istio=IstioRoute(retries_timeout="1500ms")),
        f"{DEPLOYMENT}: istio.retries_timeout '1500ms', must be a multiple of 1s; write retries_timeout='1s' or more",
        deployment(istio=IstioRoute(retries_timeout="2000ms")),
    ),
    "a log's time-out": Row(
        deployment(request_log=RequestLogQueue(write_timeout="-1s")),
        f"{DEPLOYMENT}: request_log.write_timeout '-1s', {DURATION}; write write_timeout='5s'",
        deployment(request_log=RequestLogQueue(write_timeout="1s")),
    ),
    "a log's size": Row(
        deployment(request_log=RequestLogQueue(size=0)),
        f"{DEPLOYMENT}: request_log.size 0, must be 1 or more; write request_log.size=1 or more",
        deployment(request_log=RequestLogQueue(size=1)),
    ),
    "Istio's retries": Row(
        deployment(istio=IstioRoute(retries=-1)),
        f"{DEPLOYMENT}: istio.retries -1, must be 0 or more; write istio.retries=0 or more",
        deployment(istio=IstioRoute(retries=0)),
    ),
    "Ambassador's retries": Row(
        deployment(ambassador=AmbassadorRoute(retries=-1)),
        f"{DEPLOYMENT}: ambassador.retries -1, must be 0 or more; write ambassador.retries=0 or more",
        deployment(ambassador=AmbassadorRoute(retries=3)),
    ),
    "Ambassador's bounds": Row(
        deployment(ambassador=breakers(max_pending_requests=0)),
        f"{DEPLOYMENT}: ambassador.circuit_breakers.max_pending_requests 0, must be 1 or more; "
        "write ambassador.circuit_breakers.max_pending_requests=1 or more",
        deployment(ambassador=breakers(max_pending_requests=1)),
    ),
    "a sticky header has no underscore": Row(
        deployment(sticky=StickySession(header="user_id")),
        f"{DEPLOYMENT}: sticky.header 'user_id', must be without '_', which gateways refuse in a header's name; "
        "write header='user-id'",
        deployment(sticky=StickySession(header="user-id")),
    ),
    "a sticky header is one": Row(
        deployment(sticky=StickySession(header="user id")),
        f"{DEPLOYMENT}: sticky.header 'user id', must be the name of an HTTP header; write header='x-user-id'",
        deployment(sticky=StickySession(header="user-id")),
    ),
    "a gateway has a name": Row(
        deployment(istio=IstioRoute(gateway="istio-system/")),
        f"{DEPLOYMENT}: istio.gateway 'istio-system/', must be NAMESPACE/NAME; "
        "write gateway='istio-system/seldon-gateway'",
        deployment(istio=IstioRoute(gateway="istio-system/edge")),
    ),
    "a time-out that an operator can count": Row(
        deployment(timeouts=Timeouts(rest="1000h")),
        f"{DEPLOYMENT}: timeouts.rest '1000h', must be at most 24 days; write rest='5s'",
        deployment(timeouts=Timeouts(rest="500h")),
    ),
    "a host is one": Row(
        deployment(istio=IstioRoute(host="chat.acme.com,not a host!")),
        f"{DEPLOYMENT}: istio.host 'chat.acme.com,not a host!', must be host names, such as chat.acme.com or "
        "*.acme.com, separated by commas; write host='chat.acme.com'",
        deployment(istio=IstioRoute(host="*.acme.com,chat.acme.org")),
    ),
    "a required header has a value": Row(
        deployment(ambassador=AmbassadorRoute(header="nocolon")),
        f"{DEPLOYMENT}: ambassador.header 'nocolon', must be a header's name and value; write header='x-team: a'",
        deployment(ambassador=AmbassadorRoute(header="x-team: a")),
    ),
    "a required header's expression": Row(
        deployment(ambassador=AmbassadorRoute(regex_header="x team: .*")),
        f"{DEPLOYMENT}: ambassador.regex_header 'x team: .*', must be a header's name and value; "
        "write regex_header='x-team: a'",
        deployment(ambassador=AmbassadorRoute(regex_header="x-team: .*")),
    ),
    "an operator's id is a label": Row(
        deployment(controller_id="my id!"),
        f"{DEPLOYMENT}: controller_id 'my id!', {VALUE}; shorten it, or leave out what is no letter or digit",
        deployment(controller_id="blue"),
    ),
    "a label that has a field": Row(
        deployment(labels={"seldon.io/controller-id": "x"}),
        f"{DEPLOYMENT}: labels['seldon.io/controller-id'], must be given by its field, where it is checked; "
        "remove it and set controller_id",
        deployment(controller_id="x"),
    ),
    "a label of Seldon's operator": Row(
        of_predictor(labels={"app.kubernetes.io/managed-by": "me"}),
        f"{PREDICTOR}: labels['app.kubernetes.io/managed-by'], must leave it to Seldon's operator; remove it",
        of_predictor(labels={"app.kubernetes.io/part-of": "me"}),
    ),
    "a misspelt annotation": Row(
        deployment(annotations={"seldon.io/rest-timeou": "5000"}),
        f"{DEPLOYMENT}: annotations['seldon.io/rest-timeou'], must be one that Seldon's operator reads; "
        "remove it and set timeouts.rest on SeldonDeployment 'fraud'",
        deployment(annotations={"seldon.io/rest-read-timeout": "5000"}),
    ),
    "the sticky header's annotation": Row(
        deployment(annotations={"seldon-infra/sticky-header": "x"}),
        f"{DEPLOYMENT}: annotations['seldon-infra/sticky-header'], must be given by its field, where it is checked; "
        "remove it and set sticky on SeldonDeployment 'fraud'",
        deployment(sticky=StickySession(header="x")),
    ),
    "a label's key": Row(
        deployment(labels={"my team": "fraud"}),
        f"{DEPLOYMENT}: labels['my team'], {KEY}; rename it",
        deployment(labels={"acme.com/team": "fraud"}),
    ),
    "a label's value": Row(
        of_predictor(labels={"team": "fraud & risk"}),
        f"{PREDICTOR}: labels['team'] 'fraud & risk', {VALUE}; shorten it, or make it an annotation",
        of_predictor(labels={"team": "fraud-and-risk"}),
    ),
    "a label of Seldon's": Row(
        of_predictor(labels={"seldon-app": "fraud"}),
        f"{PREDICTOR}: labels['seldon-app'], must leave it to Seldon's operator; remove it",
        of_predictor(labels={"app-of": "fraud"}),
    ),
    "an annotation's key": Row(
        of_predictor(annotations={"/note": "x"}),
        f"{PREDICTOR}: annotations['/note'], must be an annotation's key: name or domain/name; rename it",
        of_predictor(annotations={"note": "any text, of any length"}),
    ),
    "a pod's labels": Row(
        of_predictor(pod=PodTemplate(labels={"a b": "c"})),
        f"{PREDICTOR}: pod.labels['a b'], {KEY}; rename it",
        of_predictor(pod=PodTemplate(labels={"a-b": "c"})),
    ),
    "a node's own pod's labels": Row(
        of_node(pod=Pod(template=PodTemplate(labels={"a b": "c"}))),
        f"{NODE}: pod.template.labels['a b'], {KEY}; rename it",
        of_node(pod=Pod(template=PodTemplate(annotations={"a-b": "c"}))),
    ),
    "an annotation that has a field": Row(
        deployment(annotations={"seldon.io/rest-timeout": "5000"}),
        f"{DEPLOYMENT}: annotations['seldon.io/rest-timeout'], must be given by its field, where it is checked; "
        "remove it and set timeouts.rest on SeldonDeployment 'fraud'",
        deployment(annotations={"seldon.io/grpc-max-message-size": "1000000"}),
    ),
    "an annotation of a predictor on the deployment": Row(
        deployment(annotations={"seldon.io/no-engine": "true"}),
        f"{DEPLOYMENT}: annotations['seldon.io/no-engine'], must be given by its field, where it is checked; "
        "remove it and set no_engine on the predictor that it is meant for",
        of_predictor(no_engine=True),
    ),
    "an annotation of a predictor": Row(
        of_predictor(annotations={"seldon.io/svc-name": "svc"}),
        f"{PREDICTOR}: annotations['seldon.io/svc-name'], must be given by its field, where it is checked; "
        "remove it and set service_name on predictor 'main'",
        of_predictor(service_name="svc"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize(("annotation", "field"), _FIELD_OF.items())
def test_a_field_that_a_message_names_is_there(annotation: str, field: str) -> None:
    del annotation
    route = IstioRoute()
    owner: object = deployment(timeouts=Timeouts(), istio=route, ambassador=breakers(), request_log=RequestLogQueue())
    for name in field.split("."):
        owner = getattr(owner if hasattr(owner, name) else owner.predictors[0], name)
