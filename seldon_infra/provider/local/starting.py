"""Waiting for a process that has just been started, and telling in its own words why it does not get ready."""

from __future__ import annotations

from collections.abc import Callable

from seldon_infra.provider.framework import Cancelled, Context, Failed, TimedOut
from seldon_infra.runtime.processes import Processes, Record

START_FAILURES = 2
"""How often a new process may exit before its `up` fails; a process that was ready once is restarted far longer."""


def wait_until_ready(
    processes: Processes, record: Record, is_ready: Callable[[], bool], seconds: float, context: Context
) -> None:
    """Ask until it is ready; tells the engine now and then what it waits for.

    Raises:
        Failed: it exits at start, or is not ready in time; with the last lines of its log.
    """
    name = record.spec.name
    exits = 0
    seen = 0

    def ready() -> bool:
        nonlocal exits, seen
        state = processes.state(record.id)
        exits += state.state in {"BACKOFF", "EXITED", "FATAL"} and state.pid != seen
        seen = state.pid
        if state.state == "FATAL" or exits >= START_FAILURES:
            raise Failed(f"process '{name}' exits at start" + _log(processes, record))
        context.progress(f"waiting for '{name}' to be ready")
        return state.wanted and is_ready()

    limit = min(seconds, context.remaining())
    bounded = Context(context.urn, context.owner, timeout=limit, cancelled=context.cancelled)
    try:
        bounded.wait_for(f"'{name}' to be ready", ready)
    except Cancelled:
        raise
    except TimedOut:
        raise Failed(f"process '{name}' was not ready within {round(limit, 1):g} s" + _log(processes, record)) from None


def _log(processes: Processes, record: Record) -> str:
    lines = processes.log_tail(record.id)
    return "; its last words:\n" + "\n".join(lines) if lines else "; it wrote nothing"
