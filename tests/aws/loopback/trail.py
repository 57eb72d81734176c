"""CloudTrail's look-up of events, which moto lacks: a test says what happened."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any


class Trail:
    """What happened in a region, the newest first."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, name: str, who: str, *resources: str, at: datetime | None = None, reads: bool = False) -> None:
        """Note that somebody did something to resources."""
        number = str(len(self.events))
        self.events.insert(
            0,
            {
                "EventId": hashlib.sha256(number.encode()).hexdigest()[:32],
                "EventName": name,
                "ReadOnly": "true" if reads else "false",
                "EventTime": at or datetime(2026, 11, 20, 12, tzinfo=UTC),
                "EventSource": "ec2.amazonaws.com",
                "Username": who,
                "Resources": [{"ResourceName": resource} for resource in resources],
            },
        )

    def lookup_events(self, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to LookupEvents."""
        (wanted,) = given["LookupAttributes"]
        assert wanted["AttributeKey"] == "ResourceName", f"{wanted} is not served"
        found = [it for it in self.events if {"ResourceName": wanted["AttributeValue"]} in it["Resources"]]
        return {"Events": found[: given.get("MaxResults", 50)]}
