"""The Deployment and Service of an explainer. Source: seldondeployment_explainers.go of the operator 1.17.1."""

from __future__ import annotations

import json
from typing import Any

from seldon_infra.graph.expand import chart
from seldon_infra.graph.expand.names import APP, ID, MANAGED, hashed, service_of
from seldon_infra.graph.expand.objects import deployment_object, service
from seldon_infra.graph.expand.pods import MODEL_PATH, PODINFO_VOLUME, InDeployment, initializer
from seldon_infra.graph.render_values import Manifest, given

_STOPS_LATER = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "/bin/sleep 10"]}}}
_EXPLAINER_TYPES = {
    "AnchorTabular": "anchor_tabular",
    "AnchorImages": "anchor_image",
    "AnchorText": "anchor_text",
    "Counterfactuals": "counterfactuals",
    "Contrastive": "contrastive",
    "KernelShap": "kernel_shap",
    "IntegratedGradients": "integrated_gradients",
    "ALE": "ALE",
    "TreeShap": "tree_shap",
}


def explainer_objects(at: InDeployment, namespace: Any) -> list[Manifest]:
    """What serves a predictor's explanations."""
    said, name = at.predictor["explainer"], hashed(f"{at.name}-{at.predictor['name']}-explainer")
    spec: Manifest = {"containers": [container(at, namespace, name)], "volumes": [PODINFO_VOLUME]}
    if said.get("modelUri"):
        unit = {**said, "name": spec["containers"][0]["name"]}
        fetching = initializer(at, unit)
        place = fetching["volumeMounts"][0]["name"]
        spec["initContainers"] = [fetching]
        spec["volumes"] = [*spec["volumes"], {"name": place, "emptyDir": {}}]
        spec["containers"][0]["volumeMounts"] = [{"name": place, "mountPath": MODEL_PATH, "readOnly": True}]
    if said.get("serviceAccountName"):
        spec["serviceAccountName"] = said["serviceAccountName"]
    labels = {"seldon.io/explainer": "true", **MANAGED, APP: name}
    made = deployment_object(at, namespace, name, given({"replicas": said.get("replicas")}), spec, labels)
    answering = {APP: service_of(at.name, at.predictor), ID: at.name, **MANAGED, "seldon.io/explainer": "true"}
    return [made, service(at, namespace, name, answering, {APP: name}, {"http": chart.FIRST_HTTP})]


def container(at: InDeployment, namespace: Any, name: str) -> Manifest:
    """The explainer's container: what the definition says, and what the operator fills in."""
    said = dict(at.predictor["explainer"].get("containerSpec", {}))
    asked = {"tcpSocket": {"port": "http"}, "periodSeconds": 5, "successThreshold": 1, "timeoutSeconds": 1}
    return {
        "name": name,
        "image": chart.EXPLAINERS["v2" if at.protocol == "v2" else "seldon"],
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": chart.FIRST_HTTP, "protocol": "TCP"}],
        "livenessProbe": {**asked, "initialDelaySeconds": 60, "failureThreshold": 5},
        "readinessProbe": {**asked, "initialDelaySeconds": 20, "failureThreshold": 7},
        "lifecycle": _STOPS_LATER,
        **said,
        **_start(at, f"{service_of(at.name, at.predictor)}.{namespace}:{chart.EXECUTOR_HTTP}"),
    }


def _start(at: InDeployment, asked: str) -> Manifest:
    said, graph = at.predictor["explainer"], at.predictor["graph"]
    if at.protocol == "v2":
        extra = {
            "explainer_type": _EXPLAINER_TYPES[said["type"]],
            "infer_uri": f"http://{asked}/v2/models/{graph['name']}/infer",
        }
        variables = {
            "MLSERVER_HTTP_PORT": str(chart.FIRST_HTTP),
            "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_alibi_explain.AlibiExplainRuntime",
            "MLSERVER_MODEL_URI": MODEL_PATH,
            "MLSERVER_MODEL_EXTRA": json.dumps(extra),
        }
        return {"env": [{"name": key, "value": value} for key, value in variables.items()]}
    arguments = [f"--model_name={graph['name']}", f"--predictor_host={asked}", f"--http_port={chart.FIRST_HTTP}"]
    settings = [f"--{key}={value}" for key, value in sorted(said.get("config", {}).items())]
    stored = [f"--storage_uri={MODEL_PATH}"] if said.get("modelUri") else []
    return {"args": [*arguments, *stored, said["type"], *settings]}
