"""CloudTrail's look-up of events, which moto lacks: a test says what happened."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


class Trail:
    """What happened in a region, the newest first."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(
        self,
        name: str,
        who: str,
        *resources: str,
        at: datetime | None = None,
        source: str = "ec2.amazonaws.com",
        asked: dict[str, Any] | None = None,
        agent: str = "aws-cli/2.31",
    ) -> None:
        """Note that somebody did something to resources."""
        number = str(len(self.events))
        details = {"eventName": name, "userAgent": agent, "requestParameters": asked or {}}
        self.events.insert(
            0,
            {
                "EventId": hashlib.sha256(number.encode()).hexdigest()[:32],
                "EventName": name,
                "ReadOnly": "true" if name.startswith(("Describe", "List", "Get")) else "false",
                "EventTime": at or datetime(2026, 11, 20, 12, tzinfo=UTC),
                "EventSource": source,
                "Username": who,
                "Resources": [{"ResourceName": resource} for resource in resources],
                "CloudTrailEvent": json.dumps(details),
            },
        )

    def lookup_events(self, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to LookupEvents."""
        (wanted,) = given["LookupAttributes"]
        key, value = wanted["AttributeKey"], wanted["AttributeValue"]
        assert key in ("ResourceName", "EventSource"), f"{wanted} is not served"
        found = [
            it
            for it in self.events
            if (it["EventSource"] == value if key == "EventSource" else {"ResourceName": value} in it["Resources"])
        ]
        return {"Events": found[: given.get("MaxResults", 50)]}
