"""The operator's chart: where it comes from and its values, in the order of the chart's values.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from seldon_infra.charts.render import over
from seldon_infra.charts.spec import Chart
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.manifest import GROUP, KIND
from seldon_infra.graph.render_values import given

if TYPE_CHECKING:
    from seldon_infra.seldon_core.spec import (
        Executor,
        OperatorProcess,
        RequestLogger,
        SeldonCore,
        ServerImage,
        StorageInitializer,
    )

RELEASE = "seldon-core"
REPOSITORY = "https://storage.googleapis.com/seldon-charts"
CHART = "seldon-core-operator"
DEFAULT_REGISTRY = "docker.io"
CONTROLLER_ID = "seldon.io/controller-id"


def chart(core: SeldonCore) -> Chart:
    """The chart that is installed. Source: doc/source/workflow/install.rst of SeldonIO/seldon-core 1.17.1."""
    return core.chart or Chart(name=CHART, repository=REPOSITORY, version=core.version)


def values(core: SeldonCore, reached: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the chart.

    Args:
        core: what is declared.
        reached: the part of the values that says which ingress leads to deployments.
    """
    rendered = given(
        {
            **reached,
            "keda": {"enabled": core.keda},
            "certManager": {"enabled": core.webhook_certificate == "cert-manager"},
            "controllerId": core.controller_id,
            "defaultUserID": "" if core.default_user is None else str(core.default_user),
            "executor": _executor(core.executor),
            "manager": _operator(core.operator),
            "singleNamespace": core.single_namespace,
            "storageInitializer": _storage_initializer(core.storage_initializer),
            "usageMetrics": {"enabled": core.usage_metrics},
            "webhook": given({"port": core.webhook_port}),
            "predictor_servers": _servers(core.servers),
            "crd": {"create": core.crd},
            "explainer": given({"image": core.explainer_image, "image_v2": core.explainer_image_v2}),
        }
    )
    return over(rendered, core.values)


def namespace_labels(core: SeldonCore) -> dict[str, str]:
    """Labels of the operator's namespace: the webhook of one that sees to its own namespace looks for its label."""
    return {CONTROLLER_ID: core.namespace} if core.single_namespace else {}


def probe(core: SeldonCore) -> dict[str, Any]:
    """A SeldonDeployment that only asks: as a dry run it reaches the webhook and leaves nothing."""
    labels = given({"labels": given({CONTROLLER_ID: core.controller_id})})
    container = {"name": "probe", "image": "probe:1"}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": KIND,
        "metadata": {"name": "seldon-infra-probe", "namespace": core.namespace, **labels},
        "spec": {
            "predictors": [
                {
                    "name": "probe",
                    "graph": {"name": "probe", "type": "MODEL"},
                    "componentSpecs": [{"spec": {"containers": [container]}}],
                }
            ]
        },
    }


def _executor(executor: Executor | None) -> dict[str, Any]:
    if executor is None:
        return {}
    return given(
        {
            "image": {} if executor.image is None else image_parts(executor.image),
            "resources": _amounts(executor),
            "prometheus": given({"path": executor.prometheus_path}),
            "user": executor.user,
            "requestLogger": _request_logger(executor.request_logger),
            "fullHealthChecks": executor.full_health_checks,
        }
    )


def _request_logger(logger: RequestLogger | None) -> dict[str, Any]:
    if logger is None:
        return {}
    waits = parse_duration(logger.write_timeout or "")
    return given(
        {
            "defaultEndpoint": logger.default_endpoint,
            "workQueueSize": logger.queue_size,
            "writeTimeoutMs": ceil(waits * 1000) if waits else None,
        }
    )


def _operator(operator: OperatorProcess | None) -> dict[str, Any]:
    return {} if operator is None else given({**_amounts(operator), "logLevel": operator.log_level})


def _storage_initializer(initializer: StorageInitializer | None) -> dict[str, Any]:
    return {} if initializer is None else given({"image": initializer.image, **_amounts(initializer)})


def _amounts(owner: Executor | OperatorProcess | StorageInitializer) -> dict[str, Any]:
    return given(
        {
            "cpuLimit": owner.cpu_limit,
            "cpuRequest": owner.cpu_request,
            "memoryLimit": owner.memory_limit,
            "memoryRequest": owner.memory_request,
        }
    )


def _servers(servers: Iterable[ServerImage]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for server in servers:
        protocols = found.setdefault(server.implementation, {"protocols": {}})["protocols"]
        protocols[server.protocol] = {"image": server.image, "defaultImageVersion": server.version}
    return found


def image_parts(image: str) -> dict[str, str]:
    """Write an image as the chart takes it apart; it joins repository and tag by ``:``, a digest's too."""
    first, slash, rest = image.partition("/")
    has_registry = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    registry, name = (first, rest) if has_registry else (DEFAULT_REGISTRY, image)
    repository, _, tag = name.rpartition(":")
    return {"registry": registry, "repository": repository, "tag": tag}
