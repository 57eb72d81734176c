"""What a stack with a cluster on AWS asks of AWS, on an account that is near, and again on one that is far.

The account is the tests' own: moto, and the loopback for what moto lacks. What the SDK takes to ask comes on top: on
the near account that is more than the waiting.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.process import measure
from bench.table import Figure, seconds
from tests.aws.account import Account
from tests.aws.loopback.server import Loopback
from tests.aws.loopback.wire import Answer, Request
from tests.aws.moto_server import moto_server
from tests.aws.stack.project import Project, prepare
from tests.engine.scratch import CLI, STACK, scratch_engine

NEAR, FAR = 0.02, 0.1
"""Seconds until an answer begins."""
TIMEOUT_SECONDS = 900
ROUNDS = 3
PLUGIN, PLUGIN_AGENT = b"pulumi-resource-seldon", "seldon-infra"
CHAINS = (2, 2)
"""Calls that wait for each other, of the plugin and of the program.

All questions about an object go out at once, and the engine looks at 16 objects at a time: of 28, the last ones wait
for an answer about one of the first. The program learns whose credentials they are before it asks anything else.
"""
DAILY = {
    "preview": ["preview"],
    "no-op up": ["up", "--yes", "--skip-preview", "--expect-no-changes"],
    "drift": ["refresh", "--preview-only", "--expect-no-changes"],
}
DEFINITION = """
from stacks.prod import cluster
from seldon_infra import GpuSoftware, Kubernetes, NodeGroup, Scaling, Stack

system, gpu = cluster.node_groups
nodes = NodeGroup(name=gpu.name, instance_types=gpu.instance_types, scaling=gpu.scaling)
changes = {"account": None, "deployer": None, "access": (), "deletion_protection": False}
changes |= {"node_groups": (system, nodes), "gpu_software": GpuSoftware(existing=True), "autoscaler": None}
stack = Stack(target=Kubernetes(cluster=cluster.model_copy(update=changes)), deployments=())
"""
"""The cluster of stack prod in the tests' account, with nothing that has to be put onto it."""


def figures() -> Iterator[Figure]:
    """Make the cluster, then measure what is done every day; at the end nothing is left."""
    yield Figure("importing the resource types and boto3", f"{_import():.2f} s", "aim: at most 1 s")
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (project, aws):
        engine = project.account.engine
        engine.write_program("from seldon_infra import run\n\nrun(__file__)\n")
        (engine.directory / "test.py").write_text(DEFINITION)
        yield from _rows("up of an empty account", [Run(project, aws, "up", "--yes", "--skip-preview")])
        aws.still = True
        for distance in (NEAR, FAR):
            aws.distance = distance
            for name, command in DAILY.items():
                runs = [Run(project, aws, *command) for _ in range(ROUNDS)]
                yield from _rows(f"{name}, answers in {distance * 1000:.0f} ms", runs)
        aws.distance, aws.still = NEAR, False
        yield Figure("objects of AWS in the stack", str(len(project.account.state())))
        yield from _rows("destroy", [Run(project, aws, "destroy", "--yes", "--skip-preview")])
        assert project.inventory() == {}, project.inventory()


@contextmanager
def account(folder: Path) -> Iterator[tuple[Project, Slow]]:
    """An empty account that is slow to answer, and a project whose stack lives in it."""
    with moto_server() as address, Slow(address) as aws:
        yield prepare(Account(scratch_engine(folder), aws), folder), aws


@dataclass(frozen=True)
class Asked:
    """One call that was answered."""

    what: str
    """Its name, and a digest of all that was asked."""
    begin: float
    end: float
    by_plugin: bool


class Slow(Loopback):
    """The loopback AWS at some distance.

    Where it is still, what was asked before is answered from memory: else a run would measure what moto takes, which
    answers one call after the other and takes longer for it than the library.
    """

    def __init__(self, behind: str) -> None:
        self.asked: list[Asked] = []
        self.distance, self.still = NEAR, False
        self._answers: dict[str, Answer] = {}
        super().__init__(behind)

    def take(self, request: Request, port: int) -> Answer:
        begin = time.monotonic()
        time.sleep(self.distance)
        action = request.headers.get("X-Amz-Target", "")
        digest = sha256(f"{request.method} {request.target} {action} ".encode() + request.body).hexdigest()
        if not self.still:
            self._answers.clear()
        answered = self._answers.get(digest) or super().take(request, port)
        self._answers[digest] = answered
        self.asked.append(Asked(digest, begin, time.monotonic(), PLUGIN_AGENT in request.headers.get("User-Agent", "")))
        return answered


class Run:
    """One command of the engine, and what AWS saw of it."""

    def __init__(self, project: Project, aws: Slow, *command: str) -> None:
        engine = project.account.engine
        aws.asked.clear()
        plugins = _Plugins()
        plugins.start()
        words: list[str | Path] = [CLI, "--non-interactive", command[0], "--stack", STACK, *command[1:]]
        self.seconds = measure(words, engine.directory, engine.environment, TIMEOUT_SECONDS).seconds
        self.plugin_bytes = plugins.stop()
        self.asked = [*aws.asked]

    @property
    def parts(self) -> list[list[Asked]]:
        """The plugin's calls and the program's, which the engine starts when the plugin has read; none is left out."""
        plugin, program = ([it for it in self.asked if it.by_plugin is who] for who in (True, False))
        return [part for part in (plugin, program) if part]

    @property
    def one_call(self) -> float:
        """Median seconds of a call."""
        return statistics.median(it.end - it.begin for it in self.asked) if self.asked else 0.0

    @property
    def twice(self) -> int:
        """Calls that asked what had been asked before, word for word."""
        return sum(count - 1 for count in Counter(it.what for it in self.asked).values())


def _rows(name: str, runs: Sequence[Run]) -> Iterator[Figure]:
    run = sorted(runs, key=lambda it: it.seconds)[len(runs) // 2]
    yield Figure(f"{name}", f"{run.seconds:.2f} s", f"{len(run.asked)} calls, {run.twice} of them asked before")
    if len(runs) > 1:
        yield from _waited(name, run)
    yield Figure(f"{name}: a plugin's memory", f"{run.plugin_bytes / 2**20:.0f} MiB", "aim: under 150 MB")


def _waited(name: str, run: Run) -> Iterator[Figure]:
    """From the first call to the last, against the longest chain of calls that have to wait for each other."""
    asking, calls = sum(map(_span, run.parts)), sum(CHAINS[: len(run.parts)])
    chain = calls * run.one_call
    starts = _span(run.asked) - asking
    what = f"{asking / chain:.2f} times the longest chain, {calls} calls of {run.one_call * 1000:.0f} ms"
    yield Figure(f"{name}: from the first call to the last", f"{asking:.2f} s", f"{what}; aim: at most 1.3 times")
    if len(run.parts) > 1:
        yield Figure(f"{name}: until the program asks", f"{starts:.2f} s", "the engine starts it after the plugin")


def _span(calls: Sequence[Asked]) -> float:
    return max(it.end for it in calls) - min(it.begin for it in calls)


def _import() -> float:
    command = [sys.executable, "-c", "import seldon_infra.provider.main, seldon_infra.provider.aws, boto3"]
    return min(seconds(lambda: subprocess.run(command, check=True, timeout=60)) for _ in range(ROUNDS))


class _Plugins(threading.Thread):
    """Looks now and then at the memory of this library's plugin processes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._most, self._over = 0, threading.Event()

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self._over.wait(0.05):
            self._most = max([self._most, *map(_peak, Path("/proc").glob("[0-9]*"))])

    def stop(self) -> int:
        """Look no more; give the most that one of them had."""
        self._over.set()
        self.join()
        return self._most


def _peak(process: Path) -> int:
    try:
        if PLUGIN not in (process / "cmdline").read_bytes():
            return 0
        status = (process / "status").read_text()
    except OSError:  # it has ended meanwhile
        return 0
    line = next((it for it in status.splitlines() if it.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024
