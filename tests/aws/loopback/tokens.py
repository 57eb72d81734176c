"""Idempotency tokens of EC2, which moto takes and forgets: a call with the token of an earlier one gets its answer."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from tests.aws.loopback.wire import Answer, AwsError, Call

_WORD = "ClientToken"


class Tokens:
    """What was answered to each token."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[dict[str, str], Answer]] = {}

    def once(self, call: Call, answered: Callable[[], Answer]) -> Answer:
        """The answer to a call; the first one where its token has come before, a refusal where it asked otherwise."""
        asked = dict(parse_qsl(call.request.body.decode())) if call.service == "ec2" else {}
        if _WORD not in asked:
            return answered()
        key = (call.operation, asked[_WORD])
        if key in self._answers:
            before, answer = self._answers[key]
            if before != asked:
                raise AwsError("IdempotentParameterMismatch", "the token was used with other parameters")
            return answer
        answer = answered()
        if answer.status == 200:
            self._answers[key] = asked, answer
        return answer
