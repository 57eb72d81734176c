"""Containers that the operator makes of those that a SeldonDeployment holds, and those that it adds.

Source: defaults.go, seldondeployment_controller.go, seldondeployment_engine.go, mlserver.go,
model_initializer_injector.go and seldondeployment_prepackaged_servers.go of the operator 1.17.1.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seldon_infra.core.model import is_later
from seldon_infra.graph.expand import chart
from seldon_infra.graph.expand.names import cut, is_prepackaged
from seldon_infra.graph.render_values import Manifest, given

EXECUTOR = "seldon-container-engine"
TENSORFLOW_SERVING = "tfserving"
MODEL_PATH = "/mnt/models"
PODINFO: Manifest = {"name": "seldon-podinfo", "mountPath": "/etc/podinfo"}
PODINFO_VOLUME: Manifest = {
    "name": "seldon-podinfo",
    "downwardAPI": {
        "items": [{"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations", "apiVersion": "v1"}}],
        "defaultMode": 420,
    },
}
_STOPS_LATER = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "/bin/sleep 10"]}}}
_LOG: Manifest = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_V2_PATHS = {"livenessProbe": "/v2/health/live", "readinessProbe": "/v2/health/ready"}


@dataclass
class Ports:
    """Hands out ports: nodes of one name have the same in all predictors."""

    http: dict[str, int] = field(default_factory=dict)
    metrics: int = chart.FIRST_METRICS

    def of(self, container: str) -> tuple[int, int]:
        """Give the ports for REST and gRPC of a container."""
        place = self.http.setdefault(container, len(self.http))
        return chart.FIRST_HTTP + place, chart.FIRST_GRPC + place

    def next_metrics(self) -> int:
        """Give the port of metrics of one more container."""
        self.metrics += 1
        return self.metrics - 1


@dataclass(frozen=True)
class InDeployment:
    """Where a container stands."""

    name: str
    """The SeldonDeployment's name."""
    spec: Mapping[str, Any]
    predictor: Mapping[str, Any]

    @property
    def protocol(self) -> str:
        """The protocol; its old name is not rendered."""
        return str(self.spec.get("protocol", "seldon"))


def node_container(at: InDeployment, unit: Mapping[str, Any], said: Mapping[str, Any], ports: Ports) -> Manifest:
    """The container of a node: what the definition says, and what the operator fills in."""
    http, grpc = ports.of(str(unit["name"]))
    metrics = ports.next_metrics()
    rest_first = at.spec.get("transport") != "grpc"
    own = {**said, "name": unit["name"]}
    return given(
        {
            **own,
            "image": own.get("image") or image_of(at, unit),
            "imagePullPolicy": own.get("imagePullPolicy", "IfNotPresent"),
            "args": own.get("args") or server_arguments(at, unit, http, grpc),
            "env": environment(at, unit, own, (http, grpc, metrics)),
            "ports": [
                {"name": "grpc", "containerPort": grpc, "protocol": "TCP"},
                {"name": "http", "containerPort": http, "protocol": "TCP"},
                {"name": "metrics", "containerPort": metrics, "protocol": "TCP"},
            ],
            "volumeMounts": with_mounts(own, [PODINFO, *model_mounts(at, unit)]),
            "livenessProbe": own.get("livenessProbe") or probe(at, unit, "livenessProbe", http if rest_first else grpc),
            "readinessProbe": own.get("readinessProbe")
            or probe(at, unit, "readinessProbe", http if rest_first else grpc),
            "lifecycle": own.get("lifecycle", _STOPS_LATER),
            **_LOG,
        }
    )


def image_of(at: InDeployment, unit: Mapping[str, Any]) -> str | None:
    """The image of a prepackaged server, from the chart's map."""
    return chart.SERVERS.get(str(unit.get("implementation")), {}).get(at.protocol)


def server_arguments(at: InDeployment, unit: Mapping[str, Any], http: int, grpc: int) -> list[str]:
    """How Triton and TensorFlow Serving are started."""
    if unit.get("implementation") == "TRITON_SERVER":
        place = unit["modelUri"] if reads_by_itself(at, unit) else MODEL_PATH
        strict = [] if reads_by_itself(at, unit) else ["--strict-model-config=false"]
        program = ["/opt/tritonserver/bin/tritonserver", f"--grpc-port={grpc}", f"--http-port={http}"]
        return [*program, f"--model-repository={place}", *strict]
    if unit.get("implementation") == "TENSORFLOW_SERVER" and at.protocol == "tensorflow":
        return _tensorflow_arguments(str(unit["name"]), grpc, http)
    return []


def environment(
    at: InDeployment, unit: Mapping[str, Any], said: Mapping[str, Any], ports: tuple[int, int, int]
) -> list[Manifest]:
    """Variables that tell a server what it is; those that the definition gives win."""
    http, grpc, metrics = map(str, ports)
    added = {
        "PREDICTIVE_UNIT_SERVICE_PORT": grpc if at.spec.get("transport") == "grpc" else http,
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": http,
        "MLSERVER_HTTP_PORT": http,
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": grpc,
        "MLSERVER_GRPC_PORT": grpc,
        "MLSERVER_MODEL_IMPLEMENTATION": chart.MLSERVER_MODELS.get(str(unit.get("implementation")))
        if at.protocol == "v2"
        else None,
        "MLSERVER_MODEL_URI": MODEL_PATH if unit.get("modelUri") else None,
        "PREDICTIVE_UNIT_PARAMETERS": json.dumps(unit["parameters"], default=str) if unit.get("parameters") else None,
        "PREDICTIVE_UNIT_ID": unit["name"],
        "MLSERVER_MODEL_NAME": unit["name"],
        "PREDICTOR_ID": at.predictor["name"],
        "SELDON_DEPLOYMENT_ID": at.name,
        "SELDON_EXECUTOR_ENABLED": "true",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": metrics,
        "PREDICTIVE_UNIT_METRICS_ENDPOINT": chart.PROMETHEUS_PATH,
        "MLSERVER_METRICS_PORT": metrics,
        "MLSERVER_METRICS_ENDPOINT": chart.PROMETHEUS_PATH,
    }
    own = list(said.get("env", ()))
    names = {each["name"] for each in own if not is_later(each["name"])}
    return [*own, *({"name": name, "value": value} for name, value in added.items() if value and name not in names)]


def probe(at: InDeployment, unit: Mapping[str, Any], which: str, port: int) -> Manifest:
    """The operator's own probe: of protocol v2 where it knows the server, else of the open port."""
    if at.protocol == "v2" and is_prepackaged(unit):
        asked: Manifest = {"httpGet": {"path": _V2_PATHS[which], "port": "http", "scheme": "HTTP"}}
    else:
        asked = {"tcpSocket": {"port": port}}
    delay = 60 if which == "livenessProbe" else 20
    times = {"periodSeconds": 5, "successThreshold": 1, "failureThreshold": 3, "timeoutSeconds": 1}
    return {**asked, "initialDelaySeconds": delay, **times}


def reads_by_itself(at: InDeployment, unit: Mapping[str, Any]) -> bool:
    """Whether a node's server fetches its model without help."""
    flag = at.spec.get("annotations", {}).get("seldon.io/no-storage-initializer")
    return flag == "true" and unit.get("implementation") == "TRITON_SERVER"


def is_fetched(at: InDeployment, unit: Mapping[str, Any]) -> bool:
    """Whether an init container fetches a node's model."""
    return bool(unit.get("modelUri")) and not reads_by_itself(at, unit)


def owner_of_model(at: InDeployment, unit: Mapping[str, Any]) -> str:
    """The container that a model is fetched for: of TensorFlow behind Seldon's proxy it is the one beside."""
    beside = unit.get("implementation") == "TENSORFLOW_SERVER" and at.protocol == "seldon"
    return TENSORFLOW_SERVING if beside else str(unit["name"])


def model_mounts(at: InDeployment, unit: Mapping[str, Any]) -> list[Manifest]:
    """Where a container finds its model."""
    if not is_fetched(at, unit) or owner_of_model(at, unit) != unit["name"]:
        return []
    return [{"name": cut(f"{unit['name']}-provision-location"), "mountPath": MODEL_PATH, "readOnly": True}]


def initializer(at: InDeployment, unit: Mapping[str, Any]) -> Manifest:
    """The init container that the operator adds where the pod holds none of that name."""
    owner = owner_of_model(at, unit)
    secret = unit.get("envSecretRefName")
    return given(
        {
            "name": cut(f"{owner}-model-initializer"),
            "image": unit.get("storageInitializerImage") or chart.INITIALIZER_IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "args": [unit["modelUri"], MODEL_PATH],
            "envFrom": [{"secretRef": {"name": secret}}] if secret else [],
            "resources": dict(chart.INITIALIZER_RESOURCES),
            "volumeMounts": [{"name": cut(f"{owner}-provision-location"), "mountPath": MODEL_PATH}],
            **_LOG,
        }
    )


def tensorflow_serving(unit: Mapping[str, Any]) -> Manifest:
    """TensorFlow Serving behind Seldon's proxy."""
    return {
        "name": TENSORFLOW_SERVING,
        "image": chart.TENSORFLOW_SERVING,
        "imagePullPolicy": "IfNotPresent",
        "args": _tensorflow_arguments(str(unit["name"]), 2000, 2001),
        "ports": [{"containerPort": port, "protocol": "TCP"} for port in (2000, 2001)],
        "volumeMounts": [
            {"name": f"{TENSORFLOW_SERVING}-provision-location", "mountPath": MODEL_PATH, "readOnly": True}
        ],
        **_LOG,
    }


def executor(at: InDeployment, namespace: Any) -> Manifest:
    """The orchestrator's container; a SeldonDeployment says no more of it than its resources and environment."""
    said = at.predictor.get("svcOrchSpec", {})
    scheme = "HTTPS" if at.predictor.get("ssl") else "HTTP"
    whole = json.dumps({**at.predictor, "traffic": 0, "replicas": 0}, default=str).encode()
    return {
        "name": EXECUTOR,
        "image": chart.EXECUTOR_IMAGE,
        "args": [
            *("--sdep", at.name, "--namespace", namespace, "--predictor", at.predictor["name"]),
            *("--http_port", str(chart.EXECUTOR_HTTP), "--grpc_port", str(chart.EXECUTOR_GRPC)),
            *("--protocol", at.protocol, "--transport", at.spec.get("transport", "rest")),
            *("--prometheus_path", chart.PROMETHEUS_PATH, "--server_type", at.spec.get("serverType", "rpc")),
        ],
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "ENGINE_PREDICTOR", "value": base64.b64encode(whole).decode()}, *said.get("env", ())],
        "ports": [
            {"name": "http", "containerPort": chart.EXECUTOR_HTTP, "protocol": "TCP"},
            {"name": "metrics", "containerPort": chart.EXECUTOR_HTTP, "protocol": "TCP"},
            {"name": "grpc", "containerPort": chart.EXECUTOR_GRPC, "protocol": "TCP"},
        ],
        "readinessProbe": _executor_probe("/ready", scheme),
        "livenessProbe": _executor_probe("/live", scheme),
        "resources": said.get("resources") or dict(chart.EXECUTOR_RESOURCES),
        "securityContext": {"runAsUser": chart.EXECUTOR_USER, "allowPrivilegeEscalation": False},
        "volumeMounts": [PODINFO],
        **_LOG,
    }


def with_mounts(said: Mapping[str, Any], wanted: Sequence[Manifest]) -> list[Manifest]:
    """VolumeMounts that a container has, and those that it lacks."""
    there = [each["name"] for each in said.get("volumeMounts", ())]
    return [*said.get("volumeMounts", ()), *(each for each in wanted if each["name"] not in there)]


def _tensorflow_arguments(name: str, grpc: int, http: int) -> list[str]:
    return [f"--port={grpc}", f"--rest_api_port={http}", f"--model_name={name}", f"--model_base_path={MODEL_PATH}"]


def _executor_probe(path: str, scheme: str) -> Manifest:
    times = {"initialDelaySeconds": 20, "periodSeconds": 5, "failureThreshold": 3, "successThreshold": 1}
    return {
        "httpGet": {"port": chart.EXECUTOR_HTTP, "path": path, "scheme": scheme},
        **times,
        "timeoutSeconds": 60,
    }
