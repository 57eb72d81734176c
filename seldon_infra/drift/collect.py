"""Judges what a refresh and a preview of the engine told: what drifted, whose business it is, what is only declared.

Pure: it takes the engine's steps and what a cluster says of the objects that differ, and gives one report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from seldon_infra.core.changes import MISSING, Action, Change, JsonValue, Path, changes, value_at
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.autoscaled import Target, is_autoscaled, written_by_autoscaler
from seldon_infra.drift.contents import TYPE as CONTENTS
from seldon_infra.drift.contents import changed_models, is_digest_of
from seldon_infra.drift.events import UNKNOWN, Step, path_of
from seldon_infra.drift.objects import Subject, subject
from seldon_infra.drift.owners import Manager, last_manager, last_writer

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""What kubectl keeps for itself; of a Secret it holds the secret."""
_OF_AWS = "seldon:aws:"
SECRET_FIELDS = frozenset({"data", "stringData"})
STATE: Mapping[str, Mapping[Any, str]] = {
    "running": {True: "running", False: "stopped"},
    "inForce": {True: "as declared", False: "edited"},
    "digest": {"gone": "deleted", "edited": "edited"},
}
"""What the fields of this machine's objects mean in words."""


@dataclass(frozen=True)
class Facts:
    """What a cluster says of an object that differs."""

    live: Mapping[str, Any] = field(default_factory=dict)
    """The object; empty where it could not be read."""
    scaled: frozenset[Target] = frozenset()
    """What the autoscalers of its namespace set."""
    writer: Manager | None = None
    """Who changed anything of it last, where something else than the object itself records that."""


@dataclass(frozen=True)
class Difference:
    """One field of which something else is there than was applied."""

    change: Change
    manager: Manager | None = None
    """Who manages the field now."""
    writer: Manager | None = None
    """Who wrote anything of the object last, where nobody manages the field."""


@dataclass(frozen=True)
class Drifted:
    """One object that is not as it was applied."""

    subject: Subject
    state: Literal["changed", "gone"]
    differences: tuple[Difference, ...] = ()
    by: Manager | None = None
    """Who changed anything of it last, where that is recorded of the whole object."""
    what: str = ""
    """What of it, where that is none of its fields."""


@dataclass(frozen=True)
class Pending:
    """One object whose declaration has been changed and not applied: no drift."""

    subject: Subject
    action: Action
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Drift:
    """All that a stack has of it."""

    stack: str
    objects: tuple[Drifted, ...] = ()
    owned: tuple[tuple[Subject, Difference], ...] = ()
    """Fields that an operator changed, as its work: no drift."""
    pending: tuple[Pending, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be found out, and why."""


def collect(
    stack: str,
    refreshed: Iterable[Step],
    previewed: Iterable[Step],
    facts: Mapping[str, Facts],
    notes: Iterable[str] = (),
) -> Drift:
    """Judge everything that differs.

    Args:
        stack: its name.
        refreshed: the steps of a refresh: the state against what is there.
        previewed: the steps of a preview: the state against what is declared.
        facts: what a cluster says of objects that differ, by their URNs.
        notes: what could not be found out.
    """
    steps = {step.urn: step for step in refreshed}
    objects: list[Drifted] = []
    owned: list[tuple[Subject, Difference]] = []
    for step in sorted(steps.values(), key=lambda step: step.urn):
        of = subject(step)
        if step.type == CONTENTS:
            objects += [Drifted(it, "changed", (Difference(how),), what=what) for it, what, how in changed_models(step)]
        elif step.action is Action.DELETE:
            objects.append(Drifted(of, "gone", by=facts.get(step.urn, Facts()).writer))
        elif step.action is not Action.NONE:
            found = list(differences(step, facts.get(step.urn, Facts())))
            owned += [(of, each) for each in found if _is_operators(each)]
            if own := tuple(each for each in found if not _is_operators(each)):
                objects.append(Drifted(of, "changed", own, facts.get(step.urn, Facts()).writer))
    return Drift(stack, tuple(objects), tuple(owned), tuple(pending(steps, previewed)), tuple(notes))


def is_drift_possible(step: Step) -> bool:
    """Tell whether a cluster should be asked who changed the object of a step."""
    return step.action is Action.UPDATE and subject(step).is_on_a_cluster


def differences(step: Step, facts: Facts) -> Iterator[Difference]:
    """Give the fields of one object that differ; numbers of pods that an autoscaler decides are left out."""
    of = subject(step)
    for change in field_changes(step):
        manager = last_manager(facts.live, change.path)
        autoscaled = any(
            is_autoscaled(change.path, (of.kind, of.name), each, facts.scaled) for each in (step.old, facts.live)
        )
        if not (autoscaled or written_by_autoscaler(change.path, manager) or _is_filled_in(change, manager, facts)):
            yield Difference(change, manager, None if manager else facts.writer or last_writer(facts.live))


def field_changes(step: Step) -> list[Change]:
    """Give an object's fields that differ, as they may be shown; of hidden ones only the provider knows it."""
    differing = _of_sets(step) if step.type.startswith(_OF_AWS) else changes(step.old, step.new)
    found = [_shown(step, change) for change in differing if not _is_never_given_back(change)]
    seen = {change.path for change in found}
    return [*found, *(Change(path, HIDDEN, HIDDEN) for path in _hidden_differences(step) if path not in seen)]


def _of_sets(step: Step) -> Iterator[Change]:
    """Give what differs where lists are sets: of one that is longer, the items that the other has not."""
    told: set[Path] = set()
    for change in changes(step.old, step.new):
        at = _longer_list(step, change.path)
        if at is None:
            yield change
        elif at not in told:
            told.add(at)
            yield from _only_in_one(step, at)


def _longer_list(step: Step, path: Path) -> Path | None:
    """Give the path of the outermost list on the way of which one side has more, and in which nothing is hidden."""
    for at in (path[:place] for place, part in enumerate(path) if isinstance(part, int)):
        old, new = _items(step.old, at), _items(step.new, at)
        if len(old) != len(new):
            return None if any(_hidden_paths([*old, *new])) else at
    return None


def _only_in_one(step: Step, at: Path) -> Iterator[Change]:
    old, new = _items(step.old, at), _items(step.new, at)
    gone = [Change((*at, place), item, MISSING) for place, item in enumerate(old) if item not in new]
    come = [Change((*at, place), MISSING, item) for place, item in enumerate(new) if item not in old]
    yield from [*gone, *come] or changes(old, new, at)


def _items(value: JsonValue, at: Path) -> Sequence[JsonValue]:
    found = value_at(value, at)
    return found if isinstance(found, list | tuple) else ()


def _hidden_differences(step: Step) -> Iterator[Path]:
    """Give the paths that the provider names, and under which only hidden values can differ."""
    for path in map(path_of, step.engine_paths):
        old = value_at(step.old, path)
        below = list(_hidden_paths(old))
        if below and old == value_at(step.new, path):
            yield (*path, *below[0]) if len(below) == 1 else path


def _hidden_paths(value: JsonValue) -> Iterator[Path]:
    if value == HIDDEN:
        yield ()
    elif isinstance(value, Mapping | list | tuple):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        yield from ((part, *rest) for part, item in items for rest in _hidden_paths(item))


def pending(steps: Mapping[str, Step], previewed: Iterable[Step]) -> Iterator[Pending]:
    """Give what is declared and not applied: the repair of what drifted is not among it."""
    repairs = any(step.action is not Action.NONE for step in steps.values())
    drifted = frozenset(how.new for each in steps.values() if each.type == CONTENTS for *_, how in changed_models(each))
    for step in sorted(previewed, key=lambda step: step.urn):
        refreshed = steps.get(step.urn)
        if (
            step.type == CONTENTS
            or step.action is Action.NONE
            or (step.action is Action.CREATE and refreshed is not None)
        ):
            continue
        applied = refreshed.old if refreshed else step.old
        found = field_changes(
            Step(step.urn, step.type, step.action, applied, step.new, _named_by_provider(step, refreshed))
        )
        # What is only known after a repair, such as the address of a process that starts again, is no declaration.
        known = tuple(it for it in found if not (repairs and _is_unknown(it.new)) and not is_digest_of(it, drifted))
        whole = step.action in (Action.CREATE, Action.DELETE)
        if known or whole:
            yield Pending(subject(step), step.action, () if whole else known)


def _is_filled_in(change: Change, manager: Manager | None, facts: Facts) -> bool:
    """Tell whether a field that nobody declared is a default: no manager but the engine has it."""
    return change.old is MISSING and bool(facts.live) and (manager is None or manager.is_the_engine)


def _is_never_given_back(change: Change) -> bool:
    """Tell whether a difference says nothing: an API server keeps ``stringData`` as ``data``, kubectl a copy of all."""
    return LAST_APPLIED in change.path or (change.path[0] == "stringData" and change.new is MISSING)


def _named_by_provider(step: Step, refreshed: Step | None) -> tuple[str, ...]:
    """Give the provider's words for what differs, where it can't be what drifted."""
    drifted = refreshed is not None and refreshed.action is not Action.NONE
    return () if drifted else step.engine_paths


def _shown(step: Step, change: Change) -> Change:
    if step.type.endswith(":Secret") and change.path[0] in SECRET_FIELDS:
        return Change(change.path, *(side if side is MISSING else HIDDEN for side in (change.old, change.new)))
    words = STATE.get(str(change.path[0])) if step.type.startswith("seldon:local:") else None
    return Change(change.path, _word(words, change.old), _word(words, change.new)) if words else change


def _word(words: Mapping[Any, str], value: JsonValue) -> JsonValue:
    return words.get(value, value) if isinstance(value, bool | str) else value


def _is_unknown(value: JsonValue) -> bool:
    match value:
        case Mapping():
            return any(map(_is_unknown, value.values()))
        case list() | tuple():
            return any(map(_is_unknown, value))
    return value == UNKNOWN


def _is_operators(difference: Difference) -> bool:
    return difference.manager is not None and difference.manager.operator is not None
