"""``seldon:local:Gateway``: the stack's Envoy, one per stack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.ingress.routes import Collector, Limits
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Problem, Refused, Resource
from seldon_infra.provider.local.starting import wait_until_ready
from seldon_infra.resources.local_gateway import GATEWAY, GatewayInputs, GatewayOutputs
from seldon_infra.runtime import gateway as runtime
from seldon_infra.runtime import ports
from seldon_infra.runtime.processes import Processes, Record
from seldon_infra.runtime.stack_dir import StackDir

START_SECONDS = 30.0
"""How long Envoy may take to be live; it needs less than one."""


class Gateway(Resource[GatewayInputs, GatewayOutputs]):
    """Envoy under the stack's supervisor."""

    type = GATEWAY
    replace_on = frozenset({"stack_dir", "port", "limits", "tracing"})
    delete_before_replace = True

    def check(self, inputs: GatewayInputs, context: Context) -> GatewayInputs:
        """Refuse a port that somebody else has, before anything is changed."""
        if inputs.port is not None and not _is_ours(inputs):
            _require_free(inputs.port)
        return inputs

    def create(self, inputs: GatewayInputs, context: Context) -> Created[GatewayOutputs]:
        """Start Envoy and wait until it is live."""
        record = _start(inputs, context.token, context)
        return Created(record.id, _outputs(inputs, record))

    def find(self, inputs: GatewayInputs, context: Context) -> Iterable[Instance[GatewayInputs, GatewayOutputs]]:
        """The gateway that a killed run may have started."""
        processes = Processes(StackDir(Path(inputs.stack_dir)))
        for record in processes.owned(context.owner):
            settled = processes.settled(record.id)
            yield Instance(record.id, inputs, _outputs(inputs, record), record.token, settled)

    def resume(
        self, found: Instance[GatewayInputs, GatewayOutputs], inputs: GatewayInputs, context: Context
    ) -> Created[GatewayOutputs]:
        """Finish what a killed run began."""
        return self.create(inputs, context)

    def settle(self, id: str, last: Instance[GatewayInputs, GatewayOutputs], context: Context) -> None:
        """Note in the gateway's folder that the state has it."""
        Processes(StackDir(Path(last.inputs.stack_dir))).settle(id, context.owner)

    def read(
        self, id: str, last: Instance[GatewayInputs, GatewayOutputs] | None, context: Context
    ) -> Instance[GatewayInputs, GatewayOutputs] | None:
        """Whether it is up, and whether somebody edited what it is started with."""
        if last is None:
            raise Failed("a gateway cannot be imported; declare it, and it is started")
        stack = StackDir(Path(last.inputs.stack_dir))
        processes, gateway = Processes(stack), runtime.Gateway(stack)
        record = processes.record(id)
        if record is None:
            return None
        started_with = (record.ports["gateway"], _limits(last.inputs), _collector(last.inputs))
        whole = not processes.edited_files(record) and gateway.starts_as(*started_with)
        found = {"running": processes.state(id).wanted, "in_force": whole}
        return Instance(id, last.inputs.model_copy(update=found), last.outputs, record.token, processes.settled(id))

    def update(
        self, id: str, last: Instance[GatewayInputs, GatewayOutputs], inputs: GatewayInputs, context: Context
    ) -> GatewayOutputs:
        """Start it again if it is stopped, or if it may have been started with what somebody edited."""
        processes = Processes(StackDir(Path(inputs.stack_dir)))
        record = processes.record(id)
        if record is None:
            raise Failed(f"gateway {id} is gone; run `pulumi refresh`, then `pulumi up`")
        if not last.inputs.in_force:
            processes.stop(id)
        return _outputs(inputs, _start(inputs, record.token, context))

    def delete(self, id: str, last: Instance[GatewayInputs, GatewayOutputs], context: Context) -> None:
        """Stop Envoy; with the last process the stack's folder goes too."""
        Processes(StackDir(Path(last.inputs.stack_dir))).remove(id)


def _start(inputs: GatewayInputs, token: str, context: Context) -> Record:
    stack = StackDir(Path(inputs.stack_dir))
    processes, gateway = Processes(stack), runtime.Gateway(stack)
    try:
        record = processes.start(
            runtime.process_spec(inputs.port),
            context.owner,
            token,
            lambda given: gateway.prepare(given["gateway"], _limits(inputs), _collector(inputs)),
        )
        wait_until_ready(processes, record, gateway.is_live, START_SECONDS, context)
    except (Failed, SeldonInfraError, OSError) as error:
        raise Failed(str(error)) from error
    return record


def _limits(inputs: GatewayInputs) -> Limits:
    return Limits(**dict(inputs.limits))


def _collector(inputs: GatewayInputs) -> Collector | None:
    return Collector(**dict(inputs.tracing)) if inputs.tracing else None


def _is_ours(inputs: GatewayInputs) -> bool:
    records = Processes(StackDir(Path(inputs.stack_dir))).all()
    return any(record.ports.get("gateway") == inputs.port for record in records)


def _require_free(port: int) -> None:
    if holder := ports.holder(port):
        said = f"{port} belongs to {holder}; take that stack down or set another gateway_port"
        raise Refused(Problem("port", said))
    if not ports.is_free(port):
        raise Refused(Problem("port", f"{port} is in use on 127.0.0.1; free it or set another gateway_port"))


def _outputs(inputs: GatewayInputs, record: Record) -> GatewayOutputs:
    return GatewayOutputs(**dict(inputs), address=f"127.0.0.1:{record.ports.get('gateway', 0)}")
