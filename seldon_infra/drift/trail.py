"""Who changed an object of AWS last, by CloudTrail's event history: pure.

Source: CloudTrail's LookupEvents: events of the last 90 days that change something, by resource or by service; those of
IAM are kept in one region. An event says what was called, not which field it set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seldon_infra.drift.events import Step
from seldon_infra.drift.owners import Manager

AWS = "seldon:aws:"
OURS = "seldon-infra"
"""What the plugin's calls have in their user agent: an `up` of the stack's own is nobody's change by hand."""
_GLOBAL = frozenset({"IamRole", "OidcProvider"})
_GLOBAL_REGIONS = {"cn-": "cn-north-1", "us-gov-": "us-gov-west-1"}


@dataclass(frozen=True)
class LookUp:
    """What LookupEvents is asked."""

    region: str
    key: str
    """``ResourceName`` or ``EventSource``."""
    value: str


def look_up(step: Step) -> LookUp | None:
    """What to ask about the object of a step; None where it is not of AWS."""
    if not step.type.startswith(AWS) or not step.id:
        return None
    kind = step.type.removeprefix(AWS)
    region = str((step.old or step.new).get("region", ""))
    if kind.startswith("Eks"):
        return LookUp(region, "EventSource", "eks.amazonaws.com")
    return LookUp(_home(region) if kind in _GLOBAL else region, "ResourceName", step.id)


def last_change(step: Step, events: Iterable[Mapping[str, Any]]) -> Manager | None:
    """Find who changed the object of a step last, the newest event first; None where nobody is recorded."""
    for event in sorted(events, key=lambda event: _time(event), reverse=True):
        details = _details(event)
        if event.get("ReadOnly") == "true" or details.get("errorCode") or OURS in str(details.get("userAgent", "")):
            continue
        if not step.type.startswith(f"{AWS}Eks") or _is_about(step, details):
            called = str(event.get("EventName", ""))
            who = str(event.get("Username") or _caller(details) or "somebody")
            return Manager(f"{who} ({called})", called, f"{_time(event):%Y-%m-%dT%H:%M:%SZ}")
    return None


def _is_about(step: Step, details: Mapping[str, Any]) -> bool:
    """Whether an event of EKS is about an object, whose id is REGION/CLUSTER or REGION/CLUSTER/NAME."""
    asked = details.get("requestParameters") or {}
    if "resourceArn" in asked:
        return _is_arn_of(step, str(asked["resourceArn"]))
    _, cluster, *part = step.id.split("/", 2)
    named = {str(value) for value in asked.values() if isinstance(value, str)}
    whose = asked.get("clusterName", asked.get("name"))
    others = {key for key in asked if key.endswith(("Name", "Arn", "Id")) and key not in ("clusterName", "roleArn")}
    return whose == cluster and (part[0] in named if part else not others)


def _is_arn_of(step: Step, arn: str) -> bool:
    """Whether a tag was set or taken away on an object: …:cluster/CLUSTER, …:nodegroup/CLUSTER/NAME/UUID and so on."""
    _, cluster, *part = step.id.split("/", 2)
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    whose, *names = rest.split("/")
    if not part:
        return kind == "cluster" and whose == cluster
    return kind != "cluster" and whose == cluster and part[0].rpartition("/")[2] in names


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _caller(details: Mapping[str, Any]) -> str:
    return str((details.get("userIdentity") or {}).get("arn", "")).rpartition("/")[2]


def _time(event: Mapping[str, Any]) -> datetime:
    found = event.get("EventTime")
    return found.astimezone(UTC) if isinstance(found, datetime) else datetime.fromtimestamp(0, UTC)


def _home(region: str) -> str:
    """Where a partition keeps IAM's events."""
    return next((home for start, home in _GLOBAL_REGIONS.items() if region.startswith(start)), "us-east-1")
