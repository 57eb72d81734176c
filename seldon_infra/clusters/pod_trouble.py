"""What keeps a deployment's pods from coming up, from the objects that Seldon's operator and Kubernetes made for it.

Only pods of the newest version count: those of the one before may be in trouble, and be on their way out. The
reasons are those of the kubelet, the scheduler and the Deployment controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.clusters.rollout import Tree, Trouble

DEPLOYMENT_LABEL = "seldon-deployment-id"
REVISION = "deployment.kubernetes.io/revision"
FETCHES = "-model-initializer"
"""End of the name of the container that fetches a node's model. Source: InjectModelInitializer of the operator."""
ORCHESTRATOR, ORCHESTRATOR_IS, EXPLAINER = "seldon-container-engine", "orchestrator", "explainer"
RESTARTS = 2
"""How often a container may fail before that counts: some come up only when another has."""
NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})
NOT_MADE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})


@dataclass(frozen=True)
class Made:
    """What there is of one deployment's objects."""

    deployments: Sequence[Tree]
    replica_sets: Sequence[Tree]
    pods: Sequence[Tree]

    def of(self, name: str) -> Made:
        """Those of one SeldonDeployment."""
        return Made(*(_labelled(each, name) for each in (self.deployments, self.replica_sets, self.pods)))


def trouble_in(declared: Tree, made: Made) -> Trouble | None:
    """Give the first trouble among a SeldonDeployment's objects, those that no waiting mends before all others."""
    found = [*_refused(made), *(each for pod in _newest(made) for each in _in_pod(declared, pod))]
    return next(iter(sorted(found, key=lambda trouble: trouble.needs_node)), None)


def _refused(made: Made) -> Iterator[Trouble]:
    """Pods that the API server does not take: a quota, a security standard."""
    for deployment in made.deployments:
        condition = _condition(deployment, "ReplicaFailure")
        if condition.get("status") == "True":
            said = condition.get("message", "")
            yield Trouble(f"its pods are refused: {said}; ask for less, or for a larger quota, or relax its settings")


def _newest(made: Made) -> Iterator[Tree]:
    """Pods of the newest versions; one that no ReplicaSet owns counts, whoever made it."""
    newest, known = set(), {each["metadata"]["uid"] for each in made.replica_sets}
    for deployment in made.deployments:
        if deployment.get("status", {}).get("observedGeneration") == deployment["metadata"].get("generation"):
            newest |= {each["metadata"]["uid"] for each in made.replica_sets if _is_newest(each, deployment)}
    for pod in made.pods:
        owner = _owner(pod)
        if "deletionTimestamp" not in pod["metadata"] and (owner in newest or owner not in known):
            yield pod


def _is_newest(replica_set: Tree, deployment: Tree) -> bool:
    revision = (replica_set["metadata"].get("annotations") or {}).get(REVISION)
    current = (deployment["metadata"].get("annotations") or {}).get(REVISION)
    return _owner(replica_set) == deployment["metadata"]["uid"] and revision == current


def _in_pod(declared: Tree, pod: Tree) -> Iterator[Trouble]:
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("reason") == "Unschedulable":
        waits = f"{_place(declared, pod, None)}no node can hold pod {name}: {scheduled.get('message')}"
        yield Trouble(f"{waits}; ask for less, or add such nodes", needs_node=True, pod=name)
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        said = _in_container(pod, container)
        if said:
            log = None if _waits_for(container) in NO_IMAGE | NOT_MADE else container["name"]
            yield Trouble(_place(declared, pod, container["name"]) + said, pod=name, container=log)


def _in_container(pod: Tree, container: Tree) -> str | None:
    """Say what is wrong with a container, None where nothing is."""
    reason, message = _waits_for(container), (container.get("state", {}).get("waiting") or {}).get("message")
    if reason in NO_IMAGE:
        image = container.get("image")
        return f"image '{image}' cannot be pulled: {message or reason}; correct it, or let the cluster pull it"
    if reason in NOT_MADE:
        return f"its container cannot be made: {message or reason}; make what it names, or correct the name"
    fetches, ended = container["name"].endswith(FETCHES), _failed_run(container)
    if ended is None or container.get("restartCount", 0) < (1 if fetches else RESTARTS):
        return None
    how = f"exit status {ended.get('exitCode')}, {ended.get('reason')}"
    if fetches:
        uri = _uri(pod, container["name"])
        return f"its model '{uri}' cannot be fetched ({how}); correct model_uri or the credentials in storage"
    return f"its container ends again and again ({how}); its last lines say why"


def _place(declared: Tree, pod: Tree, container: str | None) -> str:
    """Name predictor and node of a pod's container as messages do."""
    name, inside = declared["metadata"]["name"], pod["metadata"]["name"]
    predictors = (each["name"] for each in declared.get("spec", {}).get("predictors", ()))
    of = [predictor for predictor in predictors if inside.startswith(f"{name}-{predictor}-")]
    parts = [f"predictor '{max(of, key=len)}'"] if of else []
    if container is not None:
        node = container.removesuffix(FETCHES)
        explains = any(inside.startswith(f"{name}-{predictor}-{EXPLAINER}-") for predictor in of)
        own = ORCHESTRATOR_IS if container == ORCHESTRATOR else EXPLAINER if explains else None
        parts.append(own or f"node '{node}'")
    return f"{' → '.join(parts)}: " if parts else ""


def _uri(pod: Tree, container: str) -> str:
    """Give what the storage initializer was told to fetch: its first argument."""
    for each in pod.get("spec", {}).get("initContainers", ()):
        if each["name"] == container and each.get("args"):
            return str(each["args"][0])
    return "?"


def _waits_for(container: Tree) -> str | None:
    return (container.get("state", {}).get("waiting") or {}).get("reason")


def _failed_run(container: Tree) -> Mapping[str, Any] | None:
    """Give how the last run ended, where the container does not run right now and failed."""
    state = container.get("state") or {}
    waits = state if _waits_for(container) != "CrashLoopBackOff" else container.get("lastState") or {}
    ended: Mapping[str, Any] = waits.get("terminated") or {}
    return ended if ended.get("exitCode") else None


def _condition(tree: Tree, kind: str) -> Mapping[str, Any]:
    conditions = (tree.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def _owner(tree: Tree) -> str | None:
    owners = tree["metadata"].get("ownerReferences") or ()
    return next((each["uid"] for each in owners if each.get("controller")), None)


def _labelled(trees: Sequence[Tree], name: str) -> list[Tree]:
    return [each for each in trees if (each["metadata"].get("labels") or {}).get(DEPLOYMENT_LABEL) == name]
