"""A model server as Kubernetes' own objects, in the order in which a cluster wants them."""

from __future__ import annotations

from typing import Any

from seldon_infra.artifacts.render import rclone_variables
from seldon_infra.core.model import Later
from seldon_infra.graph.render_gpu import on_gpus
from seldon_infra.graph.render_objects import ports_of_stores, secret_name, secret_of_stores
from seldon_infra.graph.render_pods import DIGEST_MARK, needed_environment
from seldon_infra.graph.render_scaling import hpa, keda, metric, pdb
from seldon_infra.graph.render_security import (
    claim_mounts,
    claim_volumes,
    container_context,
    filled_resources,
    initializer,
    model_mounts,
    model_volumes,
    pod_context,
    scratch_mounts,
    scratch_volumes,
)
from seldon_infra.graph.render_values import Manifest, env, given, merged
from seldon_infra.graph.spec import PodSecurity
from seldon_infra.model_server.catalogue import (
    CONTROL_VARIABLE,
    DRAIN_SECONDS,
    GRPC,
    HTTP,
    METRICS,
    arguments,
    environment,
)
from seldon_infra.model_server.check import CONTAINER, image_of
from seldon_infra.model_server.model_image import image_mount, image_of_model, image_volume
from seldon_infra.model_server.spec import ModelServer
from seldon_infra.servers.needs import Needs, needs

_PORTS = {"http": HTTP, "grpc": GRPC, "metrics": METRICS}
_NAME, _COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
_NAMESPACE = "kubernetes.io/metadata.name"
_DNS = 53


def model_server(spec: ModelServer) -> dict[str, Manifest]:
    """Every object of a model server by its kind."""
    rendered = {
        "ServiceAccount": service_account(spec),
        "Secret": storage_secret(spec),
        "NetworkPolicy": network_policy(spec),
        "Service": service(spec),
        "PodDisruptionBudget": disruption_budget(spec),
        "Deployment": deployment(spec),
        "HorizontalPodAutoscaler": autoscaler(spec),
        "ScaledObject": scaled_object(spec),
        "ServiceMonitor": service_monitor(spec),
    }
    return {kind: manifest for kind, manifest in rendered.items() if manifest}


def service_account(spec: ModelServer) -> Manifest:
    """The server's own ServiceAccount, without a token of the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": given({**metadata(spec), "annotations": dict(spec.service_account_annotations)}),
        "automountServiceAccountToken": False,
    }


def storage_secret(spec: ModelServer) -> Manifest:
    """Secret with the variables that the storage initializer reads, where the definition has credentials."""
    variables = rclone_variables(spec.storage)
    return secret_of_stores({**metadata(spec), "name": secret_name(spec.name)}, variables) if variables else {}


def network_policy(spec: ModelServer) -> Manifest:
    """NetworkPolicy: who may call, and what may be reached: names, and where the model comes from."""
    callers: list[Manifest] = [{"podSelector": {}}, *map(_namespace, spec.callers)]
    calls = {"from": callers, "ports": [_port(HTTP), _port(GRPC)]}
    watched = spec.service_monitor
    metrics = [{"from": [_namespace(watched.namespace)], "ports": [_port(METRICS)]}] if watched else []
    names = {"ports": [_port(_DNS, "UDP"), _port(_DNS)]}
    ports = [*dict.fromkeys([*spec.storage_ports, *sorted(ports_of_stores(spec.storage))])]
    storage = [{"ports": [_port(port) for port in ports]}] if ports else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(spec),
        "spec": {
            "podSelector": {"matchLabels": labels(spec)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [calls, *metrics],
            "egress": [names, *storage],
        },
    }


def service(spec: ModelServer) -> Manifest:
    """The Service that callers ask."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(spec),
        "spec": {
            "selector": labels(spec),
            "ports": [
                {"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in _PORTS.items()
            ],
        },
    }


def disruption_budget(spec: ModelServer) -> Manifest:
    """The PodDisruptionBudget: one pod at a time may go, unless the definition says otherwise."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(spec),
        "spec": {**(pdb(spec.pdb) or {"maxUnavailable": 1}), "selector": {"matchLabels": labels(spec)}},
    }


def deployment(spec: ModelServer) -> Manifest:
    """The Deployment; how many pods there are is the autoscaler's to say, where there is one."""
    template = spec.pod
    pod = pod_spec(spec)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(spec),
        "spec": given(
            {
                "replicas": None if spec.hpa or spec.keda else spec.replicas,
                "selector": {"matchLabels": labels(spec)},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {
                    "metadata": given(
                        {
                            "labels": {**(template.labels if template else {}), **labels(spec)},
                            "annotations": {**(template.annotations if template else {}), **_digest(spec)},
                        }
                    ),
                    "spec": on_gpus(merged(pod, template.spec) if template else pod, [spec.resources]),
                },
            }
        ),
    }


def _digest(spec: ModelServer) -> Manifest:
    """The annotation by which another digest of the model replaces the pods."""
    return {f"{DIGEST_MARK}/{CONTAINER}": spec.model_digest} if spec.model_digest is not None else {}


def pod_spec(spec: ModelServer) -> Manifest:
    """PodSpec: the server, and before it what fetches its model; spread over nodes where that is possible."""
    security, wants, uri = security_of(spec), needs(spec.server, "v2"), spec.model_uri
    image, secret = spec.storage_initializer_image, _credentials(spec)
    volumes = scratch_volumes(security, wants.shared_memory)
    return given(
        {
            "serviceAccountName": spec.name,
            "automountServiceAccountToken": security.service_account_token,
            "securityContext": pod_context(security, wants.root_group),
            "initContainers": [initializer(CONTAINER, uri, image, secret, security)]
            if uri is not None and _is_fetched(spec)
            else [],
            "containers": [container(spec, security, wants)],
            "volumes": [*volumes, *_model_volumes(spec, security)],
            "affinity": {"podAntiAffinity": _apart(spec)},
            "terminationGracePeriodSeconds": 2 * DRAIN_SECONDS,
        }
    )


def container(spec: ModelServer, security: PodSecurity, wants: Needs) -> Manifest:
    """The server's container."""
    said = {variable.name for variable in spec.env}
    told = [{"name": name, "value": value} for name, value in environment(spec).items() if name not in said]
    return given(
        {
            "name": CONTAINER,
            "image": image_of(spec),
            "imagePullPolicy": security.image_pull_policy,
            "args": arguments(spec),
            "env": [*env(spec.env), *told, *needed_environment(wants, spec.env), *_control_token(spec)],
            "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in _PORTS.items()],
            "resources": filled_resources(spec.resources),
            # A large model takes minutes to load, and nothing else ends it until then: 10 of them.
            "startupProbe": {**_asks("/v2/health/ready"), "periodSeconds": 5, "failureThreshold": 120},
            "readinessProbe": {**_asks("/v2/health/ready"), "periodSeconds": 5},
            "livenessProbe": {**_asks("/v2/health/live"), "periodSeconds": 10},
            # Callers learn of an end later than the server: it goes on until they have.
            "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
            "volumeMounts": [
                *scratch_mounts(CONTAINER, wants),
                *_model_mounts(spec),
            ],
            "securityContext": container_context(security, wants),
        }
    )


def _credentials(spec: ModelServer) -> Later[str] | None:
    """Name of the Secret with which its model is fetched."""
    return spec.env_secret_ref_name or (secret_name(spec.name) if rclone_variables(spec.storage) else None)


def _is_fetched(spec: ModelServer) -> bool:
    """Tell whether a pod gets a copy of its model; an image and what may change under Triton is read where it lies."""
    return spec.model_uri is not None and spec.model_control == "none" and image_of_model(spec.model_uri) is None


def _model_volumes(spec: ModelServer, security: PodSecurity) -> list[Manifest]:
    image = image_of_model(spec.model_uri)
    if image is not None or spec.model_uri is None:
        return [image_volume(image)] if image is not None else []
    return (
        model_volumes(CONTAINER, spec.model_uri, security.model_space)
        if _is_fetched(spec)
        else claim_volumes(spec.model_uri)
    )


def _model_mounts(spec: ModelServer) -> list[Manifest]:
    if image_of_model(spec.model_uri) is not None:
        return [image_mount()]
    if spec.model_uri is None:
        return []
    return model_mounts(CONTAINER, spec.model_uri) if _is_fetched(spec) else claim_mounts(spec.model_uri)


def _control_token(spec: ModelServer) -> list[Manifest]:
    """The variable that the command line of explicit control reads."""
    reference = {"name": spec.control_secret, "key": "token"}
    return [{"name": CONTROL_VARIABLE, "valueFrom": {"secretKeyRef": reference}}] if spec.control_secret else []


def autoscaler(spec: ModelServer) -> Manifest:
    """The HorizontalPodAutoscaler, where one is asked for."""
    if spec.hpa is None:
        return {}
    limits = {name: value for name, value in hpa(spec.hpa).items() if name != "metricsv2"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(spec),
        "spec": {
            "scaleTargetRef": _scaled(spec),
            **limits,
            "metrics": [metric(each) for each in spec.hpa.metrics],
        },
    }


def scaled_object(spec: ModelServer) -> Manifest:
    """KEDA's ScaledObject, where one is asked for."""
    if spec.keda is None:
        return {}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(spec),
        "spec": {"scaleTargetRef": _scaled(spec), **keda(spec.keda)},
    }


def service_monitor(spec: ModelServer) -> Manifest:
    """The Prometheus operator's ServiceMonitor, where one is asked for."""
    watched = spec.service_monitor
    if watched is None:
        return {}
    own = metadata(spec)
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {**own, "labels": {**own["labels"], **watched.labels}},
        "spec": {
            "selector": {"matchLabels": labels(spec)},
            "endpoints": [{"port": "metrics", "path": "/metrics", "interval": watched.interval}],
        },
    }


def metadata(spec: ModelServer) -> Manifest:
    """What every object of a model server is called by."""
    return {"name": spec.name, "namespace": spec.namespace, "labels": labels(spec)}


def labels(spec: ModelServer) -> dict[str, str]:
    """Labels that its pods have, and no others."""
    return {_NAME: spec.name, _COMPONENT: "model-server"}


def security_of(spec: ModelServer) -> PodSecurity:
    """How far its pods are locked up."""
    return spec.security or PodSecurity()


def _scaled(spec: ModelServer) -> Manifest:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": spec.name}


def _apart(spec: ModelServer) -> Manifest:
    term = {"labelSelector": {"matchLabels": labels(spec)}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}


def _asks(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 5, "failureThreshold": 3}


def _namespace(name: Any) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: name}}}


def _port(number: int, protocol: str = "TCP") -> Manifest:
    return {"port": number, "protocol": protocol}
