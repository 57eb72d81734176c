"""A SeldonDeployment as the manifest that a cluster gets, ``machinelearning.seldon.io/v1``.

Every field has one place, in the order of the API. What a golden test shows is what the API server sees.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Later, known
from seldon_infra.graph.check import check_manifest
from seldon_infra.graph.render_graph import graph
from seldon_infra.graph.render_objects import account_name, own_objects, with_account, with_storage
from seldon_infra.graph.render_pods import component_specs, explainer_container
from seldon_infra.graph.render_security import USED_BY_ORCHESTRATOR, filled_resources
from seldon_infra.graph.render_values import (
    Manifest,
    as_text,
    endpoint,
    env,
    given,
    json_text,
    milliseconds,
    resources,
    seconds,
)
from seldon_infra.graph.rules.payloads import BROKER_ENV, TOPIC_ENV
from seldon_infra.graph.spec import Explainer, Predictor, Router, SeldonDeployment
from seldon_infra.graph.walk import nodes

API_VERSION = "machinelearning.seldon.io/v1"
STICKY_HEADER = "seldon-infra/sticky-header"
"""Annotation that keeps the header of a sticky session: Seldon's operator has no field for it, an ingress has."""

ROUTING_ENV = "SELDON_ENABLE_ROUTING_INJECTION"
STACK_MARK = "seldon-infra/stack"
"""Annotation of what a stack declares on a cluster: PROJECT/STACK, so that another stack sees whose it is."""


def manifests(deployments: Iterable[SeldonDeployment]) -> tuple[Manifest, ...]:
    """Render deployments with the namespaces they are in: namespaces by name, then deployments in their own order,
    each after what is its own.

    Raises:
        InvalidSpec: a cluster cannot run some of them; all problems at once.
    """
    deployments = tuple(deployments)
    problems = [problem for deployment in deployments for problem in check_manifest(deployment)]
    if problems:
        raise InvalidSpec(problems)
    own = (
        each
        for deployment in deployments
        for each in (*own_objects(deployment).values(), seldon_deployment(deployment))
    )
    return (*map(namespace, namespaces(deployments)), *own)


class InNamespace(Protocol):
    """Anything that says in which namespace it is."""

    @property
    def namespace(self) -> Later[str]:
        """The namespace."""


def namespaces(deployments: Iterable[InNamespace]) -> list[str]:
    """Give the namespaces that deployments are in, each once; one that is an Output is made by whoever gave it."""
    return sorted({name for name in (known(deployment.namespace) for deployment in deployments) if name is not None})


def namespace(name: str) -> Manifest:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def seldon_deployment(deployment: SeldonDeployment) -> Manifest:
    """A SeldonDeployment.

    Raises:
        InvalidSpec: a cluster cannot run it, such as for a node without image.
    """
    problems = check_manifest(deployment)
    if problems:
        raise InvalidSpec(problems)
    deployment = with_storage(deployment)
    return {
        "apiVersion": API_VERSION,
        "kind": "SeldonDeployment",
        "metadata": given(
            {
                "name": deployment.name,
                "namespace": deployment.namespace,
                "labels": given({"seldon.io/controller-id": deployment.controller_id, **deployment.labels}),
                "annotations": given({STICKY_HEADER: deployment.sticky.header if deployment.sticky else None}),
            }
        ),
        "spec": given(
            {
                "annotations": deployment_annotations(deployment),
                "oauth_key": deployment.oauth_key,
                "oauth_secret": deployment.oauth_secret,
                "protocol": deployment.protocol,
                "transport": deployment.transport,
                "serverType": deployment.server_type,
                "replicas": deployment.replicas,
                "predictors": [predictor(deployment, each) for each in deployment.predictors],
            }
        ),
    }


def deployment_annotations(deployment: SeldonDeployment) -> Manifest:
    """Annotations of the whole deployment: those of the operator that are fields here, then the user's own."""
    return given(
        {
            **_operator_annotations(deployment),
            **_istio_annotations(deployment),
            **_ambassador_annotations(deployment),
            **deployment.annotations,
        }
    )


def predictor(deployment: SeldonDeployment, spec: Predictor) -> Manifest:
    """One version of the answer."""
    return given(
        {
            "name": spec.name,
            "graph": graph(deployment, spec.graph),
            "replicas": spec.replicas,
            "traffic": spec.traffic,
            "shadow": spec.shadow or None,
            "labels": dict(spec.labels),
            "annotations": predictor_annotations(spec),
            "progressDeadlineSeconds": spec.progress_deadline_seconds,
            "engineResources": resources(spec.engine_resources),
            "svcOrchSpec": orchestrator(deployment, spec),
            "ssl": {"certSecretName": spec.ssl.cert_secret_name} if spec.ssl else {},
            "explainer": explainer(deployment, spec.explainer),
            "componentSpecs": [with_account(deployment, pod) for pod in component_specs(deployment, spec)],
        }
    )


def predictor_annotations(spec: Predictor) -> Manifest:
    """Annotations of a predictor: those of the operator that are fields here, then the user's own."""
    return given(
        {
            "seldon.io/no-engine": _flag(spec.no_engine),
            "seldon.io/svc-name": spec.service_name,
            **spec.annotations,
        }
    )


def orchestrator(deployment: SeldonDeployment, spec: Predictor) -> Manifest:
    """The predictor's orchestrator, Seldon's executor."""
    said = spec.orchestrator
    return given(
        {
            "replicas": said.replicas if said else None,
            "resources": orchestrator_resources(deployment, spec),
            "env": [
                *(env(said.env) if said else []),
                *_payload_topic(deployment, spec),
                *_recorded_routing(deployment, spec),
            ],
        }
    )


def _recorded_routing(deployment: SeldonDeployment, spec: Predictor) -> list[Manifest]:
    """Have the executor say in ``meta.routing`` which children routers took: feedback finds its way by that alone.

    Without it feedback comes to all children. Source: executor/predictor/predictor_process.go of SeldonIO/seldon-core.
    """
    given_already = spec.orchestrator and any(each.name == ROUTING_ENV for each in spec.orchestrator.env)
    routers = any(isinstance(node, Router) for node in nodes(spec.graph))
    if not routers or given_already or deployment.protocol != "seldon" or deployment.pod_defaults == "operator":
        return []
    return [{"name": ROUTING_ENV, "value": "true"}]


def _payload_topic(deployment: SeldonDeployment, spec: Predictor) -> list[Manifest]:
    """Where the executor sends payloads, if that is Kafka."""
    topic = deployment.request_log.kafka if deployment.request_log else None
    if topic is None or not any(node.logger for node in nodes(spec.graph)):
        return []
    return [{"name": BROKER_ENV, "value": topic.brokers}, {"name": TOPIC_ENV, "value": topic.topic}]


def orchestrator_resources(deployment: SeldonDeployment, spec: Predictor) -> Manifest:
    """What the orchestrator asks for and may use; nothing where the operator decides, or another field has said it."""
    said = spec.orchestrator.resources if spec.orchestrator else None
    if deployment.pod_defaults == "operator" or spec.engine_resources or spec.no_engine:
        return resources(said)
    return filled_resources(said, USED_BY_ORCHESTRATOR)


def explainer(deployment: SeldonDeployment, spec: Explainer | None) -> Manifest:
    """The server that explains a predictor's answers."""
    if spec is None:
        return {}
    return given(
        {
            "type": spec.type,
            "modelUri": spec.model_uri,
            "serviceAccountName": own if (own := spec.service_account_name) is not None else account_name(deployment),
            "containerSpec": explainer_container(deployment, spec),
            "config": dict(spec.config),
            "endpoint": endpoint(spec.endpoint),
            "envSecretRefName": spec.env_secret_ref_name,
            "storageInitializerImage": spec.storage_initializer_image,
            "replicas": spec.replicas,
            "initParameters": json_text(spec.init_parameters),
        }
    )


def _operator_annotations(deployment: SeldonDeployment) -> Manifest:
    timeouts, queue = deployment.timeouts, deployment.request_log
    return {
        "seldon.io/rest-timeout": milliseconds(timeouts.rest) if timeouts else None,
        "seldon.io/grpc-timeout": milliseconds(timeouts.grpc) if timeouts else None,
        "seldon.io/engine-separate-pod": _flag(deployment.engine_separate_pod),
        "seldon.io/headless-svc": _flag(deployment.headless_service),
        "seldon.io/no-storage-initializer": _flag(deployment.no_storage_initializer),
        "seldon.io/executor-logger-queue-size": as_text(queue.size) if queue else None,
        "seldon.io/executor-logger-write-timeout-ms": milliseconds(queue.write_timeout) if queue else None,
    }


def _istio_annotations(deployment: SeldonDeployment) -> Manifest:
    istio = deployment.istio
    if istio is None:
        return {}
    return {
        "seldon.io/istio-gateway": istio.gateway,
        "seldon.io/istio-host": istio.host,
        "seldon.io/istio-retries": as_text(istio.retries),
        "seldon.io/istio-retries-timeout": seconds(istio.retries_timeout),
    }


def _ambassador_annotations(deployment: SeldonDeployment) -> Manifest:
    ambassador = deployment.ambassador
    if ambassador is None:
        return {}
    breakers = ambassador.circuit_breakers
    limits = (
        {
            "max-connections": breakers.max_connections,
            "max-requests": breakers.max_requests,
            "max-pending-requests": breakers.max_pending_requests,
            "max-retries": breakers.max_retries,
        }
        if breakers
        else {}
    )
    return {
        "seldon.io/ambassador-service-name": ambassador.service_name,
        "seldon.io/ambassador-config": ambassador.config,
        "seldon.io/ambassador-header": ambassador.header,
        "seldon.io/ambassador-regex-header": ambassador.regex_header,
        "seldon.io/ambassador-id": ambassador.id,
        "seldon.io/ambassador-retries": as_text(ambassador.retries),
        **{f"seldon.io/ambassador-circuit-breakers-{name}": as_text(value) for name, value in limits.items()},
    }


def _flag(value: bool) -> Any:
    return "true" if value else None
