"""``seldon:local:Process``: start, ready, and at the end drained and stopped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.provider.local.starting import wait_until_ready
from seldon_infra.resources.local_process import PROCESS, ProcessInputs, ProcessOutputs
from seldon_infra.runtime import health
from seldon_infra.runtime.processes import Liveness, Processes, ProcessSpec, Record
from seldon_infra.runtime.stack_dir import StackDir


class Process(Resource[ProcessInputs, ProcessOutputs]):
    """A process under the stack's supervisor."""

    type = PROCESS
    replace_on = frozenset(ProcessInputs.model_fields) - {"live", "reload", "running"}
    timeout = 600.0

    def stable(self) -> frozenset[str]:
        """A process keeps its ports as long as it lives."""
        return frozenset({"addresses"})

    def replaced_by(self, last: ProcessInputs, inputs: ProcessInputs) -> frozenset[str]:
        """A process that reads its model through a link takes another one over while it runs."""
        if not (last.reload and inputs.reload and last.links and inputs.links):
            return self.replace_on
        fixed = _fixed_files(last, inputs.reload.folder) == _fixed_files(inputs, inputs.reload.folder)
        return self.replace_on - ({"links", "files"} if fixed else {"links"})

    def create(self, inputs: ProcessInputs, context: Context) -> Created[ProcessOutputs]:
        """Start it and wait until it is ready; one that does not become ready is taken away again."""
        processes = _processes(inputs)
        try:
            record = processes.start(_spec(inputs), context.owner, context.token)
            _wait(processes, record, inputs, context)
        except (Failed, SeldonInfraError, OSError) as error:
            failed = next((it for it in processes.all() if it.token == context.token), None)
            if failed is not None:
                processes.remove(failed.id)
            raise Failed(str(error)) from error
        return Created(record.id, _outputs(inputs, record))

    def find(self, inputs: ProcessInputs, context: Context) -> Iterable[Instance[ProcessInputs, ProcessOutputs]]:
        """Every process of this declaration, also half-made ones."""
        processes = _processes(inputs)
        for record in processes.owned(context.owner):
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
        changes: dict[str, object] = {"running": processes.state(id).wanted and _is_whole(record, last.inputs)}
        if edited:
            changes["files"] = {**last.inputs.files, **edited}
        if script is not None:
            changes["command"] = ["/bin/sh", "run"]
        inputs = last.inputs.model_copy(update=changes)
        return Instance(id, inputs, last.outputs, record.token, processes.settled(id))

    def update(
        self, id: str, last: Instance[ProcessInputs, ProcessOutputs], inputs: ProcessInputs, context: Context
    ) -> ProcessOutputs:
        """Start a stopped process again, let a running one take over what changed, note how to tell that it hangs."""
        processes = _processes(inputs)
        record = processes.record(id)
        if record is None:
            raise Failed(f"process {id} is gone; run `pulumi refresh`, then `pulumi up`")
        if inputs.reload and health.is_ready("http", record.ports[inputs.ready.port], _live_path(inputs)):
            context.progress(f"'{inputs.name}' takes over what changed")
            failure = processes.take_over(record, _spec(inputs), context.remaining())
            if failure is not None:
                raise Failed(f"process '{inputs.name}' serves on what it did before: {failure}")
        record = processes.start(_spec(inputs), record.owner, record.token)
        _wait(processes, record, inputs, context)
        return _outputs(inputs, record)

    def delete(self, id: str, last: Instance[ProcessInputs, ProcessOutputs], context: Context) -> None:
        """Stop it: the route has moved away by now, so what it still does it finishes within its grace."""
        _processes(last.inputs).remove(id)


def _wait(processes: Processes, record: Record, inputs: ProcessInputs, context: Context) -> None:
    probe, port = inputs.ready, record.ports[inputs.ready.port]
    wait_until_ready(
        processes, record, lambda: health.is_ready(probe.kind, port, probe.path), probe.timeout_seconds, context
    )


def _fixed_files(inputs: ProcessInputs, folder: str) -> dict[str, str]:
    """The files that a process reads when it starts, and then no more."""
    return {path: text for path, text in inputs.files.items() if not path.startswith(folder)}


def _is_whole(record: Record, inputs: ProcessInputs) -> bool:
    """Tell whether nothing is unloaded that should be loaded; no answer says nothing about that."""
    if inputs.reload is None or inputs.ready.port not in record.ports:
        return True
    port = record.ports[inputs.ready.port]
    return not any(health.refuses(port, path) for path in inputs.reload.whole)


def _live_path(inputs: ProcessInputs) -> str:
    return inputs.live.path if inputs.live else "/"


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
        host=inputs.host or "",
        live=Liveness(**dict(inputs.live)) if inputs.live else None,
        reload=inputs.reload.command if inputs.reload else None,
    )


def _outputs(inputs: ProcessInputs, record: Record) -> ProcessOutputs:
    addresses = {name: f"127.0.0.1:{port}" for name, port in record.ports.items()}
    return ProcessOutputs(**dict(inputs), addresses=addresses)
