"""``seldon:cluster:Definitions``: custom resource definitions that a chart leaves behind go with the stack.

Helm never deletes what a chart keeps in its folder ``crds/`` or marks as kept, since every object of a definition goes
with it. So this looks first: what was there before the stack stays, and so does what somebody has objects of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from seldon_infra.clusters.live import Cluster, cluster
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.resources.cluster_definitions import DEFINITIONS, DefinitionsInputs, DefinitionsOutputs

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GONE, ERRORS = 404, 400


class Definitions(Resource[DefinitionsInputs, DefinitionsOutputs]):
    """The definitions of some API groups that come after this."""

    type = DEFINITIONS

    def create(self, inputs: DefinitionsInputs, context: Context) -> Created[DefinitionsOutputs]:
        """Note which are there already."""
        found = [each["metadata"]["name"] for each in _definitions(_cluster(inputs), inputs.groups)]
        return Created(context.name, DefinitionsOutputs(**dict(inputs), before=tuple(sorted(found))))

    def find(
        self, inputs: DefinitionsInputs, context: Context
    ) -> Iterable[Instance[DefinitionsInputs, DefinitionsOutputs]]:
        """Nothing is made, so nothing can be found."""
        return ()

    def update(
        self,
        id: str,
        last: Instance[DefinitionsInputs, DefinitionsOutputs],
        inputs: DefinitionsInputs,
        context: Context,
    ) -> DefinitionsOutputs:
        """Keep what was noted: what came since then came by this stack."""
        return DefinitionsOutputs(**dict(inputs), before=last.outputs.before)

    def delete(self, id: str, last: Instance[DefinitionsInputs, DefinitionsOutputs], context: Context) -> None:
        """Take away those that came since and that nobody has objects of."""
        at = _cluster(last.inputs)
        for definition in _definitions(at, last.inputs.groups):
            name = definition["metadata"]["name"]
            if name in last.outputs.before:
                continue
            if _has_objects(at, definition):
                context.warn(f"definition '{name}' stays: there are objects of it; delete them, then it, with kubectl")
                continue
            status, said = _sent(at, f"{PATH}/{name}")
            if status >= ERRORS and status != GONE:
                raise Failed(f"definition '{name}' is not deleted: {said}")


def _cluster(inputs: DefinitionsInputs) -> Cluster:
    try:
        return cluster(inputs.context, inputs.kubeconfig)
    except SeldonInfraError as error:
        raise Failed(str(error)) from error


def _definitions(at: Cluster, groups: Iterable[str]) -> list[Mapping[str, Any]]:
    found = _got(at, PATH, "the custom resource definitions")["items"]
    return [each for each in found if each["spec"]["group"] in groups]


def _has_objects(at: Cluster, definition: Mapping[str, Any]) -> bool:
    spec = definition["spec"]
    (stored,) = [version["name"] for version in spec["versions"] if version["storage"]]
    path = f"/apis/{spec['group']}/{stored}/{spec['names']['plural']}?limit=1"
    return bool(_got(at, path, f"objects of '{definition['metadata']['name']}'")["items"])


def _got(at: Cluster, path: str, what: str) -> Mapping[str, Any]:
    try:
        return at.get(path, what)
    except SeldonInfraError as error:
        raise Failed(str(error)) from error


def _sent(at: Cluster, path: str) -> tuple[int, str]:
    try:
        return at.send("DELETE", path)
    except SeldonInfraError as error:
        raise Failed(str(error)) from error
