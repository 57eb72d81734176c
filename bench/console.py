"""The console on 200 deployments: how soon the page is painted, and what an open page costs that shows no news.

The gateway, the supervisor and its 200 processes are real; each process only sleeps.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.table import Figure
from seldon_infra.ingress.routes import Backend, Limits, Route
from seldon_infra.runtime.gateway import Gateway, process_spec
from seldon_infra.runtime.processes import Processes, ProcessSpec
from seldon_infra.runtime.stack_dir import StackDir
from toolchain import chromium

DEPLOYMENTS, ROUNDS, IDLE_SECONDS = 200, 5, 30.0
TICKS = os.sysconf("SC_CLK_TCK")
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def figures() -> Iterator[Figure]:
    """Measure both, in one stack."""
    with _stack() as project, _console(project) as (url, server), _browser() as browser:
        pages = [_first(browser, url) for _ in range(ROUNDS)]
        yield Figure("first paint, s", f"{sorted(paint for paint, _ in pages)[ROUNDS // 2]:.2f}", "under 1")
        yield Figure("the list with its rows, s", f"{sorted(whole for _, whole in pages)[ROUNDS // 2]:.2f}", "under 1")
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("#list tbody tr")
        console, browsers = _idle(server, *_processes(server, "chromium"))
        yield Figure("an open page, console's CPU", f"{console:.1%}", "under 5 % of a core")
        yield Figure("an open page, browser's CPU", f"{browsers:.1%}", "under 5 % of a core")


def _first(browser: Browser, url: str) -> tuple[float, float]:
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("#list tbody tr")
    whole = time.perf_counter() - start
    page.wait_for_function(PAINTED)
    painted = float(page.evaluate(PAINTED)) / 1000
    context.close()
    return painted, whole


@contextmanager
def _stack() -> Iterator[Path]:
    project = Path(tempfile.mkdtemp(prefix="bench-"))
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\nmain: stacks\n")
    stack = StackDir(project / ".seldon" / "local")
    processes, gateway = Processes(stack), Gateway(stack)
    try:
        processes.start(process_spec(None), "bench", "g" * 8, lambda it: gateway.prepare(it["gateway"], Limits()))
        for number in range(DEPLOYMENTS):
            name = f"model-{number:03d}"
            spec = ProcessSpec(name=f"{name}.main.score", command=["sleep", "3600"], ports=["http", "grpc"])
            ports = processes.start(spec, name, f"{number:08d}").ports
            backend = Backend("main", 100, False, *(f"127.0.0.1:{ports[each]}" for each in ("http", "grpc")))
            route = Route("models", name, "v2", [backend], ["score"])
            (gateway.folder / "routes.d" / f"models.{name}.json").write_text(json.dumps(asdict(route)))
        yield project
    finally:
        for record in list(processes.all()):
            processes.remove(record.id)
        shutil.rmtree(project, ignore_errors=True)


@contextmanager
def _console(project: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "console", "--project", str(project), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        yield process.stderr.readline().strip(), process.pid
        process.terminate()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        environment: Any = os.environ | chromium.environment()
        made = playwright.chromium.launch(executable_path=chromium.program(), env=environment, args=["--no-sandbox"])
        yield made
        made.close()


def _idle(console: int, *browser: int) -> tuple[float, float]:
    """Shares of a core that a page costs for a while, in the console's process and in the browser's."""
    time.sleep(5)
    before = _ticks(console), sum(map(_ticks, browser))
    time.sleep(IDLE_SECONDS)
    after = _ticks(console), sum(map(_ticks, browser))
    return ((after[0] - before[0]) / TICKS / IDLE_SECONDS, (after[1] - before[1]) / TICKS / IDLE_SECONDS)


def _processes(but: int, name: str) -> list[int]:
    """The processes that this one has started and that are called so, with theirs."""
    found = [os.getpid()]
    for pid in found:
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in file.read_text().split()]
    return [pid for pid in found if pid != but and name in Path(f"/proc/{pid}/cmdline").read_text()]


def _ticks(pid: int) -> int:
    """Source: proc_pid_stat(5), utime and stime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
