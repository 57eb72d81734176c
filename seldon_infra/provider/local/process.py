"""``seldon:local:Process``: start, ready, and at the end drained and stopped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.provider.framework import Cancelled, Context, Created, Failed, Instance, Resource, TimedOut
from seldon_infra.resources.local_process import PROCESS, ProcessInputs, ProcessOutputs
from seldon_infra.runtime import health
from seldon_infra.runtime.processes import Processes, ProcessSpec, Record
from seldon_infra.runtime.stack_dir import StackDir

START_FAILURES = 2
"""How often a new process may exit before its `up` fails; a process that was ready once is restarted far longer."""


class Process(Resource[ProcessInputs, ProcessOutputs]):
    """A process under the stack's supervisor."""

    type = PROCESS
    replace_on = frozenset(ProcessInputs.model_fields) - {"running"}
    timeout = 600.0

    def create(self, inputs: ProcessInputs, context: Context) -> Created[ProcessOutputs]:
        """Start it and wait until it is ready; one that does not become ready is taken away again."""
        processes = _processes(inputs)
        try:
            record = processes.start(_spec(inputs), context.owner, context.token)
            wait_until_ready(processes, record, inputs, context)
        except (Failed, SeldonInfraError, OSError) as error:
            failed = next((it for it in processes.all() if it.token == context.token), None)
            if failed is not None:
                processes.remove(failed.id)
            raise Failed(str(error)) from error
        return Created(record.id, _outputs(inputs, record))

    def find(self, inputs: ProcessInputs, context: Context) -> Iterable[Instance[ProcessInputs, ProcessOutputs]]:
        """Every process of this declaration, also half-made ones."""
        processes = _processes(inputs)
        for record in processes.all():
            if record.owner == context.owner:
                settled = processes.settled(record.id)
                yield Instance(record.id, inputs, _outputs(inputs, record), record.token, settled)

    def resume(
        self, found: Instance[ProcessInputs, ProcessOutputs], inputs: ProcessInputs, context: Context
    ) -> Created[ProcessOutputs]:
        """Finish what a killed run began."""
        return self.create(inputs, context)

    def settle(self, id: str, last: Instance[ProcessInputs, ProcessOutputs], context: Context) -> None:
        """Note in the process's folder that the state has it."""
        _processes(last.inputs).settle(id, context.owner)

    def read(
        self, id: str, last: Instance[ProcessInputs, ProcessOutputs] | None, context: Context
    ) -> Instance[ProcessInputs, ProcessOutputs] | None:
        """Whether it is up, and whether somebody edited its files."""
        if last is None:
            raise Failed("a process cannot be imported; declare it, and it is started")
        processes = _processes(last.inputs)
        record = processes.record(id)
        if record is None:
            return None
        edited = processes.edited_files(record)
        script = edited.pop("run", None)
        changes: dict[str, object] = {"running": processes.state(id).wanted}
        if edited:
            changes["files"] = {**last.inputs.files, **edited}
        if script is not None:
            changes["command"] = ["/bin/sh", "run"]
        inputs = last.inputs.model_copy(update=changes)
        return Instance(id, inputs, last.outputs, record.token, processes.settled(id))

    def update(
        self, id: str, last: Instance[ProcessInputs, ProcessOutputs], inputs: ProcessInputs, context: Context
    ) -> ProcessOutputs:
        """Start a stopped process again."""
        processes = _processes(inputs)
        record = processes.record(id)
        if record is None:
            raise Failed(f"process {id} is gone; run `pulumi refresh`, then `pulumi up`")
        processes.restart(id)
        wait_until_ready(processes, record, inputs, context)
        return _outputs(inputs, record)

    def delete(self, id: str, last: Instance[ProcessInputs, ProcessOutputs], context: Context) -> None:
        """Stop it: the route has moved away by now, so what it still does it finishes within its grace."""
        _processes(last.inputs).remove(id)


def wait_until_ready(processes: Processes, record: Record, inputs: ProcessInputs, context: Context) -> None:
    """Ask the probe until it says yes; tells the engine now and then what it waits for."""
    probe = inputs.ready
    port = record.ports[probe.port]
    exits = 0
    seen = 0

    def ready() -> bool:
        nonlocal exits, seen
        state = processes.state(record.id)
        exits += state.state in {"BACKOFF", "EXITED", "FATAL"} and state.pid != seen
        seen = state.pid
        if state.state == "FATAL" or exits >= START_FAILURES:
            raise Failed(f"process '{inputs.name}' exits at start" + _log(processes, record))
        context.progress(f"waiting for '{inputs.name}' to be ready")
        return state.wanted and health.is_ready(probe.kind, port, probe.path)

    limit = min(probe.timeout_seconds, context.remaining())
    bounded = Context(context.urn, context.owner, timeout=limit, cancelled=context.cancelled)
    try:
        bounded.wait_for(f"'{inputs.name}' to be ready", ready)
    except Cancelled:
        raise
    except TimedOut:
        raise Failed(
            f"process '{inputs.name}' was not ready within {round(limit, 1):g} s" + _log(processes, record)
        ) from None


def _log(processes: Processes, record: Record) -> str:
    lines = processes.log_tail(record.id)
    return "; its last words:\n" + "\n".join(lines) if lines else "; it wrote nothing"


def _processes(inputs: ProcessInputs) -> Processes:
    return Processes(StackDir(Path(inputs.stack_dir)))


def _spec(inputs: ProcessInputs) -> ProcessSpec:
    return ProcessSpec(
        name=inputs.name,
        command=inputs.command,
        environment=inputs.environment,
        files=inputs.files,
        links=inputs.links,
        ports=inputs.ports,
        grace_seconds=inputs.grace_seconds,
    )


def _outputs(inputs: ProcessInputs, record: Record) -> ProcessOutputs:
    addresses = {name: f"127.0.0.1:{port}" for name, port in record.ports.items()}
    return ProcessOutputs(**dict(inputs), addresses=addresses)
