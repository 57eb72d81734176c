"""``seldon:local:Route``: a deployment's route, changed in place by files that Envoy takes over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.ingress.routes import Backend
from seldon_infra.ingress.routes import Route as Way
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.provider.holding import require_files
from seldon_infra.provider.local.rollout import Change, forget, roll_out
from seldon_infra.resources.local_route import ROUTE, RouteInputs, RouteOutputs
from seldon_infra.resources.rollout import RolloutInputs
from seldon_infra.runtime.gateway import Gateway
from seldon_infra.runtime.stack_dir import StackDir


class Route(Resource[RouteInputs, RouteOutputs]):
    """One deployment's entry in the gateway's files."""

    type = ROUTE
    replace_on = frozenset({"stack_dir", "namespace", "name"})

    def check(self, inputs: RouteInputs, context: Context) -> RouteInputs:
        """Refuse gates whose file is not there: better said now than at a step."""
        require_files(inputs.rollout)
        return inputs

    def create(self, inputs: RouteInputs, context: Context) -> Created[RouteOutputs]:
        """Let the gateway follow the route; what was there under the name is switched over."""
        _put(inputs)
        return Created(f"{inputs.namespace}/{inputs.name}", _outputs(inputs))

    def find(self, inputs: RouteInputs, context: Context) -> Iterable[Instance[RouteInputs, RouteOutputs]]:
        """The route is its own mark: setting it again is the same as finishing it."""
        return ()

    def read(
        self, id: str, last: Instance[RouteInputs, RouteOutputs] | None, context: Context
    ) -> Instance[RouteInputs, RouteOutputs] | None:
        """Whether the gateway's files still say what was declared."""
        if last is None:
            raise Failed("a route cannot be imported; declare it, and the gateway follows it")
        gateway = _gateway(last.inputs)
        if gateway.route(last.inputs.namespace, last.inputs.name) is None:
            return None
        in_force = gateway.in_force(_way(last.inputs))
        return Instance(id, last.inputs.model_copy(update={"in_force": in_force}), last.outputs)

    def update(
        self, id: str, last: Instance[RouteInputs, RouteOutputs], inputs: RouteInputs, context: Context
    ) -> RouteOutputs:
        """Switch over to the new route, at once or step by step; no request fails."""
        if inputs.rollout is None:
            _put(inputs)
        else:
            _roll_out(last.inputs, inputs, inputs.rollout, context)
        return _outputs(inputs)

    def delete(self, id: str, last: Instance[RouteInputs, RouteOutputs], context: Context) -> None:
        """Take the route away."""
        forget(_gateway(last.inputs), _way(last.inputs))
        _gateway(last.inputs).remove(last.inputs.namespace, last.inputs.name, last.inputs.drain_seconds)


def _put(inputs: RouteInputs) -> None:
    gateway = _gateway(inputs)
    try:
        gateway.put(_way(inputs), inputs.drain_seconds)
    except (SeldonInfraError, OSError) as error:
        raise Failed(str(error)) from error


def _roll_out(last: RouteInputs, inputs: RouteInputs, rollout: RolloutInputs, context: Context) -> None:
    change = Change(_way(last), _way(inputs))
    try:
        roll_out(_gateway(inputs), change, rollout, inputs.drain_seconds, context)
    except (SeldonInfraError, OSError) as error:
        raise Failed(str(error)) from error


def _gateway(inputs: RouteInputs) -> Gateway:
    return Gateway(StackDir(Path(inputs.stack_dir)))


def _way(inputs: RouteInputs) -> Way:
    return Way(
        namespace=inputs.namespace,
        name=inputs.name,
        protocol=inputs.protocol,
        backends=tuple(Backend(p.name, p.weight, p.shadow, p.rest, p.grpc) for p in inputs.predictors),
        models=tuple(inputs.models),
        transports=tuple(inputs.transports),
        orchestrated=inputs.orchestrated,
        sticky_header=inputs.sticky_header,
        rest_seconds=inputs.rest_seconds,
        grpc_seconds=inputs.grpc_seconds,
        max_in_flight=inputs.max_in_flight,
        page=inputs.page,
        openapi=inputs.openapi,
        streams=inputs.streams,
    )


def _outputs(inputs: RouteInputs) -> RouteOutputs:
    url = f"http://{inputs.gateway}/seldon/{inputs.namespace}/{inputs.name}"
    return RouteOutputs(**dict(inputs), url=url, grpc_endpoint=inputs.gateway)
