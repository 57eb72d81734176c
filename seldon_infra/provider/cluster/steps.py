"""A SeldonDeployment that is brought to another spec step by step: each holds until its gates have seen enough.

How far it is stands in an annotation that is written with each spec, so that a run that was interrupted, or killed,
goes on at its step, which then begins to hold anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seldon_infra.clusters.rollouts import Patience
from seldon_infra.clusters.stepped import (
    Change,
    Note,
    Tree,
    aim_of,
    applied_by,
    before,
    guessed,
    listed,
    note_of,
    settled,
)
from seldon_infra.core.errors import ClusterNotReached, LimitReached, NotReady, SeldonInfraError
from seldon_infra.provider.cluster.mirror import AskedAnew, LiveRequests
from seldon_infra.provider.cluster.pods import InPods, OutOfReach, version_in
from seldon_infra.provider.cluster.written import Written
from seldon_infra.provider.framework import Cancelled, Context, Failed
from seldon_infra.provider.holding import Waiting, hold
from seldon_infra.resources.cluster_rollout import ClusterRolloutInputs
from seldon_infra.runtime.asking import GateFailed

DRAIN_SECONDS = 30.0
"""How long a version that has no requests any more may finish them, at most: pods get 20 s when they are deleted."""


@dataclass(frozen=True)
class Steps:
    """One change of one deployment."""

    written: Written
    inputs: ClusterRolloutInputs
    context: Context
    patience: Patience
    """How long the operator and pods may take at each change."""

    def go(self) -> None:
        """Bring it to what is declared.

        Raises:
            Failed: a gate did not hold, and requests go where they went before; or it stopped and goes on next time.
            Cancelled: the user interrupted it; requests stay where they are.
        """
        found = self._found()
        note = note_of(found)
        if note and note.aim and note.aim != self._aim:
            found = self._give_up(found["spec"], note)
            note = note_of(found)
        live, under_way = found["spec"], note is not None and bool(note.aim)
        applied = note.applied if note and note.over else before(live, note, self.inputs.spec)
        change = Change(live, applied, self.inputs.spec)
        at = note if note and under_way else Note(applied, self._aim)
        if under_way or (change.growing() and self._works()):
            self._lead(change, at)
        self._put(self.inputs.spec, Note(applied_by(self.inputs.spec)))

    def _lead(self, change: Change, at: Note) -> None:
        """Lead the requests to what is new, so far that the declared spec can follow."""
        if not at.over:
            if self.inputs.rollout.gates and (old := self._versions(change.live, [change.falling()])):
                self._require_way(old[0], change.live)
            self._step_by_step(change, at)
        if change.renamed:
            self._hand_over(change, replace(at, over=True))

    def _step_by_step(self, change: Change, at: Note) -> None:
        steps = self.inputs.rollout.steps
        for index in range(min(at.step, len(steps) - 1), len(steps)):
            percent = steps[index]
            shares = ", ".join(f"{name} {share} %" for name, share in change.weights(percent).items())
            self.context.progress(
                f"{percent} % of the way: {shares}, for {self.inputs.rollout.hold_seconds:g} s at least"
            )
            try:
                spec = change.at(percent)
                self._put(spec, replace(at, step=index))
                old = next(iter(self._versions(spec, [change.falling()])), None)
                mirror = self._mirror(old, spec) if old else None
                hold(self._versions(spec, change.growing()), old, self.inputs.rollout, self.context, mirror)
            except (GateFailed, NotReady, LimitReached) as failed:
                self._go_back(change, percent, failed)
            except Cancelled:
                raise self._interrupted(f"at {percent} %") from None

    def _go_back(self, change: Change, percent: int, failed: SeldonInfraError) -> None:
        names = " and ".join(f"'{name}'" for name in change.growing())
        said = f"the rollout to {names} stopped at {percent} %: {failed}"
        try:
            self._put(change.back(), Note(change.applied))
        except (NotReady, LimitReached) as unwell:
            raise Failed(f"{said}; it was taken back, but what was there before is not well: {unwell}") from None
        except ClusterNotReached as away:
            raise Failed(f"{said}; it could not be taken back: {away}; `pulumi up` goes on with this step") from None
        raise Failed(f"{said}; all requests go where they went before")

    def _hand_over(self, change: Change, note: Note) -> None:
        """Have the declared names take over from those on the way, which answer until the others are ready."""
        names = " and ".join(change.renamed.values())
        self.context.progress(f"the declared names take over from {names}")
        try:
            self._put(change.handover(), note)
            self._put(change.switched(), note)
            if self.context.cancelled.wait(min(self.inputs.rollout.hold_seconds, DRAIN_SECONDS)):
                raise Cancelled("interrupted")
        except (NotReady, LimitReached) as failed:
            raise Failed(
                f"the rollout has arrived as {names}, but not under the declared names yet: {failed}; "
                "`pulumi up` goes on with it"
            ) from None
        except Cancelled:
            raise self._interrupted("when all gates had held") from None

    def _give_up(self, live: Tree, note: Note) -> Tree:
        """End a change that went elsewhere: back to where it came from, or on to where it had come."""
        if note.over:
            spec = settled(live)
            self._put(spec, Note(guessed(spec, self.inputs.spec)))
        else:
            self._put(Change(live, note.applied, self.inputs.spec).back(), Note(note.applied))
        return self._found()

    def _works(self) -> bool:
        """Tell whether what is there answers: what does not needs no steps, and a step would wait for it."""
        try:
            self.written.wait(self.patience, self.context)
        except (NotReady, LimitReached) as error:
            self.context.warn(f"the change arrives at once, for what is there is not Available: {error}")
            return False
        return True

    def _require_way(self, old: InPods, live: Tree) -> None:
        """Find out before anything is moved whether gates can ask."""
        try:
            Waiting(self.context, self.inputs.rollout.patience_seconds).outlast(old.settled)
        except GateFailed as failed:
            raise self._cannot_ask(old, failed) from None
        try:
            old.http("GET", "/ready")
        except OutOfReach as failed:
            raise self._cannot_ask(old, failed) from None
        except GateFailed:
            pass  # It is reached, and says something else than yes.
        try:
            if self.inputs.rollout.calls_over_grpc(old.transports):
                with old.over_grpc():
                    pass
            if mirror := self._mirror(old, live):
                mirror.requests.take()
        except GateFailed as failed:
            raise self._cannot_ask(old, failed) from None

    def _cannot_ask(self, old: InPods, failed: GateFailed) -> Failed:
        return Failed(f"gates cannot ask '{old.name}', so nothing was changed: {failed}")

    def _mirror(self, old: InPods, spec: Tree) -> AskedAnew | None:
        """Give what copies live requests, where a gate is there for them."""
        log = self.inputs.requests
        if log is None or not self.inputs.rollout.mirrors():
            return None
        first = {it["graph"]["name"] for it in (*listed(spec), *listed(self.inputs.spec))}
        place = self.written.namespace, self.written.name
        return AskedAnew(LiveRequests(self.written.at, log, place, sorted(first)), old, self.context)

    def _put(self, spec: Tree, note: Note) -> None:
        self.written.put(spec, note)
        self.written.wait(self.patience, self.context)

    def _found(self) -> Tree:
        found = self.written.found()
        if found is None:
            raise Failed(f"SeldonDeployment '{self.inputs.name}' is gone; run `pulumi refresh`, then `pulumi up`")
        return found

    def _versions(self, spec: Tree, names: Sequence[str | None]) -> list[InPods]:
        place = self.written.namespace, self.written.name
        return [version_in(self.written.at, place, it, spec) for it in listed(spec) if it["name"] in names]

    def _interrupted(self, where: str) -> Cancelled:
        return Cancelled(f"the rollout was interrupted {where} and stays there; `pulumi up` goes on with this step")

    @property
    def _aim(self) -> str:
        return aim_of(self.inputs.spec)


def told(last: Tree, goal: Tree, steps: Sequence[int]) -> str:
    """Say in which steps a declared spec follows another; nothing where it follows at once."""
    change = Change(last, applied_by(last), goal)
    if not change.growing():
        return ""
    ends = change.weights(100)
    shares = (f"{name} {share} % → {ends[name]} %" for name, share in change.weights(0).items() if share != ends[name])
    return f"in steps of {', '.join(map(str, steps))} % of the way: {'; '.join(shares)}"


def speaks(spec: Tree) -> dict[str, object]:
    """What clients speak, which two versions side by side must share."""
    return {name: spec.get(name) for name in ("protocol", "transport", "serverType")}
