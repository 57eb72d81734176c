"""``seldon:aws:EksEmptied``: a destroy's waiting, between what runs on a cluster and what runs the cluster.

Nothing stands for it in AWS. It comes after all parts of a cluster and before what lands there, so it goes in between:
Services and claims are gone, and what removes their load balancers and volumes still runs. Who takes that away first
leaves load balancers that nobody removes, and a network that can't be.
"""

from __future__ import annotations

import time

from seldon_infra.provider.aws.api import Api
from seldon_infra.provider.aws.eks.waiting import elapsed
from seldon_infra.provider.aws.offspring import Offspring, of_cluster
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource, TimedOut
from seldon_infra.resources.aws_eks_emptied import EKS_EMPTIED, EksEmptiedInputs, EksEmptiedOutputs

_VOLUME_SECONDS = 180.0
"""How long volumes alone are waited for: nothing tells those that are meant to stay from those on their way."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 10.0


class EksEmptied(Resource[EksEmptiedInputs, EksEmptiedOutputs]):
    """The end of what a cluster made by itself."""

    type = EKS_EMPTIED
    replace_on = frozenset({"region", "cluster_name"})
    timeout = 900.0

    def create(self, inputs: EksEmptiedInputs, context: Context) -> Created[EksEmptiedOutputs]:
        """Nothing is made."""
        return Created(f"{inputs.region}/{inputs.cluster_name}", EksEmptiedOutputs(**dict(inputs)))

    def update(
        self, id: str, last: Instance[EksEmptiedInputs, EksEmptiedOutputs], inputs: EksEmptiedInputs, context: Context
    ) -> EksEmptiedOutputs:
        """Nothing is changed."""
        return EksEmptiedOutputs(**dict(inputs))

    def delete(self, id: str, last: Instance[EksEmptiedInputs, EksEmptiedOutputs], context: Context) -> None:
        """Wait until load balancers, machines and volumes are gone; whoever may not look does not wait."""
        try:
            self._wait(Api(last.inputs.region, context), last.inputs.cluster_name, context)
        except AwsError as error:
            if error.kind is not Kind.DENIED:
                raise
            context.warn(
                f"load balancers and volumes of cluster {last.inputs.cluster_name} are not waited for: {error}"
            )

    def _wait(self, api: Api, cluster: str, context: Context) -> None:
        began, left = time.monotonic(), Offspring((), ())

        def gone() -> bool:
            nonlocal left
            for service in ("elb", "elbv2", "ec2"):
                api.fresh(service)
            left, waited = of_cluster(api, cluster), time.monotonic() - began
            if left.blocking or (left.volumes and waited < _VOLUME_SECONDS):
                context.progress(f"cluster {cluster} still has {left}, {elapsed(waited)}")
                return False
            return True

        try:
            pauses = {"every": _FIRST_PAUSE_SECONDS, "at_most": _LONGEST_PAUSE_SECONDS}
            context.wait_for(f"load balancers and volumes of cluster {cluster} to go", gone, **pauses)
        except TimedOut:
            if left.blocking:
                raise Failed(_blocked(cluster, left, context)) from None


def _blocked(cluster: str, left: Offspring, context: Context) -> str:
    return (
        f"cluster {cluster} has made what is there after {elapsed(context.timeout)}: {left}; remove the Services, "
        "Ingresses and claims that it is for, or delete it in AWS, and run it again: before that the cluster stays"
    )
