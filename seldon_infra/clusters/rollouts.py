"""Waits until Seldon's operator reports deployments as Available, for many of them at once, with few requests.

One look asks for all deployments that are waited for: one object, or one list per namespace. What was made for them is
read only for those that are still coming up. Looks are made in a thread, one at a time, so that the program's event
loop goes on and Ctrl-C ends it at once.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.look import Look, Seen, log_of
from seldon_infra.clusters.rollout import State, Trouble, failure
from seldon_infra.core.errors import ClusterNotReached, LimitReached, NotReady

T = TypeVar("T")
_REST = 4
"""Times of what a look took until the next one at those who came meanwhile: looks take a fifth of the time at most."""


@dataclass(frozen=True)
class Patience:
    """How long something may last, in seconds."""

    ready: float
    """From the change until Available."""
    node: float
    """A pod without a node."""
    trouble: float = 5.0
    """Any other trouble: some of it passes by itself."""
    outage: float = 60.0
    """An API server that does not answer."""
    between_looks: float = 1.0
    together: float = 0.05
    """From somebody who comes until the first look at all who came meanwhile."""


@dataclass
class Awaited:
    """One deployment that is waited for."""

    namespace: str
    name: str
    tell: Callable[[str], None]
    """Shows the user how far it is."""
    done: asyncio.Future[None]
    since: float
    told: str = ""
    trouble: Trouble | None = None
    trouble_since: float = 0.0
    looks: int = 0

    @property
    def what(self) -> str:
        """The deployment in the user's words."""
        return f"SeldonDeployment '{self.name}'"

    def say(self, said: str, note: str = "") -> None:
        """Tell the user how far it is, once for each news."""
        text = f"{self.what}: {said}" + (f" ({note})" if note else "")
        if text != self.told:
            self.told = text
            self.tell(text)

    def meet(self, trouble: Trouble | None, now: float) -> None:
        """Note a trouble, and since when there has been one of its sort: its words may change meanwhile."""
        before, self.trouble = self.trouble, trouble
        if trouble is None or before is None or trouble.needs_node != before.needs_node:
            self.trouble_since = now


@dataclass
class Rollouts:
    """Everything that one program waits for on one cluster."""

    connect: Callable[[], Cluster]
    patience: Patience
    _awaited: dict[tuple[str, str], Awaited] = field(default_factory=dict)
    _looking: asyncio.Task[None] | None = None
    _look: Look | None = None
    _unanswered_since: float | None = None
    _come: asyncio.Event = field(default_factory=asyncio.Event)

    async def available(self, namespace: str, name: str, tell: Callable[[str], None]) -> None:
        """Return when a deployment is Available in the version that was applied last.

        Raises:
            NotReady: the operator reports Failed, its pods cannot come up, or it is gone.
            LimitReached: it took too long.
            NotPermitted: who asks may not read it.
            ClusterNotReached: the API server does not answer, and has not for a while.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[namespace, name] = Awaited(namespace, name, tell, done, time.monotonic())
        self._come.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._watch())
        await done

    async def _watch(self) -> None:
        due = 0.0
        while self._awaited:
            everyone = time.monotonic() >= due
            due = time.monotonic() + self.patience.between_looks if everyone else due
            awaited = tuple(each for each in self._awaited.values() if everyone or not each.looks)
            self._come.clear()
            began = time.monotonic()
            try:
                seen = await in_thread(lambda: self._seen(awaited))  # noqa: B023 (it is awaited right here)
                self._unanswered_since = None
                for each in awaited:
                    await self._judge(each, seen[each.namespace, each.name])
            except ClusterNotReached as error:
                self._bear(awaited, error)
            except Exception as error:
                self._end(awaited, error)
            if self._awaited:
                await self._pause(due, time.monotonic() - began)

    async def _pause(self, due: float, took: float) -> None:
        """Wait until everyone is looked at again, or somebody comes: most of what a no-op `up` waits for is there."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._come.wait(), max(due - time.monotonic(), 0))
            await asyncio.sleep(min(max(self.patience.together, _REST * took), self.patience.between_looks))

    def _seen(self, awaited: Iterable[Awaited]) -> Mapping[tuple[str, str], Seen]:
        self._look = self._look or Look(self.connect())
        return self._look.at({(each.namespace, each.name): each.looks > 0 for each in awaited})

    async def _judge(self, each: Awaited, seen: Seen) -> None:
        """Let one deployment's wait go on, or end it."""
        each.looks += 1
        now = time.monotonic()
        trouble = seen.trouble or (failure(seen.found) if seen.found and seen.state is State.FAILED else None)
        each.meet(trouble, now)
        if seen.found is None:
            self._fail(each, NotReady(f"{each.what} is gone: somebody deleted it; run: pulumi up --refresh"))
        elif seen.state is State.AVAILABLE:
            self._end([each], None)
        elif trouble and now - each.trouble_since >= self._bearable(trouble, seen):
            self._fail(each, NotReady(await in_thread(lambda: self._report(each, trouble, seen))))
        else:
            each.say(trouble.said if trouble else seen.state.value, seen.note)
            if now - each.since >= self.patience.ready:
                self._fail(each, self._too_late(each))

    def _bearable(self, trouble: Trouble, seen: Seen) -> float:
        """How long a trouble may last; the operator's own patience is over when it reports Failed."""
        waits = trouble.needs_node and seen.state is not State.FAILED
        return self.patience.node if waits else self.patience.trouble

    def _report(self, each: Awaited, trouble: Trouble, seen: Seen) -> str:
        """Say what is wrong, with what the operator says of it and the container's last words."""
        described = f"\n  Seldon's operator: {seen.description}" if seen.description not in trouble.said else ""
        last = log_of(self._look.cluster, each.namespace, trouble) if self._look and trouble.pod else ""
        return f"{each.what}: {trouble.said}{described}{last}"

    def _too_late(self, each: Awaited) -> LimitReached:
        last = each.told.removeprefix(f"{each.what}: ")
        return LimitReached(
            f"{each.what}: not Available after {self.patience.ready:g} s, {last}; look with: kubectl describe sdep "
            f"{each.name} -n {each.namespace}; or raise ready_timeout_seconds of Kubernetes()"
        )

    def _bear(self, awaited: Iterable[Awaited], error: ClusterNotReached) -> None:
        """An API server may be restarted; after a while it is an outage."""
        self._unanswered_since = self._unanswered_since or time.monotonic()
        for each in awaited:
            each.say(str(error))
        if time.monotonic() - self._unanswered_since >= self.patience.outage:
            self._end(awaited, error)

    def _fail(self, each: Awaited, error: Exception) -> None:
        """Tell of one that failed: the program ends with its error, but those before it may be waited for first."""
        each.tell(str(error))
        self._end([each], error)

    def _end(self, awaited: Iterable[Awaited], error: Exception | None) -> None:
        for each in awaited:
            self._awaited.pop((each.namespace, each.name), None)
            if each.done.done():
                continue
            if error is None:
                each.done.set_result(None)
            else:
                each.done.set_exception(error)


async def in_thread(ask: Callable[[], T]) -> T:
    """Run what blocks in a thread that holds nobody up: an interpreter that ends does not wait for it."""
    answer: concurrent.futures.Future[T] = concurrent.futures.Future()
    answer.set_running_or_notify_cancel()  # who gives up waiting leaves an answer that may still come

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(answer)
