"""Waiting for EKS, which takes minutes: what the user sees meanwhile, and which refusals pass by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Context, Failed, TimedOut

T = TypeVar("T")
Body = dict[str, Any]

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 15.0
_UNDER_WAY = frozenset({"PENDING", "CREATING", "UPDATING", "DELETING"})
_PROPAGATION_SECONDS = 120.0
"""How long a new role may be unknown to EKS."""
_LATE_SECONDS = 60.0
"""How long a new object may be unknown to readers."""
_UNKNOWN_ROLE = ("does not exist", "could not be assumed", "error in role params", "doesn't have", "must include")


def elapsed(seconds: float) -> str:
    """Seconds as they are told: 40s, 4m10s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def wait(context: Context, what: str, doing: str, probe: Callable[[], T | None]) -> T:
    """Ask until there is an answer, and say now and then what is waited for, and since when."""
    began = time.monotonic()

    def asked() -> T | None:
        answer = probe()
        if not answer:
            context.progress(f"{what} {doing}, {elapsed(time.monotonic() - began)}")
        return answer

    return context.wait_for(f"{what} {doing}", asked, every=FIRST_PAUSE_SECONDS, at_most=LONGEST_PAUSE_SECONDS)


def until_settled(context: Context, what: str, doing: str, describe: Callable[[], Body | None]) -> Body:
    """An object when nothing is under way with it any more; a new one may not be seen at first."""
    began = time.monotonic()

    def settled() -> Body | None:
        body = describe()
        if body is None and time.monotonic() - began > _LATE_SECONDS:
            raise Failed(f"{what} is gone; run `pulumi refresh`, then `pulumi up`")
        return body if body and body.get("status") not in _UNDER_WAY else None

    return wait(context, what, doing, settled)


def until_shown(context: Context, what: str, shows: Callable[[], bool]) -> None:
    """Wait until readers see a change, a minute at most: after that what AWS shows is believed."""
    with suppress(TimedOut):
        wait(context.within(_LATE_SECONDS), what, "settling", shows)


def until_gone(context: Context, what: str, describe: Callable[[], Body | None]) -> None:
    """Wait until an object is not there any more."""

    def gone() -> bool:
        body = describe()
        if body and body.get("status") == "DELETE_FAILED":
            raise Failed(f"{what} could not be deleted: {ailments(body)}")
        return body is None

    wait(context, what, "deleting", gone)


def until_taken(context: Context, what: str, call: Callable[[], T]) -> T:
    """Make a call, again as long as EKS says that something else is in progress or that it does not know a new role."""
    began = time.monotonic()

    def taken() -> list[T] | None:
        try:
            return [call()]
        except AwsError as error:
            if not _passes(error, time.monotonic() - began):
                raise
            context.progress(f"{what}: {error.message}")
            return None

    return wait(context, what, "waiting for its turn", taken)[0]


def _passes(error: AwsError, waited: float) -> bool:
    """Whether a refusal passes by itself."""
    text = error.message.lower()
    if error.code == "ResourceInUseException":
        return "already exists" not in text
    known_later = (
        error.code == "InvalidParameterException" and "role" in text and any(it in text for it in _UNKNOWN_ROLE)
    )
    return known_later and waited < _PROPAGATION_SECONDS


def ailments(body: Mapping[str, Any]) -> str:
    """What an object's health issues say, with the resources that they name."""
    return _told(body.get("health", {}).get("issues", ()), "code", "message") or f"it is {body['status']}"


def failures(update: Mapping[str, Any]) -> str:
    """What an update's errors say."""
    return _told(update.get("errors", ()), "errorCode", "errorMessage") or f"it is {update['status']}"


def _told(issues: Iterable[Mapping[str, Any]], code: str, message: str) -> str:
    lines = [f"{it.get(code)}: {it.get(message)}" + _named(it.get("resourceIds")) for it in issues]
    return "; ".join(lines)


def _named(ids: list[str] | None) -> str:
    return f" ({', '.join(ids)})" if ids else ""
