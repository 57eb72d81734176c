"""What AWS says when it says no: which kind of no it is, and the sentence that the user reads.

AwsError(Failed)            .code .kind .action: one answer of AWS, in words that say what to do
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from seldon_infra.provider.framework import Failed
from seldon_infra.resources.aws_words import LOGGED_OUT

_THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedAccess", "UnauthorizedOperation"})
_QUOTA = re.compile(
    r"(LimitExceeded|LimitExceededException|QuotaExceeded|QuotaExceededException|ResourceLimitExceeded)$"
)
_GONE = re.compile(
    r"(NotFound|NotFoundException|NoSuchEntity|NoSuchEntityException|Gateway\.NotAttached|InvalidPlacementGroup\.Unknown"
    r"|NonExistentQueue|QueueDoesNotExist)$"
)
_ACTION_IN_TEXT = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


_NO_ANSWER = frozenset(
    {
        "ConnectionClosedError",
        "HTTPClientError",
        "ReadTimeoutError",
        "ResponseParserError",
        "ResponseStreamingError",
        "SSLError",
    }
)
"""What botocore raises where a call may have been heard and no sensible answer came: a proxy's page is none either."""


class Kind(Enum):
    """What a refusal means for whoever called."""

    THROTTLED = "throttled"
    """Too many calls: it took no effect, and later it will be taken."""
    TRANSIENT = "transient"
    """AWS or the way to it failed: nobody knows whether it took effect."""
    UNREACHED = "unreached"
    """No connection came about: it took no effect."""
    LOGGED_OUT = "logged out"
    DENIED = "denied"
    QUOTA = "quota"
    GONE = "gone"
    """What the call is about is not there, or not yet."""
    REFUSED = "refused"


class AwsError(Failed):
    """One refusal of AWS; its text is what the user reads."""

    def __init__(self, action: str, code: str, message: str, kind: Kind) -> None:
        self.action, self.code, self.message, self.kind = action, code, message, kind
        self.unasked = kind in (Kind.UNREACHED, Kind.LOGGED_OUT)
        super().__init__(_WORDS[kind](self))

    def says(self, *texts: str) -> bool:
        """Whether it is one of these codes, or its message holds one of these texts."""
        return any(text == self.code or (" " in text and text in self.message) for text in texts)


def from_client_error(action: str, response: Any) -> AwsError:
    """AWS's own answer."""
    error = response.get("Error", {})
    code, message = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    named = _ACTION_IN_TEXT.search(message)
    kind = kind_of(code, status)
    return AwsError(named[1] if named and kind is Kind.DENIED else action, code, message, kind)


def kind_of(code: str, status: int) -> Kind:
    """What an error code and an HTTP status mean."""
    if code in _THROTTLING or status == 429:
        return Kind.THROTTLED
    if code in _TRANSIENT or status >= 500:
        return Kind.TRANSIENT
    if code in LOGGED_OUT:
        return Kind.LOGGED_OUT
    if code in _DENIED:
        return Kind.DENIED
    if _GONE.search(code):
        return Kind.GONE
    return Kind.QUOTA if _QUOTA.search(code) else Kind.REFUSED


def from_transport(action: str, error: Exception) -> AwsError:
    """What botocore raises without an answer of AWS: no credentials, no connection, a wrong parameter."""
    name = type(error).__name__
    if name in ("ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"):
        return AwsError(action, name, str(error), Kind.UNREACHED)
    if name in _NO_ANSWER:
        return AwsError(action, name, str(error), Kind.TRANSIENT)
    if "Credential" in name or "Token" in name or "SSO" in name or name in ("ProfileNotFound", "LoginRefreshRequired"):
        return AwsError(action, name, str(error), Kind.LOGGED_OUT)
    return AwsError(action, name, str(error), Kind.REFUSED)


def _said(error: AwsError) -> str:
    """AWS's own words, one line without the full stop."""
    words = " ".join(error.message.partition(" Encoded authorization")[0].split()).rstrip(".")
    return f"{error.action}: {error.code}: {words}" if words else f"{error.action}: {error.code}"


_WORDS = {
    Kind.THROTTLED: lambda it: f"AWS still throttles this account's calls ({_said(it)}); run it again in some minutes",
    Kind.TRANSIENT: lambda it: f"AWS did not answer as it should ({_said(it)}); run it again, it goes on from here",
    Kind.UNREACHED: lambda it: (
        f"AWS can't be reached ({_said(it)}); check the network, the region and AWS_ENDPOINT_URL"
    ),
    Kind.LOGGED_OUT: lambda it: (
        f"AWS does not take your credentials ({_said(it)}); log in again (`aws sso login`, or new keys in the "
        "environment) and run the same command: it goes on from here"
    ),
    Kind.DENIED: lambda it: (
        f"you may not do {it.action} ({_said(it)}); allow the action {it.action} to the role you use"
    ),
    Kind.QUOTA: lambda it: (
        f"a quota of the account is used up ({_said(it)}); remove what is not needed, or raise it under Service Quotas"
    ),
    Kind.GONE: lambda it: f"AWS does not find it ({_said(it)})",
    Kind.REFUSED: lambda it: f"AWS refused it ({_said(it)})",
}
