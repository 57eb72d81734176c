"""A deployment behind an ingress: what the ingress says for all is filled in where the deployment says nothing.

So is who may call: the ingress's namespace takes the place of the usual ones.

Seldon's operator writes the routes and reads a deployment's annotations for them, so that is the only place where a
request's time and further attempts can be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.graph.render_objects import policy_of
from seldon_infra.graph.spec import AmbassadorRoute, IstioRoute, SeldonDeployment, Timeouts
from seldon_infra.ingress.spec import Ambassador, Istio

if TYPE_CHECKING:
    from seldon_infra.core.model import Spec

ISTIOD_NAMESPACE = "istio-system"
"""Where istiod is, whatever the gateway's namespace: its charts' own."""


def behind(ingress: Istio | Ambassador, deployment: SeldonDeployment) -> SeldonDeployment:
    """Fill in a deployment's annotations and its callers by what the ingress says for all."""
    filled = _istio(ingress, deployment) if isinstance(ingress, Istio) else _ambassador(ingress, deployment)
    return deployment.model_copy(update={**filled, **_callers(ingress, deployment)})


def _callers(ingress: Istio | Ambassador, deployment: SeldonDeployment) -> dict[str, Any]:
    """Let the ingress's own namespace call in the place of the usual ones; sidecars go on asking istiod."""
    policy = policy_of(deployment)
    if policy is None or "ingress_namespaces" in policy.model_fields_set:
        return {}
    istiod = (ISTIOD_NAMESPACE,) if isinstance(ingress, Istio) else ()
    names = tuple(dict.fromkeys((ingress.namespace, *istiod)))
    return {"network_policy": _with(policy, ingress_namespaces=names)}


def _istio(istio: Istio, deployment: SeldonDeployment) -> dict[str, Any]:
    if istio.retries is None:
        return {}
    own = deployment.istio or IstioRoute()
    if own.retries is not None:
        return {}
    return {"istio": _with(own, retries=istio.retries.attempts, retries_timeout=istio.retries.per_try)}


def _ambassador(ambassador: Ambassador, deployment: SeldonDeployment) -> dict[str, Any]:
    """Without a timeout the operator writes 3 s into each Mapping, which goes before the Module's."""
    filled: dict[str, Any] = {}
    request = ambassador.timeouts.request if ambassador.timeouts else None
    own = deployment.timeouts or Timeouts()
    if request is not None and own.rest is None:
        filled["timeouts"] = _with(own, rest=request)
    route = deployment.ambassador or AmbassadorRoute()
    if ambassador.id is not None and route.id is None:
        filled["ambassador"] = _with(route, id=ambassador.id)
    return filled


def _with(spec: Spec, **fields: Any) -> Spec:
    return spec.model_copy(update={name: value for name, value in fields.items() if value is not None})
