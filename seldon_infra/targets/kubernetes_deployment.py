"""One deployment on a cluster: its manifests, valid before anything of it is made, and the wait for its rollout."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.clusters.ingress_address import find_ingress
from seldon_infra.clusters.live import require_client
from seldon_infra.clusters.rollouts import Patience, Rollouts, in_thread
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.model import pending
from seldon_infra.graph.call import PLACEHOLDER
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.component import ClusterDeployment, Manifests, Steps
from seldon_infra.graph.manifest import KIND
from seldon_infra.graph.render import STACK_MARK, seldon_deployment
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.targets.later import Gate, after, rendered, when_all, when_known, when_valid
from seldon_infra.targets.live_checks import stack_mark
from seldon_infra.targets.stepped import rollout, rollout_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seldon_infra.clusters.live import Cluster
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.model_contents import Contents
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.way import Way

WRITTEN_BESIDE_STEPS = 5
"""How often the operator is waited for beside the steps: an earlier change given up, the start, and the three after."""
STEPPED = "seldon-infra/stepped"
"""Annotation of an object whose spec a rollout writes: with it goes the rollout, and the spec is written at once."""


class ClusterRollouts:
    """Everything that a program waits for on one cluster; an error is told in the user's words alone.

    Raises:
        PartNotFound: what it takes to ask a cluster is not installed; better said now than when all is applied.
    """

    def __init__(self, target: Kubernetes, way: Way, project: Path) -> None:
        require_client()
        self._target, self._way, self._project = target, way, project
        self._cluster: Cluster | None = None
        self._ingress: asyncio.Task[str | None] | None = None
        patience = Patience(target.ready_timeout_seconds, target.node_timeout_seconds)
        self._rollouts = Rollouts(self._connect, patience)

    def deployed(
        self,
        deployment: SeldonDeployment,
        base_url: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        contents: Contents | None = None,
    ) -> ClusterDeployment:
        """Declare one deployment.

        Args:
            deployment: what is declared.
            base_url: address of the ingress that leads to it; None looks it up.
            opts: its provider, and what has to be there first.
            contents: what is known of its models' contents, once they have been looked at.
        """
        wait = self._look_up if base_url is None else self._wait
        return ClusterDeployment(
            deployment, manifests(deployment, contents), wait, base_url, opts, self._steps(deployment)
        )

    def _steps(self, deployment: SeldonDeployment) -> Steps | None:
        """Give how a change of a deployment arrives, where it is to come in steps."""
        declared = deployment.rollout
        if declared is None:
            return None
        ready, node = self._target.ready_timeout_seconds, self._target.node_timeout_seconds
        inputs = {"rollout": rollout(declared, str(self._project)), "ready_seconds": ready, "node_seconds": node}
        if self._target.payloads is not None and declared.mirrors:
            from seldon_infra.payload_log.render import requests_of

            inputs["requests"] = requests_of(self._target.payloads)
        written = len(declared.steps) + WRITTEN_BESIDE_STEPS
        return Steps({**inputs, **self._way.place}, rollout_seconds(declared) + written * ready)

    async def _wait(self, resource: pulumi.Resource, namespace: str, name: str) -> str:
        def tell(text: str) -> None:
            pulumi.log.info(text, resource, ephemeral=True)

        try:
            await self._rollouts.available(namespace, name, tell)
        except SeldonInfraError as error:
            raise pulumi.RunError(str(error)) from None
        return PLACEHOLDER

    async def _look_up(self, resource: pulumi.Resource, namespace: str, name: str) -> str:
        """Wait, then give the ingress's address; where it has none, a placeholder stands for it."""
        await self._wait(resource, namespace, name)
        found = None
        try:
            found = await self._find_ingress()
        except SeldonInfraError as error:
            pulumi.log.warn(f"the address of the ingress was not found: {error}", resource)
        if found is None:
            said = "no usual ingress has a load balancer's address; write Kubernetes(ingress_url='https://…')"
            pulumi.log.info(f"SeldonDeployment '{name}': {said}", resource)
        return found or PLACEHOLDER

    async def _find_ingress(self) -> str | None:
        """Ask for the ingress's address: those who want it at the same time ask once, and once found, it stays."""
        if self._ingress is None or (self._ingress.done() and not _found(self._ingress)):
            self._ingress = asyncio.ensure_future(in_thread(lambda: find_ingress(self._connect())))
        return await self._ingress

    def _connect(self) -> Cluster:
        self._cluster = self._cluster or self._way.connect()
        return self._cluster


def _found(asked: asyncio.Task[str | None]) -> bool:
    return asked.exception() is None and asked.result() is not None


def manifests(deployment: SeldonDeployment, contents: Contents | None = None) -> Manifests:
    """Render what a deployment is made of; none of it is made before all of it is known, valid and looked at."""
    custom = _marked(rendered(deployment, check_cluster, seldon_deployment), deployment)
    looked = contents.judged(deployment.name) if contents else None
    rolled = contents.of_deployment(deployment, custom) if contents else custom
    fit = when_all([when_valid(deployment, check_cluster), looked])
    return {kind: named_after(fit, each) for kind, each in {**_own(deployment), KIND: rolled}.items()}


def _marked(manifest: dict[str, Any], deployment: SeldonDeployment) -> dict[str, Any]:
    """Let another stack see whose an object is, and have its own provider write it anew when it gets the spec back."""
    metadata = manifest["metadata"]
    by_steps = {STEPPED: "true"} if deployment.rollout else {}
    annotations = {**metadata.get("annotations", {}), STACK_MARK: stack_mark(), **by_steps}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def named_after(fit: Gate | None, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give a manifest whose object is made only once something has come."""
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "name": after(fit, metadata["name"])}}


def _own(deployment: SeldonDeployment) -> dict[str, dict[str, Any]]:
    """The deployment's own objects; what follows from values of later comes out of the whole once that is known."""
    own = own_objects(deployment)
    if not pending(deployment):
        return own
    whole = when_known(deployment, check_cluster).apply(own_objects)
    if "Secret" in own:
        own["Secret"]["stringData"] = whole.apply(lambda made: made["Secret"]["stringData"])
    if "NetworkPolicy" in own:
        # It holds names of namespaces and ports, none of which is the secret that it was known with.
        own["NetworkPolicy"]["spec"] = pulumi.Output.unsecret(whole.apply(lambda made: made["NetworkPolicy"]["spec"]))
    return own
