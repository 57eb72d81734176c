"""A drift report for people, for a pull request and for programs: table, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from seldon_infra.core import tables
from seldon_infra.core.changes import MISSING, Change, JsonValue
from seldon_infra.drift.collect import Difference, Drift, Drifted, Pending
from seldon_infra.drift.events import UNKNOWN
from seldon_infra.drift.objects import Subject
from seldon_infra.drift.owners import Manager

HEAD = ("FIELD", "APPLIED", "THERE", "LAST SET BY")
LONGEST = 60
KNOWN_LATER = "(known after pulumi up)"
BY_HAND = "by hand, no record of who"
"""This machine has no managers of fields; only a hand changes what it runs."""


def table(drift: Drift) -> str:
    """Write it for a terminal."""
    blocks = [[heading(drift)]]
    for each in drift.objects:
        rows = list(tables.columns(HEAD, _rows(each), "  ")) if each.differences else []
        blocks.append([f"{each.subject}: {_state(each)}", *rows])
    if drift.owned:
        blocks.append(["no drift, for it is an operator's work:", *(f"  {line}" for line in _owned(drift))])
    if drift.pending:
        blocks.append([_pending_heading(drift), *(f"  {line}" for line in _pending(drift))])
    return "\n\n".join("\n".join(block) for block in (*blocks, _advice(drift)) if block) + "\n"


def markdown(drift: Drift) -> str:
    """Write it for a pull request or an issue."""
    blocks = [[f"**{heading(drift)}**"]]
    if rows := [(str(each.subject), *row) for each in drift.objects for row in _rows(each) or [_gone_row(each)]]:
        blocks.append(list(tables.markdown(("object", *map(str.lower, HEAD)), rows)))
    if drift.owned:
        blocks.append(["No drift, for it is an operator's work:", "", *(f"- {line}" for line in _owned(drift))])
    if drift.pending:
        lines = (f"- {line}" for line in _pending(drift))
        blocks.append([_pending_heading(drift).capitalize(), "", *lines])
    return "\n\n".join("\n".join(block) for block in (*blocks, _advice(drift)) if block) + "\n"


def as_json(drift: Drift) -> str:
    """Write it for programs; fields are only ever added to this form."""
    return json.dumps(tree(drift), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Drift], str]] = {"table": table, "markdown": markdown, "json": as_json}


def tree(drift: Drift) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "stack": drift.stack,
        "drifted": bool(drift.objects),
        "objects": [
            {
                **_object(each.subject),
                "state": each.state,
                "what": each.what or None,
                "fields": list(map(_difference, each.differences)),
                "last_changed_by": _by(each),
            }
            for each in drift.objects
        ],
        "owned": [{**_object(of), **_difference(difference)} for of, difference in drift.owned],
        "pending": [
            {**_object(each.subject), "action": str(each.action), "fields": list(map(_pending_field, each.changes))}
            for each in drift.pending
        ],
        "notes": list(drift.notes),
    }


def heading(drift: Drift) -> str:
    """Say in one line how it stands."""
    if not drift.objects:
        return f"stack '{drift.stack}': no drift"
    return f"stack '{drift.stack}': {_counted(len(drift.objects), 'object')} not as applied"


def shown(value: JsonValue) -> str:
    """Write a value on one line, short."""
    if value is MISSING or value == UNKNOWN:
        return KNOWN_LATER if value == UNKNOWN else str(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def sides(change: Change) -> tuple[str, str]:
    """Write a field's two values; of a text of many lines the first one that differs."""
    old, new = change.old, change.new
    if not (isinstance(old, str) and isinstance(new, str) and "\n" in old + new):
        return shown(old), shown(new)
    olds, news = old.split("\n"), new.split("\n")
    line = next((i for i, pair in enumerate(zip(olds, news, strict=False)) if len(set(pair)) > 1), None)
    at = min(len(olds), len(news)) if line is None else line
    texts = (shown(lines[at]) if at < len(lines) else "ends" for lines in (olds, news))
    first, second = (f"line {at + 1}: {text}" for text in texts)
    return first, second


def who(of: Subject, difference: Difference) -> str:
    """Say who set a field last, as far as it is known."""
    if of.is_on_this_machine:
        return BY_HAND
    if difference.manager is not None:
        return _named(difference.manager)
    if difference.writer is not None:
        return f"not recorded; the object last by {_named(difference.writer)}"
    return "not recorded"


def _named(manager: Manager) -> str:
    return f"{manager.name}, {manager.time}" if manager.time else manager.name


def _rows(each: Drifted) -> list[tuple[str, ...]]:
    return [(it.change.field, *sides(it.change), who(each.subject, it)) for it in each.differences]


def _gone_row(each: Drifted) -> tuple[str, ...]:
    return ("", "is there", _state(each), _named(each.by) if each.by else "not recorded")


def _state(each: Drifted) -> str:
    if each.state == "changed":
        return f"{each.what} changed".strip()
    return f"gone, last changed by {_named(each.by)}" if each.by else "gone, somebody deleted it"


def _owned(drift: Drift) -> Iterator[str]:
    for of, difference in drift.owned:
        operator = difference.manager.operator if difference.manager else None
        old, new = sides(difference.change)
        yield f"{of}: {difference.change.field} {old} → {new}, by {operator} ({who(of, difference)})"


def _pending_heading(drift: Drift) -> str:
    return f"declared and not applied, which is no drift: {_counted(len(drift.pending), 'object')}"


def _pending(drift: Drift) -> Iterator[str]:
    for each in drift.pending:
        yield f"{each.subject}: {each.action}{_fields(each)}"


def _fields(each: Pending) -> str:
    texts = [f"{change.field} {' → '.join(sides(change))}" for change in each.changes]
    return f", {'; '.join(texts)}" if texts else ""


def _advice(drift: Drift) -> Sequence[str]:
    if not drift.objects:
        return ()
    return (f"`pulumi up --refresh --stack {drift.stack}` makes it as declared; what should stay, declare.",)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _object(of: Subject) -> dict[str, Any]:
    return {"object": str(of), "kind": of.kind, "namespace": of.namespace or None, "name": of.name, "urn": of.urn}


def _difference(difference: Difference) -> dict[str, Any]:
    manager = difference.manager
    return {
        "field": difference.change.field,
        **dict(zip(("applied", "there"), plain_sides(difference.change), strict=True)),
        "manager": manager.name if manager else None,
        "operation": manager.operation if manager else None,
        "time": manager.time if manager and manager.time else None,
    }


def _by(each: Drifted) -> dict[str, str] | None:
    return None if each.by is None else {"who": each.by.name, "operation": each.by.operation, "time": each.by.time}


def _pending_field(change: Change) -> dict[str, Any]:
    return {"field": change.field, **dict(zip(("applied", "declared"), plain_sides(change), strict=True))}


def plain_sides(change: Change) -> tuple[JsonValue, JsonValue]:
    """Give a field's two values as plain data; of a text of many lines only what differs."""
    if any(isinstance(side, str) and "\n" in side for side in (change.old, change.new)):
        return sides(change)
    return _plain(change.old), _plain(change.new)


def _plain(value: JsonValue) -> JsonValue:
    return None if value is MISSING else KNOWN_LATER if value == UNKNOWN else value
