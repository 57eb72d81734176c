"""Requests and answers of any AWS service, read and written by botocore's model of it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import botocore.session

from tests.aws.loopback import query
from tests.aws.loopback.shapes import violations

_SESSION = botocore.session.Session()
_SIGNED_AS = {"servicequotas": "service-quotas", "tagging": "resourcegroupstaggingapi"}
"""Services whose name in a signature is not that of their model."""

NOT_SERVED = "NotServed"
"""The code of what AWS has and the loopback has not."""


class AwsError(Exception):
    """An error answer: its code, its message, and what else its shape has."""

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


@dataclass(frozen=True)
class Request:
    """An HTTP request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it goes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """What a request asks for; parameters are read only for what is served here."""

    service: str
    operation: str
    region: str
    request: Request
    model: Any

    @property
    def name(self) -> str:
        """How faults and logs name it: eks.CreateCluster."""
        return f"{self.service}.{self.operation}"

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.startswith(("Describe", "List", "Get", "Simulate", "BatchGet", "Decode", "Lookup"))


def read_call(request: Request) -> Call:
    """Which operation of which service a signed request asks for."""
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", request.headers.get("Authorization", ""))
    if scope is None:
        raise AwsError("MissingAuthenticationToken", "the request is not signed", 403)
    region, signed_as = scope.groups()
    service = _balancers(request) if signed_as == "elasticloadbalancing" else _SIGNED_AS.get(signed_as, signed_as)
    model = service_model(service)
    return Call(service, _operation(model, request), region, request, model)


def _balancers(request: Request) -> str:
    """Which of two services that are signed alike: the version of the API tells."""
    return "elb" if b"Version=2012-06-01" in request.body else "elbv2"


@functools.cache
def service_model(service: str) -> Any:
    """Botocore's model of a service."""
    return _SESSION.get_service_model(service)


def _operation(model: Any, request: Request) -> str:
    if named := request.headers.get("X-Amz-Target"):
        return named.rpartition(".")[2]
    match model.protocol:
        case "ec2" | "query":
            return dict(parse_qsl(request.body.decode() or urlsplit(request.target).query))["Action"]
        case _:
            return _route(model, request)[0]


def _route(model: Any, request: Request) -> tuple[str, dict[str, str]]:
    """The REST operation of a path, and the values that stand in it."""
    path = urlsplit(request.target).path
    for operation, method, pattern in _routes(model.service_name):
        if method == request.method and (found := pattern.fullmatch(path)):
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    raise AwsError("UnknownOperationException", f"{model.service_name} has no {request.method} {path}", 404)


@functools.cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str]]]:
    """Every REST operation with its path, those with the most literal text first."""
    model = service_model(service)
    routes = [(name, model.operation_model(name).http) for name in model.operation_names]
    routes.sort(key=lambda it: -len(re.sub(r"{\w+}", "", it[1]["requestUri"])))
    return [(name, http["method"], _pattern(http["requestUri"])) for name, http in routes]


def _pattern(uri: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", uri.partition("?")[0]))


def parameters(call: Call) -> dict[str, Any]:
    """A request's parameters, or AWS's refusal of what the model does not allow."""
    shape = call.model.operation_model(call.operation).input_shape
    given = _READERS.get(call.model.protocol, _of_body)(call, shape)
    if wrong := list(violations(shape, given)):
        code = "InvalidParameterException" if call.service == "eks" else "ValidationException"
        raise AwsError(code, "; ".join(wrong))
    return given


def _of_body(call: Call, shape: Any) -> dict[str, Any]:
    return _json_body(call.request.body, shape)


def _of_form(call: Call, shape: Any) -> dict[str, Any]:
    return query.read(call.request.body, shape)


def _rest(call: Call, shape: Any) -> dict[str, Any]:
    in_path = _route(call.model, call.request)[1]
    asked = parse_qs(urlsplit(call.request.target).query)
    given = _json_body(call.request.body, shape)
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        if member.serialization.get("location") == "uri":
            given[name] = in_path[wire_name]
        elif member.serialization.get("location") == "querystring" and wire_name in asked:
            given[name] = _from_text(member, asked[wire_name])
    return given


_READERS = {"rest-json": _rest, "query": _of_form}


def _from_text(shape: Any, texts: list[str]) -> Any:
    match shape.type_name:
        case "list":
            return texts
        case "integer":
            return int(texts[0])
        case "boolean":
            return texts[0] == "true"
        case _:
            return texts[0]


def _json_body(body: bytes, shape: Any) -> dict[str, Any]:
    given = json.loads(body or b"{}")
    by_wire_name = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    return {by_wire_name.get(name, name): value for name, value in given.items()}


def answer(call: Call, result: Mapping[str, Any]) -> Answer:
    """The answer that says this; an answer that the model does not allow is a mistake of the loopback's own."""
    shape = call.model.operation_model(call.operation).output_shape
    result = _without_empty_maps(result)
    wrong = list(violations(shape, result)) if shape else []
    assert not wrong, f"{call.name} must not answer so: {'; '.join(wrong)}"
    if call.model.protocol == "query":
        return Answer(200, query.write(call.operation, shape, result), {"Content-Type": "text/xml"})
    return _json_answer(call, 200, _plain(result))


def _without_empty_maps(value: Any) -> Any:
    """A value without its empty maps: the models allow none, for they say the least of a request's."""
    match value:
        case Mapping():
            return {key: _without_empty_maps(item) for key, item in value.items() if item != {}}
        case list():
            return [_without_empty_maps(item) for item in value]
        case _:
            return value


def error(call: Call, failure: AwsError) -> Answer:
    """The error answer in the service's own protocol."""
    match call.model.protocol:
        case "ec2":
            body = f"<Response><Errors><Error>{_xml(failure)}</Error></Errors><RequestID>0</RequestID></Response>"
            return Answer(failure.status, body.encode(), {"Content-Type": "text/xml"})
        case "query":
            body = f"<ErrorResponse><Error><Type>Sender</Type>{_xml(failure)}</Error></ErrorResponse>"
            return Answer(failure.status, body.encode(), {"Content-Type": "text/xml"})
        case _:
            members = {"message": failure.message, "__type": failure.code, **failure.members}
            answered = _json_answer(call, _status(call, failure), members)
            return Answer(answered.status, answered.body, {**answered.headers, "x-amzn-ErrorType": failure.code})


def _xml(failure: AwsError) -> str:
    return f"<Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"


def _status(call: Call, failure: AwsError) -> int:
    shape = call.model.shape_for_error_code(failure.code)
    return int(shape.metadata.get("error", {}).get("httpStatusCode", failure.status)) if shape else failure.status


def _json_answer(call: Call, status: int, body: Mapping[str, Any]) -> Answer:
    kind = "application/json" if call.model.protocol == "rest-json" else "application/x-amz-json-1.1"
    return Answer(status, json.dumps(body).encode(), {"Content-Type": kind})


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.timestamp()
        case Mapping():
            return {key: _plain(item) for key, item in value.items() if item is not None}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
