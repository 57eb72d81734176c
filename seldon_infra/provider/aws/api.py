"""The one seam to AWS: every call of the resource types goes through `Api`.

    api = Api("eu-west-1", context)
    api.call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")           # a call that may change something
    api.ask("ec2", "describe_vpcs", VpcIds=["vpc-1"])                # a question, asked once until something changes
    api.every("ec2", "describe_vpcs", "Vpcs", Filters=[...])         # all items of all pages
    api.call("iam", "put_role_policy", eventually=["NoSuchEntity"], ...)  # not yet seen everywhere: tried again

What it does for each: one client per service and region; a time-out; repeats with jitter where AWS throttles, where it
or the network failed and a repeat does no harm, and where it says one of the `eventually` codes or texts; refusals as
`AwsError`, in words for the user. `AWS_ENDPOINT_URL` and all of AWS's own settings hold. boto3 is loaded by the first
call. `SELDON_INFRA_AWS_LOG` names a file that gets a line per call:
process, region, action, outcome, milliseconds, the resource's name.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

from seldon_infra.provider.aws.trouble import AwsError, Kind, from_client_error, from_transport
from seldon_infra.provider.framework import Cancelled, Context, Failed, TimedOut
from seldon_infra.resources.account import AWS_ACCOUNT
from seldon_infra.resources.aws_words import action as named

Answer = dict[str, Any]

TAGGING: Final = "resourcegroupstaggingapi"
"""The service that knows the tags of all others' objects."""
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 40
_PATIENCE = {Kind.THROTTLED: 600.0, Kind.TRANSIENT: 60.0, Kind.UNREACHED: 15.0}
_EVENTUALLY_SECONDS: Final = 120.0
_FIRST_PAUSE_SECONDS: Final = 0.3
_LONGEST_PAUSE_SECONDS: Final = 15.0
_FRESH_SECONDS: Final = 30.0
"""How long an answer is good within one operation."""
_MAKES_A_NEW_ONE = ("create_", "allocate_", "run_", "request_")
_SAME_TWICE = frozenset({"create_tags", "create_route", "create_alias"})
"""Whose callers take "there already" for success."""
_TOKENS = frozenset({"ClientToken", "clientToken", "ClientRequestToken", "clientRequestToken"})


def jittered(attempt: int) -> float:
    """Seconds before the next attempt: anything up to a bound that doubles, so that many callers spread out."""
    return random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**attempt))


def client_token(token: str, purpose: str) -> str:
    """An idempotency token that is the same in a repeated run: `context.token` and what the call is for."""
    return hashlib.sha256(f"{token} {purpose}".encode()).hexdigest()[:32]


def _nobody() -> Context:
    return Context(urn="", owner="")


@dataclass(frozen=True)
class Api:
    """AWS in one region, within the time and the cancellation of one call of the engine."""

    region: str
    context: Context = field(default_factory=_nobody)
    pauses: Callable[[int], float] = jittered

    def call(self, service: str, operation: str, /, *, eventually: Sequence[str] = (), **parameters: object) -> Answer:
        """One call; answers of `ask` about this service are forgotten, whatever comes of it."""
        return self._changing(service, operation, eventually, parameters)

    def _changing(
        self, service: str, operation: str, eventually: Sequence[str], parameters: Mapping[str, object]
    ) -> Answer:
        try:
            return self._repeated(service, operation, eventually, parameters)
        finally:
            if not _is_question(operation):
                _MEMORY.forget(service)

    def ask(self, service: str, operation: str, /, **parameters: object) -> Answer:
        """A question's answer, shared by all who ask the same while nothing changes: don't change it."""
        key = json.dumps([self.region, operation, parameters], sort_keys=True, default=str)
        ask = lambda: self._repeated(service, operation, (), parameters)  # noqa: E731
        return _MEMORY.recall(service, key, ask, self.context.remaining())

    def every(self, service: str, operation: str, items: str, /, **parameters: object) -> list[Any]:
        """What all pages of a question list under the name `items`; shared like `ask`'s answer."""
        key = json.dumps([self.region, operation, items, parameters], sort_keys=True, default=str)
        ask = lambda: {items: list(self._pages(service, operation, items, parameters))}  # noqa: E731
        return list(_MEMORY.recall(service, key, ask, self.context.remaining())[items])

    def ahead(self, *questions: Callable[[], object]) -> None:
        """Begin to ask what does not hang on each other; who asks one of them then waits for that answer."""
        for question in questions:
            threading.Thread(target=_quietly, args=(question,), daemon=True).start()

    def look(self, service: str, operation: str, /, **parameters: object) -> Answer | None:
        """What `ask` answers, None where what it is about is not there."""
        try:
            return self.ask(service, operation, **parameters)
        except AwsError as error:
            if error.kind is Kind.GONE:
                return None
            raise

    def drop(self, service: str, operation: str, /, *, unless: Sequence[str] = (), **parameters: object) -> bool:
        """Take something away; whether it was there. That it is gone, or one of `unless`, is success too."""
        try:
            self._changing(service, operation, (), parameters)
        except AwsError as error:
            if error.kind is Kind.GONE or error.says(*unless):
                return False
            raise
        return True

    def fresh(self, service: str) -> Api:
        """The same, with nothing remembered about a service: for whoever waits for a change there."""
        _MEMORY.forget(service)
        return self

    @property
    def account(self) -> str:
        """The number of the account that the credentials are of."""
        return str(self.ask("sts", "get_caller_identity")["Account"])

    def _require_account(self) -> None:
        """Refuse credentials of another account than the objects', where these would pass for gone."""
        wanted = os.environ.get(AWS_ACCOUNT)
        if wanted and self.account != wanted:
            raise Failed(
                f"the credentials are of account {self.account}, and this stack's objects are in {wanted}: log in "
                "there; nothing was asked or changed"
            )

    def _pages(self, service: str, operation: str, items: str, parameters: Mapping[str, object]) -> list[Any]:
        """The items of page after page, each page a call that may be repeated by itself."""
        sent, more = _CLIENTS.page_tokens(service, self.region, operation)
        page = self._repeated(service, operation, (), parameters)
        found = list(page.get(items, ()))
        while more and page.get(more):
            page = self._repeated(service, operation, (), {**parameters, sent: page[more]})
            found += page.get(items, ())
        return found

    def _repeated(
        self, service: str, operation: str, eventually: Sequence[str], parameters: Mapping[str, object]
    ) -> Answer:
        """One call, as often as it needs."""
        if service != "sts":
            self._require_account()
        began = time.monotonic()
        for attempt in itertools.count():
            try:
                return _once(service, operation, self.region, parameters, self.context.urn)
            except AwsError as error:
                pause = self.pauses(attempt)
                patience = _patience(error, operation, parameters, eventually)
                if time.monotonic() - began + pause > patience:
                    raise
                self._pause(pause, error)
        raise AssertionError("unreachable")

    def _pause(self, seconds: float, error: AwsError) -> None:
        if self.context.cancelled.wait(min(seconds, self.context.remaining())):
            raise Cancelled(f"cancelled while AWS was asked again ({error.action}: {error.code})")
        if self.context.remaining() <= 0.01:
            raise TimedOut(f"{error}; it was tried for {self.context.timeout:g} s")


def _quietly(question: Callable[[], object]) -> None:
    with contextlib.suppress(Exception):  # Whoever needs the answer asks again, and is told why there is none.
        question()


def _is_question(operation: str) -> bool:
    return operation.startswith(("describe_", "get_", "list_", "search_"))


def _patience(error: AwsError, operation: str, parameters: Mapping[str, object], eventually: Sequence[str]) -> float:
    """For how many seconds a call is repeated after this refusal."""
    if error.says(*eventually):
        return _EVENTUALLY_SECONDS
    if error.kind is Kind.TRANSIENT and not _may_be_sent_twice(operation, parameters):
        return 0.0
    return _PATIENCE.get(error.kind, 0.0)


def _may_be_sent_twice(operation: str, parameters: Mapping[str, object]) -> bool:
    """Whether sending a call again does no harm if it took effect the first time."""
    makes_one = operation.startswith(_MAKES_A_NEW_ONE) and operation not in _SAME_TWICE
    return not makes_one or bool(_TOKENS & set(parameters))


def _once(service: str, operation: str, region: str, parameters: Mapping[str, object], urn: str) -> Answer:
    """One attempt of one call, for the resource of a URN."""
    from botocore.exceptions import BotoCoreError, ClientError

    action, began = f"{service}:{operation}", time.monotonic()
    outcome = "ok"
    try:
        client = _CLIENTS.get(service, region)
        action = named(service, client.meta.method_to_api_mapping[operation])
        answer: Answer = getattr(client, operation)(**parameters)
    except ClientError as error:
        outcome = error.response.get("Error", {}).get("Code", "error")
        raise from_client_error(action, error.response) from None
    except BotoCoreError as error:
        outcome = type(error).__name__
        raise from_transport(action, error) from None
    finally:
        taken = (time.monotonic() - began) * 1000
        _log(f"{region} {action} {outcome} {taken:.0f} ms {urn.rpartition('::')[2]}".rstrip())
    return answer


def _log(line: str) -> None:
    """Append a line to the log of calls, if the user wants one; it holds no parameter, so no secret."""
    if path := os.environ.get("SELDON_INFRA_AWS_LOG"):
        with open(path, "a") as file:
            file.write(f"{os.getpid()} {line}\n")


def _first(name: object) -> str:
    return str(name[0] if isinstance(name, list) else name)


class _Clients:
    """One client per service and region: making one costs a tenth of a second, and sharing one is safe.

    All are of one session: each session reads the list of AWS's endpoints anew, and keeps it.
    """

    def __init__(self) -> None:
        self._session: Any = None
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str, region: str) -> Any:
        """The client, made at its first use; who needs one that is there does not wait for another one's making."""
        if made := self._made.get((service, region)):
            return made
        with self._lock:  # making clients of one session at once is not safe
            if (service, region) not in self._made:
                self._made[service, region] = self._make(service, region)
            return self._made[service, region]

    def page_tokens(self, service: str, region: str, operation: str) -> tuple[str, str]:
        """The parameter and the answer's field by which pages follow each other; empty where there is one page."""
        client = self.get(service, region)
        if not client.can_paginate(operation):
            return "", ""
        settings = client.get_paginator(operation)._pagination_cfg
        return _first(settings["input_token"]), _first(settings["output_token"])

    def _make(self, service: str, region: str) -> Any:
        import boto3
        from botocore.config import Config

        settings = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1},
            max_pool_connections=32,
            user_agent_extra="seldon-infra",
        )
        self._session = self._session or boto3.session.Session()
        return self._session.client(service, region_name=region, config=settings)


class _Memory:
    """Answers to questions; whoever asks what is being asked already waits for that answer."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[float, Future[Answer]]] = {}
        self._lock = threading.Lock()

    def recall(self, service: str, key: str, ask: Callable[[], Answer], seconds: float) -> Answer:
        """The answer that is there or on its way, else a new one."""
        with self._lock:
            asked, future = self._answers.get((service, key), (-_FRESH_SECONDS, Future()))
            if mine := time.monotonic() - asked > _FRESH_SECONDS:
                future = Future()
                self._answers[service, key] = time.monotonic(), future
        if mine:
            self._fill(service, key, future, ask)
        try:
            return future.result(seconds)
        except TimeoutError:
            raise TimedOut(f"waited {seconds:.0f} s for an answer of AWS that another object asked for") from None

    def _fill(self, service: str, key: str, future: Future[Answer], ask: Callable[[], Answer]) -> None:
        try:
            future.set_result(ask())
        except BaseException as error:
            with self._lock:
                if self._answers.get((service, key), (0.0, None))[1] is future:
                    del self._answers[service, key]
            future.set_exception(error)

    def forget(self, service: str) -> None:
        """Something changed: who asks from now on is not given what was asked before, nor what hears of its tags."""
        with self._lock:
            self._answers = {
                known: answer for known, answer in self._answers.items() if known[0] not in (service, TAGGING)
            }


_CLIENTS = _Clients()
_MEMORY = _Memory()
