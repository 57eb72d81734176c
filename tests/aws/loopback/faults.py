"""What goes wrong, and when: each call may be held, refused, or cut off, before or after it takes effect.

A call is named `eks.CreateCluster`, with `*` for any part: `eks.*`, `ec2.Describe*`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from seldon_infra.runtime.leftovers import is_alive
from tests.aws.loopback.march import March
from tests.aws.loopback.wire import AwsError, Call

Moment = Literal["before", "after"]
WAIT_SECONDS = 240
_THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "query": ("Throttling", 400)}
_EXPIRED = {"ec2": ("RequestExpired", 400), "query": ("ExpiredToken", 403)}
_DENIED = {"ec2": ("UnauthorizedOperation", 403), "query": ("AccessDenied", 403)}


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass
class Held:
    """One call that waits at its barrier; `wait` tells the process that made it."""

    name: str
    moment: Moment
    nth: int
    process: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> int:
        """Wait until the call is there; return the id of the process that made it."""
        assert self.reached.wait(WAIT_SECONDS), f"{self.name} number {self.nth} never came"
        assert self.process > 1, f"nobody knows who made {self.name}"
        return self.process


@dataclass
class _Refusal:
    """Lets the next calls of a name fail."""

    name: str
    moment: Moment
    left: int
    failure: Callable[[Call], Exception]


class Faults:
    """The script of one test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[Held] = []
        self._refusals: list[_Refusal] = []
        self._rate, self._dice = 0.0, random.Random(0)
        self.march: March | None = None
        """Kills at each call, where a test wants that."""

    @contextmanager
    def hold(self, name: str, moment: Moment, nth: int = 1) -> Iterator[Held]:
        """Hold the nth call of a name; one that is held before, and whose process died meanwhile, takes no effect."""
        held = Held(name, moment, nth)
        with self._lock:
            self._held.append(held)
        try:
            yield held
        finally:
            held.released.set()

    def refuse(self, name: str, code: str, message: str, times: int = 1, **members: object) -> None:
        """Let the next calls of a name fail with one of the service's errors."""
        self._refuse(name, "before", times, lambda call: AwsError(code, message, 400, **members))

    def drop(self, name: str, moment: Moment, times: int = 1) -> None:
        """Cut the next calls of a name off, before or after they take effect."""
        self._refuse(name, moment, times, lambda call: Dropped())

    def deny(self, name: str, times: int = 10**6) -> None:
        """Let a name fail for want of a permission."""
        self._refuse(name, "before", times, _denied)

    def expire_credentials(self, name: str = "*") -> None:
        """From now on the credentials have expired."""
        self._refuse(name, "before", 10**6, _expired)

    def throttle(self, rate: float, seed: int = 0) -> None:
        """Let this share of all calls be throttled, in a sequence that the seed fixes."""
        with self._lock:
            self._rate, self._dice = rate, random.Random(seed)

    def clear(self) -> None:
        """End every fault; what is held goes on."""
        with self._lock:
            for held in self._held:
                held.released.set()
            self._held.clear()
            self._refusals.clear()
            self._rate = 0.0

    def pass_by(self, call: Call, moment: Moment, process: Callable[[], int]) -> None:
        """Do to a call what the script says for this moment of it."""
        if self.march and self.march.at(call):
            self._pass_march(self.march, call, moment, process)
        if held := self._take_hold(call, moment):
            held.process = process()
            held.reached.set()
            assert held.released.wait(WAIT_SECONDS), f"{call.name} was never released"
            if not is_alive(held.process):
                raise Dropped
        if failure := self._take_failure(call, moment):
            raise failure

    def _pass_march(self, march: March, call: Call, moment: Moment, process: Callable[[], int]) -> None:
        """Wait for the kill, if this call has its turn; a call of the dead ends here."""
        try:
            halt = march.meet(call, moment, process())
        except LookupError:
            march.lose(call, moment)
            raise Dropped from None
        if halt:
            assert halt.wait(WAIT_SECONDS), f"{call.name} was never released"
            raise Dropped

    def _refuse(self, name: str, moment: Moment, times: int, failure: Callable[[Call], Exception]) -> None:
        with self._lock:
            self._refusals.append(_Refusal(name, moment, times, failure))

    def _take_hold(self, call: Call, moment: Moment) -> Held | None:
        with self._lock:
            for held in self._held:
                if held.moment == moment and fnmatchcase(call.name, held.name):
                    held.nth -= 1
                    if held.nth == 0:
                        self._held.remove(held)
                        return held
        return None

    def _take_failure(self, call: Call, moment: Moment) -> Exception | None:
        with self._lock:
            for refusal in self._refusals:
                if refusal.moment == moment and refusal.left and fnmatchcase(call.name, refusal.name):
                    refusal.left -= 1
                    return refusal.failure(call)
            throttled = moment == "before" and self._rate and self._dice.random() < self._rate
            return _throttled(call) if throttled else None


def _throttled(call: Call) -> AwsError:
    code, status = _THROTTLED.get(call.model.protocol, ("ThrottlingException", 429))
    return AwsError(code, "Rate exceeded", status)


def _expired(call: Call) -> AwsError:
    code, status = _EXPIRED.get(call.model.protocol, ("ExpiredTokenException", 403))
    return AwsError(code, "The security token included in the request is expired", status)


def _denied(call: Call) -> AwsError:
    code, status = _DENIED.get(call.model.protocol, ("AccessDeniedException", 403))
    action = f"{call.model.signing_name}:{call.operation}"
    who = "arn:aws:iam::123456789012:user/test"
    return AwsError(code, f"User: {who} is not authorized to perform: {action} on resource: *", status)
