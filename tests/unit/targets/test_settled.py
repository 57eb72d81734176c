"""The wait for everything that a program declared."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from seldon_infra.targets.settled import settled

pytestmark = pytest.mark.unit


def _run(program: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a program among no outputs but its own."""

    def alone() -> None:
        SETTINGS.outputs = set()
        asyncio.run(program())

    contextvars.copy_context().run(alone)


def test_all_have_come_with_one_look_at_those_that_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    wait = asyncio.wait

    async def counted(outputs: list[Any], **options: Any) -> Any:
        looks.append(len(outputs))
        return await wait(outputs, **options)

    monkeypatch.setattr(asyncio, "wait", counted)
    come: list[int] = []

    async def program() -> None:
        futures = [asyncio.get_running_loop().create_future() for _ in range(50)]
        for future in futures:
            pulumi.Output.from_input(future).apply(come.append)
        waiting = asyncio.ensure_future(settled())
        for number, future in enumerate(futures):
            await asyncio.sleep(0)
            future.set_result(number)
        await waiting

    _run(program)
    assert come == list(range(50))
    assert len(looks) == 1


def test_outputs_that_another_one_brings_are_waited_for() -> None:
    come: list[int] = []

    async def later() -> int:
        await asyncio.sleep(0.01)
        come.append(2)
        return 2

    async def program() -> None:
        pulumi.Output.from_input(1).apply(lambda one: come.append(one) or pulumi.Output.from_input(later()))
        await settled()

    _run(program)
    assert come == [1, 2]


def test_one_that_fails_is_left_to_the_sdk_at_once() -> None:
    async def program() -> None:
        pulumi.Output.from_input(asyncio.get_running_loop().create_future())
        failed = pulumi.Output.from_input(1).apply(lambda one: one / 0)
        await asyncio.wait_for(settled(), 60)
        with pytest.raises(ZeroDivisionError):
            await failed.future()

    _run(program)
