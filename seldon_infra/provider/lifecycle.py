"""What happens to one object from check to delete, whatever its type: the part that makes a killed run harmless.

The engine reads every object that its state has before it asks for anything else (each answer says
`refresh_before_update`), so this process knows which ids the state has for a URN. What else carries the URN's mark and
was never settled was made by a run that was killed (`siblings.py`). If it is the one that a create is asked for it is
adopted, else it is removed: by a create, by an update, by a delete, and where nothing else differs by an update that
only does this. A replacement is safe because the object that it replaces is known.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from pydantic.alias_generators import to_camel

from seldon_infra.provider import leeway
from seldon_infra.provider.diff import Difference, Kind, differences
from seldon_infra.provider.framework import (
    Context,
    Created,
    Failed,
    Instance,
    PartialFailure,
    Problem,
    Refused,
    Resource,
)
from seldon_infra.provider.schema import secret_paths
from seldon_infra.provider.siblings import Known, Siblings, siblings, token_of
from seldon_infra.provider.validation import awaiting, recall, validate, without_unknown_fields
from seldon_infra.provider.values import NO_SECRETS, Secrets, has_unknown, leaves, path_text, reveal
from seldon_infra.resources.interrupted import INTERRUPTED_ID
from seldon_infra.resources.model import UNKNOWN, In, Out, ResourceModel

Tree = dict[str, Any]
Last = tuple[str, Tree, Tree]
"""An object as the state has it: its id, its outputs, its inputs."""
_LEFT_BEHIND = "__leftBehind"
"""Named in a diff when there is nothing to do but to remove what a killed run has made."""
_INTERRUPTED = "__interrupted"
"""Named in the diff of an object whose creation was begun and not ended."""
_INCOMPLETE = "__incomplete"
"""Kept in the state's outputs of an object that failed to be made or changed: a refresh must not make it look well."""
_UNWELL = "__unwell"
"""Kept there of an object that a read has found unwell: the next read may find it well again."""


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


class Lifecycle(Generic[In, Out]):
    """The engine's questions about one resource type, on trees instead of messages."""

    def __init__(self, resource: Resource[In, Out], known: Known) -> None:
        self._resource = resource
        self._kind = resource.type
        self._known = known
        self.timeout, self.reads_first = resource.timeout, resource.reads_first

    def check(self, olds: Tree, news: Tree, context: Context) -> tuple[Tree, list[Problem]]:
        """The inputs as the state shall keep them, or every problem with them; `olds` is empty for a new object."""
        raw, given = reveal(news)
        secrets = given | reveal(Secrets().seal(raw, secret_paths(self._kind.inputs, raw)))[1]
        inputs, wrong = validate(self._kind.inputs, raw, secrets)
        if inputs is None:
            return {}, [_problem(path_text(path), reason, secrets) for path, reason in wrong]
        try:
            last = recall(self._kind.inputs, reveal(olds)[0]) if olds else None
            inputs = inputs if last is None else leeway.declared(self._resource, last, inputs)
            inputs = self._checked(inputs, has_unknown(raw), context)
            self._check_change(last, inputs, context)
        except Refused as refused:
            return {}, [_problem(_wire_path(it.path), it.reason, secrets) for it in refused.problems]
        return self._sealed(inputs, secrets), []

    def _checked(self, inputs: In, waits: bool, context: Context) -> In:
        return awaiting(inputs, self._resource.computed) if waits else self._resource.check(inputs, context)

    def _check_change(self, last: In | None, inputs: In, context: Context) -> None:
        news = inputs.wire()
        if last and not has_unknown(news) and not any(it.replaces for it in self._differences(last.wire(), news)):
            self._resource.check_change(last, inputs, context)

    def diff(self, last: Last, news: Tree, context: Context) -> Diffed:
        """What differs between the state's inputs and the checked new ones."""
        id, olds, old_inputs = last
        self._known.mention(context.urn, id)
        if id == INTERRUPTED_ID:
            return Diffed([Difference((_INTERRUPTED,), Kind.UPDATE, replaces=True)], delete_first=False)
        changes = self._differences(old_inputs, news)
        if not changes and _is_unwell(olds) and not self._resource.updates_in_place():
            changes = [Difference((_INCOMPLETE,), Kind.UPDATE, replaces=True)]
        if self._announced(self._recall(*last).inputs, context) and not changes:
            changes = [Difference((_LEFT_BEHIND,), Kind.UPDATE, replaces=False)]
        return Diffed(changes, self._resource.delete_before_replace)

    def _differences(self, old_inputs: Tree, news: Tree) -> list[Difference]:
        old, new = self._normal(reveal(old_inputs)[0]), reveal(news)[0]
        replace_on = self._replaced_by(old, new) if self._resource.updates_in_place() else None
        return differences(old, new, replace_on, self._resource.unordered)

    def _replaced_by(self, old: Tree, new: Tree) -> frozenset[str]:
        """Which inputs replace where they differ; as long as one is unknown, those that always do."""
        if has_unknown(new):
            return self._resource.replace_on
        return self._resource.replaced_by(recall(self._kind.inputs, old), recall(self._kind.inputs, new))

    def _normal(self, raw: Tree) -> Tree:
        """Old inputs with the fields and defaults of today, so that a newer library alone makes no difference."""
        known = without_unknown_fields(self._kind.inputs, raw)
        inputs, _ = validate(self._kind.inputs, known)
        return known if inputs is None else inputs.wire()

    def preview(self, last: Last | None, news: Tree, context: Context) -> Tree:
        """The outputs as far as they are sure before the apply."""
        raw, secrets = reveal(news)
        inputs = recall(self._kind.inputs, raw)
        if last is None and not has_unknown(raw):
            self._announced(inputs, context)
        echo = {} if has_unknown(raw) else self._previewed(inputs, last)
        sure = inputs.wire() | self._stable(last) | echo
        names = [field.alias or name for name, field in self._kind.outputs.model_fields.items()]
        shown = {name: sure.get(name, UNKNOWN) for name in names if _shown(name, sure, inputs)}
        return (secrets | self._own_secrets(shown)).seal(shown)

    def _stable(self, last: Last | None) -> Tree:
        """What an update leaves as the state has it; what is empty may yet come."""
        fields = self._kind.outputs.model_fields.items()
        names = [field.alias or name for name, field in fields if last and name in self._resource.stable()]
        kept = reveal(last[1])[0] if last else {}
        return {name: kept[name] for name in names if kept.get(name)}

    def _previewed(self, inputs: In, last: Last | None) -> Tree:
        known = self._resource.preview(inputs, self._recall(*last) if last else None)
        aliases = {name: field.alias or name for name, field in self._kind.outputs.model_fields.items()}
        return {aliases[name]: value for name, value in known.items()}

    def create(self, news: Tree, context: Context) -> Alive:
        """A new object, or the one that an earlier run made and the state does not have."""
        raw, secrets = reveal(news)
        inputs = self._kind.inputs.model_validate(raw)
        others = self._siblings(inputs, context)
        context = replace(context, token=token_of(context.urn, others.taken, inputs, secrets))
        try:
            created = self._adopt_or_create(inputs, others, context)
        except PartialFailure as failure:
            return self._settled_unwell(failure.id, inputs, failure.outputs, secrets, failure.reasons, context)
        except Exception as error:
            half_made = self._half_made(inputs, error, secrets, context)
            if half_made is None:
                raise
            reasons = (describe(error, secrets),)
            return self._settled_unwell(half_made.id, inputs, half_made.outputs, secrets, reasons, context)
        return self._alive(created.id, created.outputs, secrets)

    def _adopt_or_create(self, inputs: In, others: Siblings[In, Out], context: Context) -> Created[Out]:
        own = others.adoptable(context.token)
        self._remove(others, context)
        if own is None:
            self._say_what_is_kept(others, context)
            created = self._resource.create(inputs, context)
        else:
            self._known.adopt(context.urn, own.id)
            created = self._resource.resume(own, inputs, context)
        if own is None or not own.settled:
            self._settle(Instance(created.id, inputs, created.outputs, context.token), context)
        return created

    def _siblings(self, inputs: In, context: Context) -> Siblings[In, Out]:
        """What carries this declaration's mark and is not in the state."""
        found = self._resource.find(inputs, context)
        return siblings(found, context.urn, self._known, settles=self._resource.settles())

    def _remove(self, others: Siblings[In, Out], context: Context) -> None:
        """Remove what killed creates have made, but for the object of this token."""
        for killed in others.killed:
            if killed.token != context.token:
                self._resource.delete(killed.id, killed, context)
                context.warn(f"removed {killed.id}, which an interrupted run had left behind")

    def _announced(self, inputs: In, context: Context) -> bool:
        """Whether a killed create has left anything behind; if so, the user is told what."""
        try:
            killed = () if self._known.nobody_answers else self._siblings(inputs, context).killed
        except Failed as error:
            if not error.unasked:
                raise
            self._known.nobody_answers = True
            if self._known.is_news("nobody answers"):
                context.warn(f"what an interrupted run may have left behind is not known: {error}")
            return False
        for one in killed:
            said = f"an interrupted run left {one.id} behind: `pulumi up` takes it over or removes it"
            if self._known.is_news(said):
                context.warn(said)
        return bool(killed)

    def _say_what_is_kept(self, others: Siblings[In, Out], context: Context) -> None:
        for kept in others.kept if self._known.reads_first else ():
            context.warn(
                f"{kept.id} was made by this declaration too, and the state does not have it: it is left alone; "
                "remove it by hand if nobody needs it"
            )

    def _settle(self, made: Instance[In, Out], context: Context) -> None:
        """Note on an object that the state has it, unless nobody is there to record it."""
        self._known.give(context.urn, made.id)
        if self._resource.settles() and context.awaited():
            self._resource.settle(made.id, made, context)

    def _settled_unwell(
        self, id: str, inputs: In, outputs: Out, secrets: Secrets, reasons: tuple[str, ...], context: Context
    ) -> Alive:
        """An object that a failed create leaves to the state; where it cannot be settled now, its next read does."""
        with contextlib.suppress(Exception):
            self._settle(Instance(id, inputs, outputs, context.token), context)
        return self._alive(id, outputs, secrets, reasons)

    def _half_made(self, inputs: In, error: Exception, secrets: Secrets, context: Context) -> Instance[In, Out] | None:
        """The object that a failed create has left outside."""
        try:
            return self._siblings(inputs, context).adoptable(context.token)
        except Exception as unknown:
            why = describe(unknown, secrets)
            raise OutcomeUnknown(
                f"{describe(error, secrets)}; nor could it be found out whether it is there: {why}"
            ) from error

    def read(self, id: str, outputs: Tree, inputs: Tree | None, context: Context) -> Alive | None:
        """The object as it is outside; None if it is gone."""
        if id == INTERRUPTED_ID:
            return self._interrupted(inputs or {}, context)
        self._known.read(context.urn, id)
        imported = not outputs and not inputs
        secrets = reveal(outputs)[1] | reveal(inputs or {})[1]
        last = None if imported else self._recall(id, outputs, inputs or {})
        reasons = tuple(map(str, leaves(outputs.get(_INCOMPLETE, []))))
        try:
            found = self._resource.read(id, last, context)
        except PartialFailure as failure:
            told = tuple(dict.fromkeys(reasons + failure.reasons))
            return self._alive(failure.id, failure.outputs, secrets, told, _mark(reasons))
        if found is None:
            return None
        self._settle_anew(found, secrets, context)
        found = leeway.found(self._resource, last.inputs, found) if last else found
        alive = self._alive(found.id, found.outputs, secrets, reasons)
        return replace(alive, inputs=self._sealed(found.inputs, secrets))

    def _settle_anew(self, found: Instance[In, Out], secrets: Secrets, context: Context) -> None:
        """Settle what could not be settled at its birth, or has moved here from another declaration."""
        if not found.token or found.settled == context.owner or not self._resource.settles():
            return
        try:
            self._resource.settle(found.id, found, context)
        except Exception as error:
            context.warn(f"could not note on {found.id} that the state has it: {describe(error, secrets)}")

    def _interrupted(self, inputs: Tree, context: Context) -> Alive | None:
        """What stands in the state for a killed create: it stays as long as there is something of it outside."""
        there = self._siblings(recall(self._kind.inputs, reveal(inputs)[0]), context).killed
        return Alive(INTERRUPTED_ID, {_INTERRUPTED: True}, inputs) if there else None

    def update(self, last: Last, news: Tree, context: Context) -> Alive:
        """The object brought to the new inputs; what goes wrong leaves it in the state as unwell."""
        raw, secrets = reveal(news)
        old = self._recall(*last)
        self._known.mention(context.urn, old.id)
        inputs = self._kind.inputs.model_validate(raw)
        secrets = secrets | reveal(last[1])[1]
        try:
            self._remove(self._siblings(inputs, context), context)
            return self._alive(old.id, self._updated(old, last, news, inputs, context), secrets)
        except PartialFailure as failure:
            return self._alive(failure.id, failure.outputs, secrets, failure.reasons)
        except Exception as error:
            return self._alive(old.id, old.outputs, secrets, (describe(error, secrets),))

    def _updated(self, old: Instance[In, Out], last: Last, news: Tree, inputs: In, context: Context) -> Out:
        """The outputs after an update, which a sound object without differences does not need."""
        if not self._differences(last[2], news) and not _is_unwell(last[1]):
            return old.outputs
        return self._resource.update(old.id, old, inputs, context)

    def delete(self, last: Last, context: Context) -> None:
        """The object gone, with what killed creates have made beside it.

        What this very run has adopted in its place stays.
        """
        id, old = last[0], self._recall(*last)
        if id != INTERRUPTED_ID and not self._known.was_adopted(context.urn, id):
            self._resource.delete(id, old, context)
        others = self._siblings(old.inputs, context)
        mine = tuple(it for it in others.killed if it.id != id and not self._known.was_given(context.urn, it.id))
        self._remove(replace(others, killed=mine), context)

    def _recall(self, id: str, outputs: Tree, inputs: Tree) -> Instance[In, Out]:
        """An object as the state has it."""
        old_inputs = recall(self._kind.inputs, reveal(inputs)[0])
        return Instance(id, old_inputs, recall(self._kind.outputs, reveal(outputs)[0]))

    def _alive(
        self, id: str, outputs: Out, secrets: Secrets, reasons: tuple[str, ...] = (), mark: str = _INCOMPLETE
    ) -> Alive:
        secrets |= self._own_secrets(outputs.wire())
        masked = tuple(secrets.mask(reason) for reason in reasons)
        return Alive(id, secrets.seal(outputs.wire()) | ({mark: list(masked)} if masked else {}), reasons=masked)

    def _sealed(self, inputs: In, secrets: Secrets) -> Tree:
        tree = inputs.wire()
        return secrets.seal(tree, secret_paths(self._kind.inputs, tree))

    def _own_secrets(self, outputs: Tree) -> Secrets:
        """What the type declares secret among an object's outputs: the object brought it, no input did."""
        return reveal(Secrets().seal(outputs, secret_paths(self._kind.outputs, outputs)))[1]


def describe(error: BaseException, secrets: Secrets = NO_SECRETS) -> str:
    """An exception as the user sees it: our own in its own words, any other as one line with its kind."""
    text = secrets.mask(str(error)).strip()  # before the line is made one, which would change a secret of several lines
    if type(error).__module__.startswith("seldon_infra") and text:
        return text
    return f"{type(error).__name__}: {' '.join(text.split())}".removesuffix(": ")


def _is_unwell(outputs: Tree) -> bool:
    """Whether the state says that an object needs repair."""
    return bool(outputs.get(_INCOMPLETE) or outputs.get(_UNWELL))


def _mark(earlier: tuple[str, ...]) -> str:
    """How the state keeps what a read has found: with what was wrong before, else only until the next read."""
    return _INCOMPLETE if earlier else _UNWELL


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
