"""The engine's events, as ``pulumi refresh`` and ``pulumi preview`` print them with ``--json``, one a line.

Source: ``apitype.EngineEvent`` of github.com/pulumi/pulumi/sdk, 3.259: ``resOutputsEvent`` tells how a step ended,
``diagnosticEvent`` what was said meanwhile. The engine puts ``[secret]`` in the place of secrets itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seldon_infra.core.changes import Action, JsonValue, Path
from seldon_infra.core.problems import HIDDEN

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that only an apply brings. Source: resource/plugin/rpc.go, UnknownStringValue."""
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""Key and value that mark a secret in a tree of values. Source: sdk/go/common/resource/sig."""
ACTIONS = {
    "create": Action.CREATE,
    "import": Action.CREATE,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "delete": Action.DELETE,
}
"""The engine's operations that change an object; the parts of a replacement are told by ``replace`` as a whole."""

READS = frozenset({"read", "read-replacement"})
"""Operations on what a program only looks up: somebody else's object, which the engine counts nowhere."""


@dataclass(frozen=True)
class Step:
    """How one object fared."""

    urn: str
    type: str
    action: Action
    old: Mapping[str, JsonValue] = field(default_factory=dict)
    """Its inputs before: what the state has."""
    new: Mapping[str, JsonValue] = field(default_factory=dict)
    """Its inputs after: in a refresh what is there, in a preview what is declared."""
    engine_paths: tuple[str, ...] = ()
    """Fields that the provider says differ, in the engine's words."""
    replace_keys: tuple[str, ...] = ()
    """Properties whose change makes a new object."""
    provider: str = ""
    """URN of the provider that looks after it."""
    id: str = ""
    """What its provider knows it by."""

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass
class Told:
    """What a run of the engine told."""

    steps: dict[str, Step] = field(default_factory=dict)
    """Every object that the engine came to the end of, by its URN."""
    begun: set[str] = field(default_factory=set)
    """Objects that it is still at work on."""
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    counted: dict[Action, int] = field(default_factory=dict)
    """How many changes the engine counts in the end, of stacks, components and providers as well."""

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        if metadata := _metadata(event, "resourcePreEvent"):
            self.begun.add(metadata["urn"])
        elif metadata := _metadata(event, "resOutputsEvent"):
            self.begun.discard(metadata["urn"])
            self._end(metadata)
        elif metadata := _metadata(event, "resOpFailedEvent"):
            self.begun.discard(metadata["urn"])
        elif said := event.get("diagnosticEvent"):
            self._listen(said)
        elif summary := event.get("summaryEvent"):
            self._count(summary.get("resourceChanges") or {})

    def _end(self, metadata: Mapping[str, Any]) -> None:
        if metadata["op"] in READS:
            self.steps.pop(metadata["urn"], None)
            return
        step = step_of(metadata)
        if step is None:
            return
        # The parts of a replacement, and a refresh before a step, say less than the step as a whole.
        before = self.steps.get(step.urn)
        if step.action is not Action.NONE or before is None or before.action is Action.NONE:
            self.steps[step.urn] = step

    def _count(self, changes: Mapping[str, int]) -> None:
        self.counted = {}
        for operation, number in changes.items():
            if number and (action := ACTIONS.get(operation)):
                self.counted[action] = self.counted.get(action, 0) + number

    def _listen(self, said: Mapping[str, Any]) -> None:
        heard = {"error": self.errors, "warning": self.warnings}.get(str(said.get("severity")))
        text = str(said.get("message", "")).strip()
        if heard is not None and text and text not in heard:
            heard.append(text)


def step_of(metadata: Mapping[str, Any]) -> Step | None:
    """Read how one object fared; components, stacks and providers are no objects of a user's."""
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    kind = str(metadata["type"])
    if not (old.get("custom") or new.get("custom")) or kind.startswith("pulumi:providers:"):
        return None
    detailed: Mapping[str, Any] = metadata.get("detailedDiff") or {}
    return Step(
        urn=str(metadata["urn"]),
        type=kind,
        action=ACTIONS.get(metadata["op"], Action.NONE),
        old=_sealed(old.get("inputs") or {}),
        new=_sealed(new.get("inputs") or {}),
        engine_paths=tuple(detailed) or tuple(metadata.get("diffs") or ()),
        replace_keys=_replacing(metadata, detailed),
        provider=str(metadata.get("provider", "")).rpartition("::")[0],
        id=str(old.get("id") or new.get("id") or ""),
    )


_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


def path_of(text: str) -> Path:
    """Read a path in the engine's words. Source: resource.PropertyPath of sdk/go/common/resource.

    >>> path_of('spec.predictors[0].labels["a.b/c"]')
    ('spec', 'predictors', 0, 'labels', 'a.b/c')
    """
    found = (match.groups() for match in _PART.finditer(text))
    return tuple(int(number) if number else quoted or plain for quoted, number, plain in found)


def told(events: Iterable[Mapping[str, Any]]) -> Told:
    """Read all events of a run."""
    result = Told()
    for event in events:
        result.hear(event)
    return result


def _sealed(value: Any) -> Any:
    """Put a mark in the place of every secret, whatever the engine has left of it."""
    match value:
        case Mapping():
            is_secret = value.get(SIGNATURE) == SECRET
            return HIDDEN if is_secret else {key: _sealed(item) for key, item in value.items()}
        case list():
            return [_sealed(item) for item in value]
    return value


def _metadata(event: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    found = (event.get(kind) or {}).get("metadata")
    return found if isinstance(found, Mapping) else None


def _replacing(metadata: Mapping[str, Any], detailed: Mapping[str, Any]) -> tuple[str, ...]:
    paths = tuple(path for path, how in detailed.items() if str(how.get("diffKind", "")).endswith("-replace"))
    return paths or tuple(metadata.get("keys") or ())
