"""Asks CloudTrail who changed objects of AWS that drifted; who may not ask gets a note, and the drift without it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from seldon_infra.cli.cluster_facts import Asked
from seldon_infra.core.changes import Action
from seldon_infra.drift.collect import Facts
from seldon_infra.drift.events import Step
from seldon_infra.drift.trail import LookUp, last_change, look_up

MOST_SECONDS = 30.0
"""CloudTrail answers two questions a second."""
_EVENTS = 50


def ask_trail(asked: Asked, steps: Iterable[Step]) -> None:
    """Note who changed what, each question asked once."""
    differing = [step for step in steps if step.action in (Action.UPDATE, Action.DELETE)]
    wanted = {step.urn: (step, about) for step in differing if (about := look_up(step)) is not None}
    if not wanted:
        return
    events: dict[LookUp, list[Mapping[str, Any]]] = {}
    end = time.monotonic() + MOST_SECONDS
    for urn, (step, about) in wanted.items():
        if about not in events and not _look(asked, events, about, end):
            return
        facts = asked.facts.get(urn, Facts())
        asked.facts[urn] = replace(facts, writer=last_change(step, events[about]))


def _look(asked: Asked, events: dict[LookUp, list[Mapping[str, Any]]], about: LookUp, end: float) -> bool:
    """Ask one question; False where no other is worth asking."""
    from seldon_infra.eks.aws.survey import Aws, NotAnswered, NotThere

    if time.monotonic() > end:
        asked.notes.append(f"who changed the rest in AWS is not known: CloudTrail took over {MOST_SECONDS:g} s")
        return False
    attribute = [{"AttributeKey": about.key, "AttributeValue": about.value}]
    limit = {"MaxItems": _EVENTS, "PageSize": _EVENTS}
    try:
        pages = Aws(about.region).pages(
            "cloudtrail", "lookup_events", LookupAttributes=attribute, PaginationConfig=limit
        )
    except (NotAnswered, NotThere) as error:
        asked.notes.append(f"who changed something in AWS is not known: {error}")
        return False
    events[about] = [event for page in pages for event in page["Events"]]
    return True
