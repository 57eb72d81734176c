"""Pods of a predictor: componentSpecs, whose containers are matched to the graph's nodes by name.

Every node that has a server gets a container, prepackaged servers too: the operator fills in their image and ports,
and keeps what stands here. So each container starts from the restricted Pod Security Standard and can be relaxed by
name through ``PodTemplate.spec``.
"""

from __future__ import annotations

from seldon_infra.core.model import Later
from seldon_infra.graph.render_scaling import hpa, keda, pdb
from seldon_infra.graph.render_values import Manifest, env, given, merged, metadata, resources
from seldon_infra.graph.spec import Explainer, Node, Pod, PodDefaults, Predictor, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.spec import (
    LAST_APACHE_CORE,
    LAST_APACHE_EXPLAINER,
    ContainerServer,
    MLflowServer,
    MLServerRuntime,
    PythonServer,
    Server,
    SklearnServer,
    XGBoostServer,
)

# The operator runs pods as this user where nothing else is said; it does so no longer once a pod has a security
# context, so the number has to be there. Source: defaultUserID of the operator's chart.
DEFAULT_USER = 8888
PREPACKAGED_IMAGES = {
    "SKLEARN_SERVER": "seldonio/sklearnserver",
    "XGBOOST_SERVER": "seldonio/xgboostserver",
    "MLFLOW_SERVER": "seldonio/mlflowserver",
}
"""Seldon's own images on protocol seldon, by the implementation that they are."""
_WRAPPER_PATHS = {"liveness": "/health/ping", "readiness": "/health/status"}
_V2_PATHS = {"liveness": "/v2/health/live", "readiness": "/v2/health/ready"}
_PROBE_TIMES: dict[str, Manifest] = {
    "liveness": {"initialDelaySeconds": 60, "timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 3},
    "readiness": {"initialDelaySeconds": 5, "timeoutSeconds": 5, "periodSeconds": 5, "failureThreshold": 3},
}


def component_specs(deployment: SeldonDeployment, predictor: Predictor) -> list[Manifest]:
    """Pods of a predictor: the one that its nodes share with the orchestrator, then those of nodes with their own."""
    served = [node for node in nodes(predictor.graph) if isinstance(node.server, Server)]
    shared = [node for node in served if node.pod is None]
    alone = [own_pod(deployment, predictor, node, node.pod) for node in served if node.pod is not None]
    containers = [container(deployment, predictor, node) for node in shared]
    if not alone and deployment.pod_defaults == "operator":
        # The operator puts a container for each prepackaged server into the first pod; there a name alone adds nothing.
        containers = [each for each in containers if set(each) != {"name"}]
    pods = [shared_pod(deployment, predictor, containers), *alone] if shared else alone
    return [pod for pod in pods if pod]


def shared_pod(deployment: SeldonDeployment, predictor: Predictor, containers: list[Manifest]) -> Manifest:
    """The pod that the predictor's nodes share."""
    spec = pod_spec(deployment, containers)
    template = predictor.pod
    return given(
        {
            "metadata": metadata(template.labels, template.annotations) if template else {},
            "spec": merged(spec, template.spec) if template else spec,
            "hpaSpec": hpa(predictor.hpa),
            "kedaSpec": keda(predictor.keda),
            "pdbSpec": pdb(predictor.pdb),
        }
    )


def own_pod(deployment: SeldonDeployment, predictor: Predictor, node: Node, pod: Pod) -> Manifest:
    """The pod of a node that has one of its own."""
    spec = pod_spec(deployment, [container(deployment, predictor, node)])
    template = pod.template
    return given(
        {
            "metadata": metadata(template.labels, template.annotations) if template else {},
            "replicas": pod.replicas,
            "spec": merged(spec, template.spec) if template else spec,
            "hpaSpec": hpa(pod.hpa),
            "kedaSpec": keda(pod.keda),
            "pdbSpec": pdb(pod.pdb),
        }
    )


def pod_spec(deployment: SeldonDeployment, containers: list[Manifest]) -> Manifest:
    """PodSpec: containers, under the restricted Pod Security Standard unless the operator's defaults are wanted."""
    if deployment.pod_defaults == "operator":
        return given({"containers": containers})
    return {
        "containers": containers,
        "securityContext": {
            "runAsUser": DEFAULT_USER,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def container(deployment: SeldonDeployment, predictor: Predictor, node: Node) -> Manifest:
    """The container of a node."""
    server = node.server
    own = server if isinstance(server, ContainerServer) else None
    return given(
        {
            "name": node.name,
            "image": image(deployment, server),
            "command": list(own.command) if own else [],
            "args": list(own.args) if own else [],
            "env": env(node.env),
            "resources": resources(node.resources),
            "livenessProbe": probe(deployment, predictor, node, "liveness"),
            "readinessProbe": probe(deployment, predictor, node, "readiness"),
            "securityContext": security_context(deployment.pod_defaults),
        }
    )


def security_context(defaults: PodDefaults) -> Manifest:
    """SecurityContext of a container: no more rights than the restricted Pod Security Standard grants."""
    if defaults == "operator":
        return {}
    return {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False}


def image(deployment: SeldonDeployment, server: object) -> Later[str] | None:
    """The image of a node's container; None leaves it to the operator's map of prepackaged servers.

    The map of a later operator names images under BSL-1.1 where they are Seldon's own, so those never come from it.
    """
    if isinstance(server, (PythonServer, MLServerRuntime, ContainerServer)):
        return server.image
    if isinstance(server, (SklearnServer, XGBoostServer, MLflowServer)) and deployment.protocol == "seldon":
        version = server.version or _default_version(deployment, LAST_APACHE_CORE)
        return f"{PREPACKAGED_IMAGES[str(server.implementation)]}:{version}" if version else None
    return None


def _default_version(deployment: SeldonDeployment, ours: str) -> str | None:
    """The version of an image where the definition names none; None leaves the choice to the operator."""
    return ours if deployment.pod_defaults == "restricted" else None


def probe(deployment: SeldonDeployment, predictor: Predictor, node: Node, which: str) -> Manifest:
    """A probe of a user's own container; the operator knows those of its prepackaged servers.

    It asks over HTTP on the port that the operator names ``http``. With TLS inside the pod, and where nothing says
    which path an image answers, the operator's own probe of the open port remains.
    """
    path = _probe_paths(deployment, node.server).get(which)
    if path is None or predictor.ssl is not None or deployment.pod_defaults == "operator":
        return {}
    return {"httpGet": {"path": path, "port": "http"}, **_PROBE_TIMES[which]}


def _probe_paths(deployment: SeldonDeployment, server: object) -> dict[str, str]:
    match server:
        case PythonServer():
            return _WRAPPER_PATHS
        case MLServerRuntime():
            return _V2_PATHS
        case ContainerServer() if deployment.protocol == "v2":
            return _V2_PATHS
    return {}


def explainer_container(deployment: SeldonDeployment, explainer: Explainer) -> Manifest:
    """The container of an explainer; nothing where it says nothing but its name."""
    rendered = given(
        {
            "name": "explainer",
            "image": explainer_image(deployment, explainer),
            "env": env(explainer.env),
            "resources": resources(explainer.resources),
            "securityContext": security_context(deployment.pod_defaults),
        }
    )
    whole = merged(rendered, explainer.container)
    return whole if set(whole) != {"name"} else {}


def explainer_image(deployment: SeldonDeployment, explainer: Explainer) -> str | None:
    """The image of an explainer, the last under Apache-2.0 unless a version says otherwise."""
    v2 = deployment.protocol == "v2"
    version = explainer.version or _default_version(deployment, LAST_APACHE_EXPLAINER if v2 else LAST_APACHE_CORE)
    if version is None:
        return None
    return f"seldonio/mlserver:{version}-alibi-explain" if v2 else f"seldonio/alibiexplainer:{version}"
