"""``seldon:cluster:Rollout``: brings the spec of a SeldonDeployment to what is declared, in steps.

The object is another resource's, the Kubernetes provider's, which makes it and deletes it and from then on ignores its
spec; so a rollout can be declared for a deployment that runs, and taken away again, and nothing is replaced.

Every command on a cluster loads this, few of them for a rollout: what it takes is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.problems import ARROW
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Problem, Refused, Resource
from seldon_infra.resources.cluster_rollout import CLUSTER_ROLLOUT, ClusterRolloutInputs, ClusterRolloutOutputs

if TYPE_CHECKING:
    from seldon_infra.provider.cluster.written import Written

T = TypeVar("T")
Found = Instance[ClusterRolloutInputs, ClusterRolloutOutputs]


class Rollout(Resource[ClusterRolloutInputs, ClusterRolloutOutputs]):
    """The spec of one SeldonDeployment."""

    type = CLUSTER_ROLLOUT
    replace_on = frozenset({"namespace", "name"})

    def check(self, inputs: ClusterRolloutInputs, context: Context) -> ClusterRolloutInputs:
        """Refuse gates whose file is not there, and say what they will leave out."""
        from seldon_infra.provider.holding import require_files

        require_files(inputs.rollout)
        if said := not_asked_over_grpc(inputs):
            context.warn(said)
        return inputs

    def check_change(self, last: ClusterRolloutInputs, inputs: ClusterRolloutInputs, context: Context) -> None:
        """Refuse what two versions side by side cannot be, and say in which steps a change arrives."""
        from seldon_infra.provider.cluster.steps import speaks, told

        before, after = speaks(last.spec), speaks(inputs.spec)
        different = [name for name, value in after.items() if value != before[name]]
        if different:
            (name, *_) = different
            said = (
                f"{before[name]} → {after[name]}: both versions answer the same clients, so it cannot change in steps"
            )
            raise Refused(Problem(f"spec.{name}", f"{said}; remove rollout for this change"))
        if steps := told(last.spec, inputs.spec, inputs.rollout.steps):
            context.progress(steps)

    def create(self, inputs: ClusterRolloutInputs, context: Context) -> Created[ClusterRolloutOutputs]:
        """Take over the spec of the object, and bring it to what is declared where it is not that."""
        _go(inputs, context)
        return Created(f"{inputs.namespace}/{inputs.name}", ClusterRolloutOutputs(**dict(inputs)))

    def find(self, inputs: ClusterRolloutInputs, context: Context) -> Iterable[Found]:
        """The object notes how far it is: to create this again is to go on."""
        return ()

    def read(self, id: str, last: Found | None, context: Context) -> Found | None:
        """What is there in the place of what is declared."""
        from seldon_infra.clusters.stepped import seen

        if last is None:
            raise Failed("a rollout cannot be imported; declare it with the deployment")
        found = _told(lambda: _written(last.inputs).found())
        if found is None:
            return None
        spec = seen(last.inputs.spec, found["spec"])
        return Instance(
            id, last.inputs.model_copy(update={"spec": spec}), last.outputs.model_copy(update={"spec": spec})
        )

    def update(self, id: str, last: Found, inputs: ClusterRolloutInputs, context: Context) -> ClusterRolloutOutputs:
        """Bring the spec to what is declared, step by step; no request fails."""
        _go(inputs, context)
        return ClusterRolloutOutputs(**dict(inputs))

    def delete(self, id: str, last: Found, context: Context) -> None:
        """Leave the spec to the Kubernetes provider."""
        _told(lambda: _written(last.inputs).leave())


def not_asked_over_grpc(inputs: ClusterRolloutInputs) -> str:
    """Say which predictors a smoke gate asks over REST alone, though they serve gRPC as well; nothing where none."""
    from seldon_infra.clusters.gates import transports
    from seldon_infra.clusters.stepped import listed

    protocol, transport = str(inputs.spec.get("protocol", "seldon")), inputs.spec.get("transport")
    usual = transports(protocol, transport, has_certificate=False)
    certified = [str(it["name"]) for it in listed(inputs.spec) if it.get("ssl")]
    if not certified or not inputs.rollout.calls_over_grpc(usual) or "rest" not in usual:
        return ""
    names = " and ".join(f"'{name}'" for name in certified)
    fix = "remove ssl to have both asked, and leave TLS between pods to the mesh"
    return (
        f"SeldonDeployment '{inputs.name}'{ARROW}rollout: its smoke gate asks predictor {names} over REST alone, not "
        f"over gRPC: gates trust no certificate, and ssl gives it one; {fix}"
    )


def _go(inputs: ClusterRolloutInputs, context: Context) -> None:
    from seldon_infra.clusters.rollouts import Patience
    from seldon_infra.provider.cluster.steps import Steps

    patience = Patience(inputs.ready_seconds, inputs.node_seconds)
    _told(lambda: Steps(_written(inputs), inputs, context, patience).go())


def _written(inputs: ClusterRolloutInputs) -> Written:
    from seldon_infra.clusters.live import cluster
    from seldon_infra.provider.cluster.written import Written

    return Written(cluster(inputs.context, inputs.kubeconfig), inputs.namespace, inputs.name)


def _told(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except SeldonInfraError as error:
        raise Failed(str(error)) from error
