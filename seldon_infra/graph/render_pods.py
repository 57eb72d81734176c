"""Pods of a predictor: componentSpecs, whose containers are matched to the graph's nodes by name.

Every node that has a server gets a container, prepackaged servers too: the operator fills in their image and ports,
and keeps what stands here. So each container starts from the restricted Pod Security Standard and can be relaxed by
name through ``PodSecurity`` and ``ContainerSecurity``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seldon_infra.core.model import Later, is_known
from seldon_infra.graph.render_gpu import on_gpus
from seldon_infra.graph.render_learnt import learnt_environment, learnt_group, learnt_mounts, learnt_volumes
from seldon_infra.graph.render_scaling import hpa, keda, pdb
from seldon_infra.graph.render_security import (
    container_context,
    filled_resources,
    initializer,
    locked_container,
    model_mounts,
    model_volumes,
    pod_context,
    scratch_mounts,
    scratch_volumes,
    whole_context,
)
from seldon_infra.graph.render_values import Manifest, env, given, is_named, merged, metadata, resources
from seldon_infra.graph.spec import EnvVar, Explainer, Node, Pod, PodSecurity, PodTemplate, Predictor, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling
from seldon_infra.servers.detectors import Detector
from seldon_infra.servers.needs import Needs, needs
from seldon_infra.servers.spec import (
    LAST_APACHE_CORE,
    LAST_APACHE_EXPLAINER,
    CatalogueServer,
    ContainerServer,
    LightGBMServer,
    MLflowServer,
    MLServerRuntime,
    OnnxServer,
    PythonServer,
    Server,
    SklearnServer,
    TensorFlowServer,
    TorchServeServer,
    TritonServer,
    XGBoostServer,
)

PREPACKAGED_IMAGES = {
    "SKLEARN_SERVER": "seldonio/sklearnserver",
    "XGBOOST_SERVER": "seldonio/xgboostserver",
    "MLFLOW_SERVER": "seldonio/mlflowserver",
}
"""Seldon's own images on protocol seldon, by the implementation that they are."""
DIGEST_MARK = "model-digest.seldon-infra"
"""Prefix of the annotations that hold digests; what follows is the node's name, which may be as long as a name can."""
_WITH_IMAGES = (
    PythonServer,
    MLServerRuntime,
    ContainerServer,
    LightGBMServer,
    OnnxServer,
    TorchServeServer,
    CatalogueServer,
    EpsilonGreedy,
    ThompsonSampling,
    Detector,
)
_KINDS = ("initContainers", "containers")
_WRAPPER_PATHS = {"liveness": "/health/ping", "readiness": "/health/status"}
RUNTIME = "MLSERVER_MODEL_IMPLEMENTATION"
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
    pods = [shared_pod(deployment, predictor, shared, bool(alone)), *alone] if shared else alone
    return [pod for pod in pods if pod]


def pod_nodes(predictor: Predictor) -> list[list[Node]]:
    """Nodes of a predictor's pods, in the order of its componentSpecs."""
    served = [node for node in nodes(predictor.graph) if isinstance(node.server, Server)]
    shared = [node for node in served if node.pod is None]
    return [*([shared] if shared else []), *([node] for node in served if node.pod is not None)]


def shared_pod(deployment: SeldonDeployment, predictor: Predictor, inside: Sequence[Node], beside: bool) -> Manifest:
    """The pod that the predictor's nodes share.

    Args:
        deployment: what it belongs to.
        predictor: what it belongs to.
        inside: its nodes.
        beside: whether nodes with pods of their own come after it; it then must be there, to be the first.
    """
    spec = pod_spec(deployment, predictor, inside)
    if deployment.pod_defaults == "operator" and not beside:
        # The operator puts a container for each prepackaged server into the first pod; there a name alone adds nothing.
        spec = given({"containers": [each for each in spec["containers"] if set(each) != {"name"}]})
    template = predictor.pod
    return given(
        {
            "metadata": pod_metadata(template, inside),
            "spec": on_gpus(with_template(deployment, spec, template), (node.resources for node in inside)),
            "hpaSpec": hpa(predictor.hpa),
            "kedaSpec": keda(predictor.keda),
            "pdbSpec": pdb(predictor.pdb),
        }
    )


def own_pod(deployment: SeldonDeployment, predictor: Predictor, node: Node, pod: Pod) -> Manifest:
    """The pod of a node that has one of its own."""
    spec = pod_spec(deployment, predictor, [node])
    template = pod.template
    return given(
        {
            "metadata": pod_metadata(template, [node]),
            "replicas": pod.replicas,
            "spec": on_gpus(with_template(deployment, spec, template), [node.resources]),
            "hpaSpec": hpa(pod.hpa),
            "kedaSpec": keda(pod.keda),
            "pdbSpec": pdb(pod.pdb),
        }
    )


def pod_metadata(template: PodTemplate | None, inside: Iterable[Node]) -> Manifest:
    """Labels and annotations of a pod; its models' digests are among them, so that another one replaces the pod."""
    digests = {f"{DIGEST_MARK}/{node.name}": node.model_digest for node in inside if node.model_digest is not None}
    said = template or PodTemplate()
    return metadata(said.labels, {**said.annotations, **digests})


def pod_spec(deployment: SeldonDeployment, predictor: Predictor, inside: Sequence[Node]) -> Manifest:
    """PodSpec: containers, under the restricted Pod Security Standard unless the operator's defaults are wanted."""
    containers = [container(deployment, predictor, node) for node in inside]
    if deployment.pod_defaults == "operator":
        return given({"containers": containers, "volumes": learnt_volumes(inside)})
    security, wants = security_of(deployment), [needs_of(deployment, node) for node in inside]
    fetched = [(node.name, node.model_uri) for node in inside if is_fetched(deployment, node)]
    return given(
        {
            "initContainers": [model_initializer(security, node) for node in inside if is_fetched(deployment, node)],
            "containers": containers,
            "automountServiceAccountToken": security.service_account_token,
            "securityContext": {
                **pod_context(security, any(each.root_group for each in wants)),
                **learnt_group(security, inside),
            },
            "volumes": [
                *scratch_volumes(security, any(each.shared_memory for each in wants)),
                *(
                    each
                    for name, uri in fetched
                    if uri is not None
                    for each in model_volumes(name, uri, security.model_space)
                ),
                *learnt_volumes(inside),
            ],
        }
    )


def with_template(deployment: SeldonDeployment, spec: Manifest, template: PodTemplate | None) -> Manifest:
    """PodSpec with Kubernetes' own words in it; containers that they add are locked up as all others."""
    if template is None:
        return spec
    if deployment.pod_defaults == "operator":
        return merged(spec, template.spec)
    added = {kind: _added(deployment, spec.get(kind, []), template.spec.get(kind)) for kind in _KINDS}
    return merged({**spec, **given({kind: [*spec.get(kind, []), *added[kind]] for kind in _KINDS})}, template.spec)


def _added(deployment: SeldonDeployment, rendered: Sequence[Manifest], said: object) -> list[Manifest]:
    there = {each["name"] for each in rendered}
    names = [each["name"] for each in said] if isinstance(said, tuple) and is_named(said) else []
    return [locked_container(name, security_of(deployment)) for name in names if is_known(name) and name not in there]


def container(deployment: SeldonDeployment, predictor: Predictor, node: Node) -> Manifest:
    """The container of a node."""
    server = node.server
    own = server if isinstance(server, ContainerServer) else None
    locked = locked_up(deployment, node)
    return given(
        {
            "name": node.name,
            "image": image(deployment, server),
            "command": list(own.command) if own else [],
            "args": list(own.args) if own else [],
            "env": [
                *env(node.env),
                *runtime(node),
                *learnt_environment(deployment, predictor, node),
                *locked.pop("env", []),
            ],
            "resources": locked.pop("resources", resources(node.resources)),
            "livenessProbe": probe(deployment, predictor, node, "liveness"),
            "readinessProbe": probe(deployment, predictor, node, "readiness"),
            **locked,
            "volumeMounts": [*locked.get("volumeMounts", []), *learnt_mounts(node)],
        }
    )


def runtime(node: Node) -> list[Manifest]:
    """What tells MLServer's image what to load and how, where the operator does not; the definition's own wins."""
    if not isinstance(node.server, Server):
        return []
    told = {RUNTIME: node.server.runtime, **node.server.told}
    own = {variable.name for variable in node.env}
    return [{"name": name, "value": value} for name, value in told.items() if value is not None and name not in own]


def locked_up(deployment: SeldonDeployment, node: Node) -> Manifest:
    """What stands in a node's container to be secure."""
    if deployment.pod_defaults == "operator":
        return {}
    security, wants = node.security or security_of(deployment), needs_of(deployment, node)
    context = whole_context(security, wants) if node.security else container_context(security, wants)
    claimed = (
        model_mounts(node.name, node.model_uri)[1:]
        if node.model_uri is not None and is_fetched(deployment, node)
        else []
    )
    return {
        "env": needed_environment(wants, node.env),
        "resources": filled_resources(node.resources),
        "imagePullPolicy": security.image_pull_policy,
        "volumeMounts": [*scratch_mounts(node.name, wants), *claimed],
        "securityContext": context,
    }


def needed_environment(wants: Needs, said: Iterable[EnvVar]) -> list[Manifest]:
    """Variables that lead an image's writes to its scratch space; those that the definition gives win."""
    names = {variable.name for variable in said}
    return [{"name": name, "value": value} for name, value in wants.environment.items() if name not in names]


def security_of(deployment: SeldonDeployment) -> PodSecurity:
    """How far a deployment's pods are locked up."""
    return deployment.security or PodSecurity()


def needs_of(deployment: SeldonDeployment, node: Node) -> Needs:
    """What the image of a node needs."""
    assert isinstance(node.server, Server)
    return needs(node.server, deployment.protocol)


def is_fetched(deployment: SeldonDeployment, node: Node) -> bool:
    """Whether the library writes the container that fetches a node's model.

    Triton can read a bucket by itself; TensorFlow Serving beside Seldon's proxy is a container of the operator's, and
    so is what fetches its model.
    """
    if node.model_uri is None or security_of(deployment).initializer == "operator":
        return False
    by_itself = deployment.no_storage_initializer and isinstance(node.server, TritonServer)
    of_the_operator = isinstance(node.server, TensorFlowServer) and deployment.protocol == "seldon"
    return not by_itself and not of_the_operator


def model_initializer(security: PodSecurity, node: Node) -> Manifest:
    """The init container that fetches a node's model."""
    assert node.model_uri is not None
    image, secret = node.storage_initializer_image, node.env_secret_ref_name
    return initializer(node.name, node.model_uri, image, secret, security)


def image(deployment: SeldonDeployment, server: object) -> Later[str] | None:
    """The image of a node's container; None leaves it to the operator's map of prepackaged servers.

    The map of a later operator names images under BSL-1.1 where they are Seldon's own, so those never come from it.
    """
    if isinstance(server, (PythonServer, MLServerRuntime)) and server.build is not None:
        return server.image or server.build.tag
    if isinstance(server, _WITH_IMAGES):
        return server.image
    if isinstance(server, (SklearnServer, XGBoostServer, MLflowServer)) and deployment.protocol == "seldon":
        version = server.version or _default_version(deployment, LAST_APACHE_CORE)
        return f"{PREPACKAGED_IMAGES[str(server.implementation)]}:{version}" if version else None
    return None


def _default_version(deployment: SeldonDeployment, ours: str) -> str | None:
    """The version of an image where the definition names none; None leaves the choice to the operator."""
    return ours if deployment.pod_defaults == "restricted" else None


def probe(deployment: SeldonDeployment, predictor: Predictor, node: Node, which: str) -> Manifest:
    """A probe of a user's own container and of Seldon's wrapper; the operator knows those of other prepackaged servers.

    It asks over HTTP on the port that the operator names ``http``. With TLS inside the pod, and where nothing says
    which path an image answers, the operator's own probe of the open port remains.
    """
    path = _probe_paths(deployment, node.server).get(which)
    if path is None or predictor.ssl is not None or deployment.pod_defaults == "operator":
        return {}
    return {"httpGet": {"path": path, "port": "http"}, **_PROBE_TIMES[which]}


def _probe_paths(deployment: SeldonDeployment, server: object) -> dict[str, str]:
    match server:
        case PythonServer() | EpsilonGreedy() | ThompsonSampling():
            return _WRAPPER_PATHS
        case SklearnServer() | XGBoostServer() | MLflowServer() if deployment.protocol == "seldon":
            return _WRAPPER_PATHS
        case MLServerRuntime() | LightGBMServer() | OnnxServer() | TorchServeServer() | Detector():
            return _V2_PATHS
        case ContainerServer() | CatalogueServer() if deployment.protocol == "v2":
            return _V2_PATHS
    return {}


def explainer_container(deployment: SeldonDeployment, explainer: Explainer) -> Manifest:
    """The container of an explainer; nothing where it says nothing but its name."""
    locked = locked_up_explainer(deployment, explainer)
    rendered = given(
        {
            "name": "explainer",
            "image": explainer_image(deployment, explainer),
            "env": env(explainer.env),
            "resources": locked.pop("resources", resources(explainer.resources)),
            **locked,
        }
    )
    whole = merged(rendered, explainer.container)
    return whole if set(whole) != {"name"} else {}


def locked_up_explainer(deployment: SeldonDeployment, explainer: Explainer) -> Manifest:
    """What stands in an explainer's container to be secure: all of it, for its pod is the operator's.

    The operator gives that pod no volumes, so there is nothing to write to but the root.
    """
    if deployment.pod_defaults == "operator":
        return {}
    security = explainer.security or security_of(deployment)
    return {
        "resources": filled_resources(explainer.resources),
        "imagePullPolicy": security.image_pull_policy,
        "securityContext": whole_context(security, Needs(writable_root=True)),
    }


def explainer_image(deployment: SeldonDeployment, explainer: Explainer) -> Later[str] | None:
    """The image of an explainer, the last under Apache-2.0 unless a version says otherwise."""
    if explainer.image is not None:
        return explainer.image
    v2 = deployment.protocol == "v2"
    version = explainer.version or _default_version(deployment, LAST_APACHE_EXPLAINER if v2 else LAST_APACHE_CORE)
    if version is None:
        return None
    return f"seldonio/mlserver:{version}-alibi-explain" if v2 else f"seldonio/alibiexplainer:{version}"
