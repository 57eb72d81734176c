"""Rules about a cluster's operator and ingress together with the deployments of a stack; nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.eks.spec import ExistingCluster
from seldon_infra.ingress import check as ingress_rules
from seldon_infra.ingress.spec import Ambassador, Istio
from seldon_infra.monitoring import check as monitoring_rules
from seldon_infra.seldon_core import check as core_rules
from seldon_infra.seldon_core.catalogue import Versions, problems
from seldon_infra.targets.wanted_models import models_of
from seldon_infra.tracing import check as tracing_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.wanted_models import WantedModel


def check_platform(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find what is wrong with operator and ingress, and deployments that do not go with them."""
    core, ingress = target.seldon_core, target.ingress
    found = [*core_rules.check(core), *core_rules.check_together(core, deployments)]
    if ingress is not None:
        found += [*ingress_rules.check(ingress), *ingress_rules.check_together(ingress, deployments)]
    found += monitoring_rules.check(target.monitoring, deployments)
    found += [*tracing_rules.check_on_cluster(target.tracing), *_mesh_has_the_provider(target)]
    if target.payloads is not None or any(each.rollout and each.rollout.mirrors for each in deployments):
        from seldon_infra.payload_log import check as log_rules

        found += log_rules.check(target.payloads, deployments) if target.payloads else []
        found += log_rules.gates_find_requests(target.payloads, deployments)
    found += _proxies_are_admitted(target)
    found += _cluster_is_right(target)
    found += [*_bound_is_a_size(target), *_signatures_are_verified(target, deployments)]
    return [*found, *(problem.within("Kubernetes") for problem in problems(declared_versions(target)))]


def _cluster_is_right(target: Kubernetes) -> Iterator[Problem]:
    """There is one way to the cluster, and one that is made can be."""
    if target.cluster is None:
        return
    # A cluster that is only reached breaks none of these rules, and waits for none of them to load.
    from seldon_infra.eks.check import check, check_existing

    for field in ("context", "kubeconfig"):
        if getattr(target, field) is not None:
            fix = f"remove {field}" + (f", or write ExistingCluster({field}=…)" if _is_there(target) else "")
            yield Problem("Kubernetes", f"both cluster and {field} are set", "must be one of them", fix)
    found = check_existing(target.cluster) if isinstance(target.cluster, ExistingCluster) else check(target.cluster)
    yield from found


def _bound_is_a_size(target: Kubernetes) -> Iterator[Problem]:
    """A bound that is none bounds nothing."""
    size = parse_quantity(target.judged_up_to)
    if size is None or size < 0:
        got, want = f"judged_up_to '{target.judged_up_to}'", "must be a quantity of bytes"
        yield Problem("Kubernetes", got, want, "write judged_up_to='1Gi'")


def _signatures_are_verified(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """A cluster looks at no signature; the live checks do."""
    return unverified(target, (it for each in deployments for it in models_of(each)))


def unverified(target: Kubernetes, models: Iterable[WantedModel]) -> Iterator[Problem]:
    """Give a problem for each signature that nobody would look at."""
    for it in models if target.live_checks == "skip" else ():
        if it.signed_by is not None:
            got, want = f"signed_by '{it.signed_by}' with live_checks='skip'", "must be verified by somebody"
            yield Problem(it.path, got, want, "remove signed_by, or write live_checks='warn'")


def _is_there(target: Kubernetes) -> bool:
    return isinstance(target.cluster, ExistingCluster)


def _proxies_are_admitted(target: Kubernetes) -> Iterator[Problem]:
    """Istio's proxy comes with an init container that sets up the pod's network, unless Istio's CNI does that.

    Source: pilot.cni.enabled of chart istiod 1.30.3; ``add: NET_ADMIN`` of its injection template.
    """
    ingress = target.ingress
    if target.pod_security is None or not isinstance(ingress, Istio) or ingress.existing or not ingress.mtls:
        return
    pilot: Any = ingress.values.get("istiod", {}).get("pilot", {})
    if not (isinstance(pilot, dict) and pilot.get("cni", {}).get("enabled")):
        got = f"pod_security='{target.pod_security}' with Istio's proxies in {', '.join(map(repr, ingress.mtls))}"
        want = "must not have them set up the network by themselves: the level refuses NET_ADMIN"
        fix = "install Istio's CNI and write Istio(values={'istiod': {'pilot': {'cni': {'enabled': True}}}})"
        yield Problem("Kubernetes", got, want, fix)


def _mesh_has_the_provider(target: Kubernetes) -> Iterator[Problem]:
    """A Telemetry names a provider of the mesh's; one that Istio's charts are not told of is nobody."""
    tracing, ingress, path = target.tracing, target.ingress, f"Kubernetes{ARROW}tracing{ARROW}istio_provider"
    if tracing is None or (name := tracing.istio_provider) is None:
        return
    if not isinstance(ingress, Istio):
        yield Problem(path, repr(name), "must be with Istio as the ingress", "write ingress=Istio(…), or remove it")
        return
    mesh: Any = ingress.values.get("istiod", {}).get("meshConfig", {})
    providers = mesh.get("extensionProviders") if isinstance(mesh, dict) else None
    if not ingress.existing and not any(isinstance(it, dict) and it.get("name") == name for it in providers or ()):
        address = urlsplit(tracing.otlp_endpoint)
        entry = {"name": name, "opentelemetry": {"service": address.hostname, "port": address.port}}
        fix = f"write Istio(values={{'istiod': {{'meshConfig': {{'extensionProviders': [{entry}]}}}}}})"
        yield Problem(path, repr(name), "must be a provider that istiod is told of", fix)


def declared_versions(target: Kubernetes) -> Versions:
    """Give the versions that a stack itself installs: hold them against what a live cluster has, as well."""
    core, ingress = target.seldon_core, target.ingress
    installed = None if ingress is None or ingress.existing else ingress.version
    return Versions(
        seldon=None if core.existing else core.version,
        istio=installed if isinstance(ingress, Istio) else None,
        emissary=installed if isinstance(ingress, Ambassador) else None,
    )
