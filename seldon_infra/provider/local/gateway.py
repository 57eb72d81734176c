"""``seldon:local:Gateway``: the stack's Envoy, one per stack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.ingress.spec import Limits
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Problem, Refused, Resource
from seldon_infra.resources.local_gateway import GATEWAY, GatewayInputs, GatewayOutputs
from seldon_infra.runtime import gateway as runtime
from seldon_infra.runtime import ports
from seldon_infra.runtime.processes import Processes, Record
from seldon_infra.runtime.stack_dir import StackDir

START_SECONDS = 30.0


class Gateway(Resource[GatewayInputs, GatewayOutputs]):
    """Envoy under the stack's supervisor."""

    type = GATEWAY
    replace_on = frozenset({"stack_dir", "port", "limits"})
    delete_before_replace = True

    def check(self, inputs: GatewayInputs, context: Context) -> GatewayInputs:
        """Refuse a port that somebody else holds, before anything is changed."""
        if inputs.port is not None and not ports.is_free(inputs.port) and not _is_ours(inputs):
            raise Refused(Problem("port", f"{inputs.port} is in use on 127.0.0.1; free it or set another gateway_port"))
        return inputs

    def create(self, inputs: GatewayInputs, context: Context) -> Created[GatewayOutputs]:
        """Start Envoy and wait until it is live."""
        stack = StackDir(Path(inputs.stack_dir))
        processes, gateway = Processes(stack), runtime.Gateway(stack)
        limits = Limits(**dict(inputs.limits))
        try:
            record = processes.start(
                runtime.process_spec(inputs.port),
                context.owner,
                context.token,
                lambda given: gateway.prepare(given["gateway"], limits),
            )
            context.wait_for("the gateway to be live", gateway.is_live)
        except (Failed, SeldonInfraError, OSError) as error:
            raise Failed(str(error)) from error
        return Created(record.id, _outputs(inputs, record))

    def find(self, inputs: GatewayInputs, context: Context) -> Iterable[Instance[GatewayInputs, GatewayOutputs]]:
        """The gateway that a killed run may have started."""
        processes = Processes(StackDir(Path(inputs.stack_dir)))
        for record in processes.all():
            if record.owner == context.owner:
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
        """Whether it is up."""
        if last is None:
            raise Failed("a gateway cannot be imported; declare it, and it is started")
        processes = Processes(StackDir(Path(last.inputs.stack_dir)))
        record = processes.record(id)
        if record is None:
            return None
        inputs = last.inputs.model_copy(update={"running": processes.state(id).wanted})
        return Instance(id, inputs, last.outputs, record.token, processes.settled(id))

    def update(
        self, id: str, last: Instance[GatewayInputs, GatewayOutputs], inputs: GatewayInputs, context: Context
    ) -> GatewayOutputs:
        """Start a stopped gateway again."""
        stack = StackDir(Path(inputs.stack_dir))
        Processes(stack).restart(id)
        context.wait_for("the gateway to be live", runtime.Gateway(stack).is_live)
        return last.outputs

    def delete(self, id: str, last: Instance[GatewayInputs, GatewayOutputs], context: Context) -> None:
        """Stop Envoy; with the last process the stack's folder goes too."""
        Processes(StackDir(Path(last.inputs.stack_dir))).remove(id)


def _is_ours(inputs: GatewayInputs) -> bool:
    records = Processes(StackDir(Path(inputs.stack_dir))).all()
    return any(record.ports.get("gateway") == inputs.port for record in records)


def _outputs(inputs: GatewayInputs, record: Record) -> GatewayOutputs:
    return GatewayOutputs(**dict(inputs), address=f"127.0.0.1:{record.ports.get('gateway', 0)}")
