"""Asks a cluster what the checks want to know: few requests, all at once, and never longer than a few seconds.

What was refused, or not answered in time, is noted as skipped with the right that is missing; it is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from seldon_infra.clusters import read_facts
from seldon_infra.clusters.facts import Facts, Namespace, Skipped
from seldon_infra.clusters.in_time import in_time
from seldon_infra.clusters.live import JSON, Cluster, cluster
from seldon_infra.core.errors import ClusterNotReached, NotFound, NotPermitted, SeldonInfraError
from seldon_infra.graph.manifest import GROUP, KIND, PLURAL

LOGIN_SECONDS = 10.0
"""To load Kubernetes' client and to log in, which may run a command such as EKS'."""
FIRST_ANSWER_SECONDS = 3.0
ALL_ANSWERS_SECONDS = 5.0
KINDS = {
    KIND: f"/apis/{GROUP}/v1/namespaces/{{}}/{PLURAL}",
    "Service": "/api/v1/namespaces/{}/services",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
}
"""Objects that a deployment is made of, whose names somebody else may have taken."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_ALL_GROUPS = f"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{JSON}"
_OPERATOR = "/apis/apps/v1/deployments?labelSelector=control-plane%3Dseldon-controller-manager"
_ISTIOD = "/apis/apps/v1/deployments?labelSelector=app%3Distiod"
"""Label and container: istio-discovery/templates/deployment.yaml of istio/istio."""
_EMISSARY = (
    "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%20in%20%28emissary-ingress%2Cambassador%29"
)
"""Label and container: emissary-ingress/templates/deployment.yaml of emissary-ingress/emissary."""
_DEFINITION = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{PLURAL}.{GROUP}"
_GATEWAYS = "/apis/networking.istio.io/v1beta1/gateways"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_AUTOSCALER = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"

Key = tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What the checks of some deployments want to know beside what they always do."""

    namespaces: tuple[str, ...] = ()
    storage_classes: bool = False
    rights_in: tuple[str, ...] = ()
    """Further namespaces, of which only rights are worth knowing."""


@dataclass(frozen=True)
class _Question:
    path: str
    check: str
    """What is not checked without the answer."""
    right: str
    """The right that it takes, in Kubernetes' words."""
    read: Callable[[Mapping[str, Any]], Any]
    absent: Any = None
    """What it means that the path is not there."""
    accept: str = JSON
    review: Mapping[str, Any] | None = None
    """What is posted; None asks for what is there."""


def survey(context: str | None, kubeconfig: str | None, wanted: Wanted) -> Facts:
    """Ask the cluster of a kubeconfig; where nothing can be asked, the only fact is why.

    Args:
        context: a context of the kubeconfig; None takes its current one.
        kubeconfig: path of the kubeconfig; None takes ``$KUBECONFIG``'s.
        wanted: what the deployments make worth knowing.
    """
    name = context or "of the current context"
    there = in_time({"": partial(cluster, context, kubeconfig)}, LOGIN_SECONDS)[""]
    if isinstance(there, Exception):
        return Facts(name, skipped=(Skipped("", _why(there, f"logging in took over {LOGIN_SECONDS:g} s")),))
    alive = partial(there.get, "/version", "its version", seconds=FIRST_ANSWER_SECONDS)
    answer = in_time({"": alive}, FIRST_ANSWER_SECONDS)[""]
    # Who may not even ask for the version has been answered; the other questions say which rights are missing.
    if isinstance(answer, Exception) and not isinstance(answer, NotFound | NotPermitted):
        silent = f"{there.host} gave no answer within {FIRST_ANSWER_SECONDS:g} s"
        return Facts(there.name, skipped=(Skipped("", _why(answer, silent)),))
    return facts(there, wanted)


def facts(there: Cluster, wanted: Wanted) -> Facts:
    """Ask everything at once."""
    questions = dict(_questions(wanted))
    calls = {key: partial(_ask, there, question) for key, question in questions.items()}
    answers = in_time(calls, ALL_ANSWERS_SECONDS)
    known = {key: None if isinstance(answer, Exception) else answer for key, answer in answers.items()}
    skipped = {
        Skipped(questions[key].check, _missing(answer, questions[key].right)): None
        for key, answer in answers.items()
        if isinstance(answer, Exception)
    }
    served, autoscaler = known["served",], known["autoscaler",]
    return Facts(
        there.name,
        kubernetes=known["kubernetes",],
        istio=known["istio",],
        emissary=known["emissary",],
        served=served,
        definition=known["definition",],
        operators=known["operators",],
        nodes=known["nodes",],
        pods=known["pods",],
        autoscaler="Karpenter" if "karpenter.sh" in (served or {}) else autoscaler,
        gateways=known["gateways",],
        storage_classes=known.get(("storage classes",)),
        grants={name: known["grants", name] for name in wanted.rights_in},
        namespaces={name: _namespace(name, known) for name in wanted.namespaces},
        skipped=tuple(skipped),
    )


def _namespace(name: str, known: Mapping[Key, Any]) -> Namespace:
    found = known["namespace", name]
    return Namespace(
        exists=None if found is None else bool(found),
        found=found or None,
        quotas=known["quotas", name],
        limits=known["limits", name],
        objects={kind: known[kind, name] for kind in KINDS},
        grants=known["grants", name],
    )


def _questions(wanted: Wanted) -> Iterator[tuple[Key, _Question]]:
    check, right = "versions that go together", "list deployments"
    yield ("kubernetes",), _Question("/version", check, "get /version", read_facts.kubernetes)
    yield ("istio",), _Question(_ISTIOD, check, right, partial(read_facts.oldest, "discovery"))
    yield ("emissary",), _Question(_EMISSARY, check, right, partial(read_facts.oldest, "emissary-ingress"))
    yield ("served",), _Question("/apis", "API versions", "get /apis", read_facts.served, accept=_ALL_GROUPS)
    check, right = "fields of the custom resource", "get customresourcedefinitions"
    yield ("definition",), _Question(_DEFINITION, check, right, read_facts.definition, absent={})
    yield ("operators",), _Question(_OPERATOR, "Seldon's operator", "list deployments", read_facts.operators)
    yield ("nodes",), _Question("/api/v1/nodes?resourceVersion=0", "node capacity", "list nodes", read_facts.nodes)
    yield ("pods",), _Question("/api/v1/pods?resourceVersion=0", "room on nodes", "list pods", read_facts.pods)
    what, right = "whether nodes are added when needed", "get configmaps in kube-system"
    yield ("autoscaler",), _Question(_AUTOSCALER, what, right, lambda _: "cluster-autoscaler", absent="")
    check, nothing = "Istio's gateway", frozenset[str]()
    yield ("gateways",), _Question(_GATEWAYS, check, "list gateways", read_facts.gateways, nothing, _METADATA_ONLY)
    if wanted.storage_classes:
        yield ("storage classes",), _Question(_CLASSES, "storage classes", "list storageclasses", read_facts.names)
    for name in wanted.namespaces:
        yield from _of_namespace(name)
    for name in {*wanted.namespaces, *wanted.rights_in}:
        yield ("grants", name), _rights_in(name)


def _of_namespace(name: str) -> Iterator[tuple[Key, _Question]]:
    base = f"/api/v1/namespaces/{name}"
    whose = f"whose namespace '{name}' is"
    yield ("namespace", name), _Question(base, whose, "get namespaces", read_facts.namespace, absent=False)
    right = f"list resourcequotas in '{name}'"
    yield ("quotas", name), _Question(f"{base}/resourcequotas", f"quota of '{name}'", right, read_facts.quotas, ())
    right = f"list limitranges in '{name}'"
    yield ("limits", name), _Question(f"{base}/limitranges", f"limits of '{name}'", right, read_facts.limits, ())
    for kind, path in KINDS.items():
        right = f"list {path.rpartition('/')[2]} in '{name}'"
        read = partial(read_facts.objects, kind)
        yield (kind, name), _Question(path.format(name), f"names in '{name}'", right, read, (), _METADATA_ONLY)


def _rights_in(namespace: str) -> _Question:
    what, right = f"rights in '{namespace}'", "create selfsubjectrulesreviews"
    return _Question(_RULES, what, right, read_facts.grants, review={"spec": {"namespace": namespace}})


def _ask(there: Cluster, question: _Question) -> Any:
    try:
        if question.review is not None:
            return question.read(there.review(question.path, question.check, question.review, ALL_ANSWERS_SECONDS))
        answer = there.get(question.path, question.check, accept=question.accept, seconds=ALL_ANSWERS_SECONDS)
    except NotFound:
        return question.absent
    return question.read(answer)


def _missing(error: Exception, right: str) -> str:
    if isinstance(error, NotPermitted):
        return f"no right to {right}"
    return _why(error, f"no answer within {ALL_ANSWERS_SECONDS:g} s")


def _why(error: Exception, late: str) -> str:
    if isinstance(error, TimeoutError):
        return late
    if isinstance(error, ClusterNotReached):
        return error.why
    return str(error) if isinstance(error, SeldonInfraError) else f"an answer that cannot be read ({error!r})"
