"""What happens to one object from check to delete, whatever its type: the part that makes a killed run harmless.

The engine reads every object that its state has before it asks for anything else (each answer says
`refresh_before_update`), so this process knows which ids the state has for a URN. An object that carries the URN's
owner and is not among them was made by a run that was killed. If it is the one that a create is asked for it is
adopted, else it is removed: by a create, by an update, and where nothing else differs by an update that only does this.
A replacement is safe because the object that it replaces is known.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from pydantic.alias_generators import to_camel

from seldon_infra.provider.diff import Difference, Kind, differences
from seldon_infra.provider.framework import Context, Created, Instance, PartialFailure, Problem, Refused, Resource
from seldon_infra.provider.schema import secret_paths
from seldon_infra.provider.validation import awaiting, recall, validate
from seldon_infra.provider.values import Secrets, has_unknown, leaves, path_text, reveal
from seldon_infra.resources.model import UNKNOWN, In, Out, ResourceModel

Tree = dict[str, Any]
Last = tuple[str, Tree, Tree]
"""An object as the state has it: its id, its outputs, its inputs."""
_LEFT_BEHIND = "__leftBehind"
"""Named in a diff when there is nothing to do but to remove what a killed run has made."""
_INCOMPLETE = "__incomplete"
"""Kept in the state's outputs of an object that is there but unwell: a refresh must not make it look well again."""


@dataclass(frozen=True)
class Alive:
    """An object's state, and why it is unwell if it is."""

    id: str
    outputs: Tree
    inputs: Tree | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diffed:
    """What differs, and whether the old object goes first."""

    changes: list[Difference]
    delete_first: bool


class OutcomeUnknown(Exception):
    """A create failed and the outside does not even say whether the object is there."""


class Known:
    """The ids that the state has for each URN, as the engine has mentioned them to this process."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._adopted: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def mention(self, urn: str, id: str) -> None:
        """The state has this object."""
        with self._lock:
            self._ids[urn].add(id)

    def ids(self, urn: str) -> frozenset[str]:
        """Every object that the state has for a URN."""
        with self._lock:
            return frozenset(self._ids[urn])

    def adopt(self, urn: str, id: str) -> None:
        """This process has just given the state this object, which it found outside."""
        with self._lock:
            self._adopted.add((urn, id))

    def adopted(self, urn: str, id: str) -> bool:
        """Whether this process gave the state this object: deleting "the old one" must spare it."""
        with self._lock:
            return (urn, id) in self._adopted


def owner_of(urn: str) -> str:
    """The tag that every object of a declaration carries."""
    return hashlib.sha256(urn.encode()).hexdigest()[:32]


def token_of(urn: str, known: frozenset[str], inputs: ResourceModel) -> str:
    """The tag of one object: the same in a repeated run, another for a replacement even with equal inputs."""
    text = json.dumps([urn, sorted(known), inputs.wire()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Lifecycle(Generic[In, Out]):
    """The engine's questions about one resource type, on trees instead of messages."""

    def __init__(self, resource: Resource[In, Out], known: Known) -> None:
        self._resource = resource
        self._kind = resource.type
        self._known = known

    def check(self, news: Tree, context: Context) -> tuple[Tree, list[Problem]]:
        """The inputs as the state shall keep them, or every problem with them."""
        raw, given = reveal(news)
        secrets = given | reveal(Secrets().seal(raw, secret_paths(self._kind.inputs, raw)))[1]
        inputs, wrong = validate(self._kind.inputs, raw)
        if inputs is None:
            return {}, [_problem(path_text(path), reason, secrets) for path, reason in wrong]
        try:
            inputs = self._checked(inputs, has_unknown(raw), context)
        except Refused as refused:
            return {}, [_problem(_wire_path(it.path), it.reason, secrets) for it in refused.problems]
        return self._sealed(inputs, secrets), []

    def _checked(self, inputs: In, waits: bool, context: Context) -> In:
        return awaiting(inputs, self._resource.computed) if waits else self._resource.check(inputs, context)

    def diff(self, last: Last, news: Tree, context: Context) -> Diffed:
        """What differs between the state's inputs and the checked new ones."""
        id, olds, old_inputs = last
        self._known.mention(context.urn, id)
        changes = self._differences(old_inputs, news)
        if not changes and olds.get(_INCOMPLETE) and not self._resource.updates_in_place():
            changes = [Difference((_INCOMPLETE,), Kind.UPDATE, replaces=True)]
        if not changes and self._left_behind(self._recall(*last).inputs, context):
            changes = [Difference((_LEFT_BEHIND,), Kind.UPDATE, replaces=False)]
        return Diffed(changes, self._resource.delete_before_replace)

    def _differences(self, old_inputs: Tree, news: Tree) -> list[Difference]:
        replace_on = self._resource.replace_on if self._resource.updates_in_place() else None
        return differences(self._normal(reveal(old_inputs)[0]), reveal(news)[0], replace_on)

    def _normal(self, raw: Tree) -> Tree:
        """Old inputs with the defaults that fields got since, so that a newer library alone makes no difference."""
        inputs, wrong = validate(self._kind.inputs, raw)
        return raw if inputs is None or wrong else inputs.wire()

    def preview(self, last: Last | None, news: Tree) -> Tree:
        """The outputs as far as they are sure before the apply."""
        raw, secrets = reveal(news)
        inputs = recall(self._kind.inputs, raw)
        echo = {} if has_unknown(raw) else self._previewed(inputs, last)
        sure = inputs.wire() | echo
        names = [field.alias or name for name, field in self._kind.outputs.model_fields.items()]
        shown = {name: sure.get(name, UNKNOWN) for name in names if _shown(name, sure, inputs)}
        return self._seal_outputs(shown, secrets)

    def _previewed(self, inputs: In, last: Last | None) -> Tree:
        known = self._resource.preview(inputs, self._recall(*last) if last else None)
        aliases = {name: field.alias or name for name, field in self._kind.outputs.model_fields.items()}
        return {aliases[name]: value for name, value in known.items()}

    def create(self, news: Tree, context: Context) -> Alive:
        """A new object, or the one that an earlier run made and the state does not have."""
        raw, secrets = reveal(news)
        inputs = self._kind.inputs.model_validate(raw)
        context = replace(context, token=token_of(context.urn, self._known.ids(context.urn), inputs))
        try:
            created = self._adopt_or_create(inputs, context)
        except PartialFailure as failure:
            return self._alive(failure.id, failure.outputs, secrets, failure.reasons)
        except Exception as error:
            try:
                half_made = self._half_made(inputs, context)
            except OutcomeUnknown as unknown:
                raise OutcomeUnknown(f"{describe(error)}; {unknown}") from error
            if half_made is None:
                raise
            return self._alive(half_made.id, half_made.outputs, secrets, (describe(error),))
        return self._alive(created.id, created.outputs, secrets)

    def _adopt_or_create(self, inputs: In, context: Context) -> Created[Out]:
        for instance in self._remove_left_behind(inputs, context):
            self._known.adopt(context.urn, instance.id)
            return self._resource.resume(instance, inputs, context)
        return self._resource.create(inputs, context)

    def _left_behind(self, inputs: In, context: Context) -> list[Instance[In, Out]]:
        """What carries this declaration's mark and is not in the state."""
        known = self._known.ids(context.urn)
        return [instance for instance in self._resource.find(inputs, context) if instance.id not in known]

    def _remove_left_behind(self, inputs: In, context: Context) -> list[Instance[In, Out]]:
        """Remove what a killed run has made, but for the object of this token, which is returned."""
        left = self._left_behind(inputs, context)
        for instance in left:
            if instance.token != context.token:
                self._resource.delete(instance.id, instance, context)
                context.warn(f"removed {instance.id}, which an interrupted run had left behind")
        return [instance for instance in left if instance.token == context.token]

    def _half_made(self, inputs: In, context: Context) -> Instance[In, Out] | None:
        """The object that a failed create has left outside."""
        try:
            left = self._left_behind(inputs, context)
        except Exception as error:
            raise OutcomeUnknown(f"nor could it be found out whether it is there: {describe(error)}") from error
        return next((instance for instance in left if instance.token == context.token), None)

    def read(self, id: str, outputs: Tree, inputs: Tree | None, context: Context) -> Alive | None:
        """The object as it is outside; None if it is gone."""
        self._known.mention(context.urn, id)
        imported = not outputs and not inputs
        secrets = reveal(outputs)[1] | reveal(inputs or {})[1]
        last = None if imported else self._recall(id, outputs, inputs or {})
        reasons = tuple(map(str, leaves(outputs.get(_INCOMPLETE, []))))
        try:
            found = self._resource.read(id, last, context)
        except PartialFailure as failure:
            return self._alive(failure.id, failure.outputs, secrets, failure.reasons)
        if found is None:
            return None
        alive = self._alive(found.id, found.outputs, secrets, reasons)
        return replace(alive, inputs=self._sealed(found.inputs, secrets))

    def update(self, last: Last, news: Tree, context: Context) -> Alive:
        """The object brought to the new inputs; what goes wrong leaves it in the state as unwell."""
        raw, secrets = reveal(news)
        old = self._recall(*last)
        self._known.mention(context.urn, old.id)
        inputs = self._kind.inputs.model_validate(raw)
        context = replace(context, token=token_of(context.urn, self._known.ids(context.urn), inputs))
        secrets = secrets | reveal(last[1])[1]
        try:
            self._remove_left_behind(inputs, replace(context, token=""))
            return self._alive(old.id, self._updated(old, last, news, inputs, context), secrets)
        except PartialFailure as failure:
            return self._alive(failure.id, failure.outputs, secrets, failure.reasons)
        except Exception as error:
            return self._alive(old.id, old.outputs, secrets, (describe(error),))

    def _updated(self, old: Instance[In, Out], last: Last, news: Tree, inputs: In, context: Context) -> Out:
        """The outputs after an update, which a sound object without differences does not need."""
        if not self._differences(last[2], news) and not last[1].get(_INCOMPLETE):
            return old.outputs
        return self._resource.update(old.id, old, inputs, context)

    def delete(self, last: Last, context: Context) -> None:
        """The object gone, unless it is the one that this very run has adopted in its place."""
        if not self._known.adopted(context.urn, last[0]):
            self._resource.delete(last[0], self._recall(*last), context)

    def _recall(self, id: str, outputs: Tree, inputs: Tree) -> Instance[In, Out]:
        """An object as the state has it."""
        old_inputs = recall(self._kind.inputs, reveal(inputs)[0])
        return Instance(id, old_inputs, recall(self._kind.outputs, reveal(outputs)[0]))

    def _alive(self, id: str, outputs: Out, secrets: Secrets, reasons: tuple[str, ...] = ()) -> Alive:
        sealed = self._seal_outputs(outputs.wire(), secrets)
        masked = tuple(secrets.mask(reason) for reason in reasons)
        return Alive(id, sealed | ({_INCOMPLETE: list(masked)} if masked else {}), reasons=masked)

    def _sealed(self, inputs: In, secrets: Secrets) -> Tree:
        tree = inputs.wire()
        return secrets.seal(tree, secret_paths(self._kind.inputs, tree))

    def _seal_outputs(self, tree: Tree, secrets: Secrets) -> Tree:
        declared = frozenset(secret_paths(self._kind.outputs, tree))
        _, own = reveal(Secrets().seal(tree, declared))
        return (secrets | own).seal(tree)


def describe(error: BaseException) -> str:
    """An exception as the user sees it: our own in its own words, any other as one line with its kind."""
    text = str(error).strip()
    if type(error).__module__.startswith("seldon_infra") and text:
        return text
    return f"{type(error).__name__}: {' '.join(text.split())}".removesuffix(": ")


def _shown(name: str, sure: Mapping[str, Any], inputs: ResourceModel) -> bool:
    """Whether an output can be there at all: an echo of an absent input can't."""
    aliases = {field.alias for field in type(inputs).model_fields.values()}
    return name in sure or name not in aliases


def _problem(path: str, reason: str, secrets: Secrets) -> Problem:
    """A problem as the engine shows it best.

    The engine prints the value of a property that a failure names, a secret one too, and of a nested one it finds no
    value. So only a plain property at the top is named to it; any other path stands in the sentence.
    """
    reason = secrets.mask(reason)
    nested = not path.isidentifier()
    secret = any(str(step) == path for step, *_ in secrets.paths)
    return Problem("", f"{path} {reason}") if nested or secret else Problem(path, reason)


def _wire_path(path: str) -> str:
    """A property path in Python names as users of every language see it."""
    return re.sub(r"(?<![^.])[a-z0-9_]+", lambda name: to_camel(name[0]), path)
