"""A route that changes step by step: each step holds until its gates have seen enough, or all goes back.

Where the rollout stands is noted in a file before each step, so that a run that was interrupted, or killed, goes on at
its step, which then begins to hold anew. What is old runs until the route has left it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from seldon_infra.core import atomic
from seldon_infra.experiments.rollout import asked_over
from seldon_infra.ingress.routes import Backend, Route
from seldon_infra.provider.framework import Cancelled, Context, Failed
from seldon_infra.provider.holding import hold
from seldon_infra.provider.local.mirror import BetweenVersions
from seldon_infra.resources.rollout import RolloutInputs
from seldon_infra.runtime.asking import GateFailed
from seldon_infra.runtime.gates import Version
from seldon_infra.runtime.gateway import Gateway
from seldon_infra.runtime.mirrored import key_of


@dataclass(frozen=True)
class Change:
    """From where requests go to where they shall go."""

    before: Route
    after: Route

    def at(self, percent: int) -> Route:
        """The route so far of the way: both sides' backends, each with its share."""
        olds = {_where(it): it for it in self.before.backends if not it.shadow}
        news = {_where(it): it for it in self.after.backends if not it.shadow}
        mixed = [
            replace(backend, weight=_between(olds.get(where), news.get(where), percent))
            for where, backend in {**news, **olds}.items()
        ]
        return replace(self.after, backends=(*mixed, *(it for it in self.after.backends if it.shadow)))

    def growing(self) -> list[Version]:
        """What gets more requests than before: what is new."""
        olds = {_where(it): it.weight for it in self.before.backends if not it.shadow}
        return [
            self._version(it) for it in self.after.backends if not it.shadow and it.weight > olds.get(_where(it), 0)
        ]

    def falling(self) -> Version | None:
        """What most requests went to: what is old; None where nothing was there."""
        live = sorted((it for it in self.before.backends if not it.shadow), key=lambda it: -it.weight)
        return self._version(live[0]) if live else None

    @property
    def aim(self) -> str:
        """Names where it goes, as far as gates are concerned."""
        text = json.dumps([[*_where(it), it.weight] for it in self.after.backends], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _version(self, backend: Backend) -> Version:
        route = self.after
        where = backend.name, backend.rest, backend.grpc
        transports = asked_over(route.protocol, route.transports)
        return Version(*where, route.protocol, route.models[0], transports, route.name)


def roll_out(gateway: Gateway, change: Change, rollout: RolloutInputs, drain: float, context: Context) -> None:
    """Lead the requests to what is new, step by step.

    Raises:
        Failed: a gate did not hold; requests go where they went before.
        Cancelled: the user interrupted it; requests stay where they are.
    """
    if not change.growing():
        gateway.put(change.after, drain)
        return
    note, old = _note(gateway, change.after), change.falling()
    mirror = BetweenVersions(old, key_of(gateway.folder.parent), context) if old and rollout.mirrors() else None
    for index in range(_step_of(note, change.aim), len(rollout.steps)):
        percent = rollout.steps[index]
        atomic.write(note, json.dumps({"aim": change.aim, "step": index}))
        gateway.put(change.at(percent), drain)
        context.progress(f"{percent} % of the way, for {rollout.hold_seconds:g} s at least")
        try:
            hold(change.growing(), old, rollout, context, mirror)
        except GateFailed as failed:
            gateway.put(change.before, drain)
            note.unlink(missing_ok=True)
            names = " and ".join(f"'{version.name}'" for version in change.growing())
            raise Failed(
                f"the rollout to {names} stopped at {percent} %: {failed}; all requests go where they went before"
            ) from None
        except Cancelled:
            raise Cancelled(
                f"the rollout was interrupted at {percent} % and stays there; `pulumi up` goes on with this step"
            ) from None
    gateway.put(change.after, drain)
    note.unlink(missing_ok=True)


def forget(gateway: Gateway, route: Route) -> None:
    """Forget where a rollout stood whose route is taken away."""
    _note(gateway, route).unlink(missing_ok=True)


def _between(old: Backend | None, new: Backend | None, percent: int) -> int:
    """A weight on the way; who gets something gets one percent at least."""
    begin, end = (it.weight if it else 0 for it in (old, new))
    share = begin + (end - begin) * percent / 100
    return max(round(share), 1) if share > 0 else 0


def _where(backend: Backend) -> tuple[str, str, str]:
    return backend.name, backend.rest, backend.grpc


def _note(gateway: Gateway, route: Route) -> Path:
    return gateway.folder / f"rollout.{route.namespace}.{route.name}.json"


def _step_of(note: Path, aim: str) -> int:
    """The step at which an earlier run was interrupted on the way to the same aim."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return int(found["step"]) if found["aim"] == aim else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
