"""The plugin's process by itself: how it starts, and that it ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

from seldon_infra.provider.values import to_wire
from seldon_infra.provider.wire import grpc, provider_pb2, provider_pb2_grpc
from seldon_infra.runtime.leftovers import is_alive
from tests.engine.waiting import wait_until
from tests.unit.provider.test_lifecycle import NEWS, URN

REPOSITORY = Path(__file__).parents[3]
PLUGIN = "from seldon_infra.provider.serve import serve; serve('test', lambda: '1', {})"
LOADED = """
import sys
import seldon_infra.provider.serve
slow = {'pulumi', 'pydantic', 'boto3', 'grpc.aio', 'asyncio', 'google.protobuf.internal.python_message'}
print(sorted(slow & set(sys.modules)))
import pulumi
import grpc.aio
import asyncio
async def closed():
    channel = grpc.aio.insecure_channel('127.0.0.1:1')
    await channel.close()
    return channel.get_state()
print(pulumi.Output, asyncio.run(closed()))
"""
CHILD = f"""
import subprocess, sys, time
plugin = subprocess.Popen([sys.executable, '-c', {PLUGIN!r}], stdout=subprocess.PIPE, stdin=STDIN)
plugin.stdout.readline()
print(plugin.pid, flush=True)
time.sleep(600)
"""


def python(code: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, **options)


BUSY = """
import os, sys; sys.path.insert(0, '.')
from tests.unit.provider.test_lifecycle import Lamp
from seldon_infra.provider import serve
class Slow(Lamp):
    def create(self, inputs, context):
        os.write(2, b'begun\\n')
        context.wait_for('godot', lambda: None)
serve._THREADS = 2
serve.serve('test', lambda: '1', {'test': lambda: [Slow()]})
"""


def test_a_cancel_is_heard_where_every_thread_is_at_work() -> None:
    plugin = python(BUSY, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert plugin.stdout is not None
    assert plugin.stderr is not None
    with grpc.insecure_channel(f"127.0.0.1:{int(plugin.stdout.readline())}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        request = provider_pb2.CreateRequest(urn=f"{URN}-1", properties=to_wire(NEWS))
        calls = [stub.Create.future(request, timeout=240) for _ in range(5)]
        assert [plugin.stderr.readline() for _ in range(2)] == ["begun\n"] * 2
        stub.Cancel(Empty(), timeout=240)
        assert all("cancelled while waiting for godot" in call.exception().details() for call in calls)
    plugin.send_signal(signal.SIGINT)
    plugin.communicate(timeout=240)


def test_it_says_its_port_and_nothing_else() -> None:
    plugin = python(PLUGIN, stdin=subprocess.PIPE)
    assert plugin.stdout is not None
    assert int(plugin.stdout.readline()) > 0
    plugin.send_signal(signal.SIGINT)
    assert plugin.wait(timeout=240) == 0
    assert plugin.stdout.read() == ""


@pytest.mark.parametrize("stdin", ["subprocess.PIPE", "subprocess.DEVNULL"])
def test_it_ends_with_its_parent(stdin: str) -> None:
    parent = python(CHILD.replace("STDIN", stdin))
    assert parent.stdout is not None
    plugin = int(parent.stdout.readline())
    parent.kill()
    parent.wait(timeout=240)
    wait_until(lambda: not is_alive(plugin))


def test_it_ends_where_the_parent_was_gone_before_it_could_look() -> None:
    reading, writing = os.pipe()
    plugin = python(PLUGIN, stdin=reading)
    os.close(reading)
    os.close(writing)
    assert plugin.wait(timeout=240) == 0


def test_starting_loads_nothing_heavy_and_leaves_the_real_modules_to_who_wants_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=REPOSITORY, capture_output=True, text=True, timeout=240, check=True
    )
    loaded, usable = done.stdout.splitlines()
    assert loaded == "[]"
    assert "class" in usable
    assert "SHUTDOWN" in usable
