"""A whole manifest: predictors, explainers, and the comparison at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from seldon_infra.core.errors import InvalidGraph
from seldon_infra.core.problems import Problem, shown
from seldon_infra.core.source import source
from seldon_infra.graph import manifest as wire
from seldon_infra.graph.read import operator_annotations, pods
from seldon_infra.graph.read.errors import from_manifest_error
from seldon_infra.graph.read.nodes import GraphReader
from seldon_infra.graph.read.normal import LAST_APPLIED, differences, normal, units
from seldon_infra.graph.read.values import endpoint, env, given, resources
from seldon_infra.graph.render import STICKY_HEADER, seldon_deployment
from seldon_infra.graph.render_pods import component_specs, explainer_container
from seldon_infra.graph.spec import (
    Explainer,
    Orchestrator,
    Pod,
    PodDefaults,
    Predictor,
    Protocol,
    SeldonDeployment,
    Ssl,
    StickySession,
)

CONTROLLER_ID = "seldon.io/controller-id"


@dataclass(frozen=True)
class Read:
    """A typed deployment, and what a reader of it should know."""

    deployment: SeldonDeployment
    notes: tuple[str, ...] = ()
    """What the manifest says that means nothing, or that is written in another way now."""


def read_deployment(document: Mapping[str, Any]) -> Read:
    """Read a SeldonDeployment from its manifest, as plain data.

    Raises:
        InvalidGraph: the manifest has unknown fields or wrong values, or says what the typed values cannot; all at
            once, each with its path.
        InvalidSpec: a part of it breaks a rule of its own type.
    """
    try:
        found = wire.SeldonDeploymentManifest.model_validate(_without_nulls(document))
    except ValidationError as error:
        raise InvalidGraph(from_manifest_error(error, document)) from None
    both: tuple[PodDefaults, ...] = ("operator", "restricted")
    made = [_deployment(found, defaults) for defaults in both]
    lost = {deployment.pod_defaults: list(_lost(document, deployment)) for deployment in made}
    whole = [deployment for deployment in made if not lost[deployment.pod_defaults]]
    if not whole:
        fewest = min(lost.values(), key=len)
        raise InvalidGraph(fewest)
    return Read(min(whole, key=lambda deployment: len(source(deployment))), tuple(_notes(found)))


def _deployment(found: wire.SeldonDeploymentManifest, defaults: PodDefaults) -> SeldonDeployment:
    """Read everything; pods are rendered once without what is left to say of them, to find out what that is."""
    bare = SeldonDeployment(**_fields(found, defaults), predictors=tuple(_predictors(found, None)))
    return SeldonDeployment(**_fields(found, defaults), predictors=tuple(_predictors(found, bare)))


def _fields(found: wire.SeldonDeploymentManifest, defaults: PodDefaults) -> dict[str, Any]:
    metadata, spec = found.metadata, found.spec
    labels = dict(metadata.labels or {})
    operators = operator_annotations.deployment_fields(spec.annotations)
    sticky = (metadata.annotations or {}).get(STICKY_HEADER)
    fields = given(
        name=metadata.name,
        namespace=metadata.namespace,
        controller_id=labels.pop(CONTROLLER_ID, None),
        labels=labels,
        sticky=StickySession(header=sticky) if sticky else None,
        protocol=_protocol(spec),
        transport=spec.transport,
        server_type=spec.server_type,
        replicas=spec.replicas,
        oauth_key=spec.oauth_key,
        oauth_secret=spec.oauth_secret,
        pod_defaults=defaults,
    )
    return {**fields, **operators}


def _protocol(spec: wire.SeldonDeploymentSpec) -> Protocol:
    return "v2" if spec.protocol == "kfserving" else spec.protocol or "seldon"


def _without_nulls(value: Any) -> Any:
    """Leave out what is null: the API server takes it for absent."""
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [_without_nulls(item) for item in value]
    return value


def _predictors(found: wire.SeldonDeploymentManifest, bare: SeldonDeployment | None) -> Iterator[Predictor]:
    for index, predictor in enumerate(found.spec.predictors):
        before = (bare, bare.predictors[index]) if bare else None
        yield _PredictorReader(_protocol(found.spec), predictor, f"spec.predictors[{index}]").read(before)


@dataclass(frozen=True)
class _PredictorReader:
    protocol: Protocol
    found: wire.PredictorSpec
    path: str

    def read(self, bare: tuple[SeldonDeployment, Predictor] | None) -> Predictor:
        """Read the predictor; with its bare form also what its typed fields leave to say of its pods."""
        found, nodes = self.found, list(units(self.found.graph.model_dump(by_alias=True)))
        names = frozenset(str(unit["name"]) for unit in nodes)
        fetched = frozenset(str(unit["name"]) for unit in nodes if unit.get("modelUri"))
        specs, digests = pods.without_digests(self.found.component_specs or (), fetched)
        placed = pods.layout(specs, names)
        left = self._left(placed, *bare) if bare else {}
        own = {name: self._own_pod(pod, left.get(name, {})) for name, pod in placed.own.items()}
        reader = GraphReader(self.protocol, pods.containers(specs), own, digests)
        shared = placed.shared
        return Predictor(
            **given(
                name=found.name,
                graph=reader.read(found.graph, f"{self.path}.graph"),
                replicas=found.replicas,
                traffic=found.traffic,
                shadow=found.shadow or None,
                labels=found.labels,
                progress_deadline_seconds=found.progress_deadline_seconds,
                engine_resources=resources(found.engine_resources),
                orchestrator=_orchestrator(found.svc_orch_spec),
                ssl=Ssl(cert_secret_name=found.ssl.cert_secret_name or "") if found.ssl else None,
                explainer=self._explainer(bare),
                hpa=pods.hpa(shared.hpa_spec) if shared else None,
                keda=pods.keda(shared.keda_spec) if shared else None,
                pdb=pods.pdb(shared.pdb_spec) if shared else None,
                pod=pods.template(shared, left.get("", {})),
            ),
            **operator_annotations.predictor_fields(found.annotations),
        )

    def _own_pod(self, found: wire.SeldonPodSpec, left: Mapping[str, Any]) -> Pod:
        fields = given(
            replicas=found.replicas,
            hpa=pods.hpa(found.hpa_spec),
            keda=pods.keda(found.keda_spec),
            pdb=pods.pdb(found.pdb_spec),
            template=pods.template(found, left),
        )
        return Pod(**fields)

    def _left(
        self, placed: pods.Layout, deployment: SeldonDeployment, predictor: Predictor
    ) -> dict[str, Mapping[str, Any]]:
        """What merging must change in the pods that the bare predictor renders to: by node, ``""`` for the shared."""
        rendered = component_specs(deployment, predictor)
        by_node = {name: pod for pod in rendered for name in _container_names(pod)}
        bare_shared = next((pod for pod in rendered if not set(_container_names(pod)) & set(placed.own)), {})
        left: dict[str, Mapping[str, Any]] = {
            name: pods.override(by_node.get(name, {}).get("spec", {}), pod.spec or {})
            for name, pod in placed.own.items()
        }
        if placed.shared is not None:
            left[""] = pods.override(bare_shared.get("spec", {}), placed.shared.spec or {})
        return left

    def _explainer(self, bare: tuple[SeldonDeployment, Predictor] | None) -> Explainer | None:
        found = self.found.explainer
        if found is None or found.type is None:
            return None
        container: Mapping[str, Any] = found.container_spec or {}
        fields = given(
            type=found.type,
            model_uri=found.model_uri,
            init_parameters=_json(found.init_parameters),
            config=found.config,
            replicas=found.replicas,
            resources=resources(container.get("resources")),
            env=env(container.get("env")),
            endpoint=endpoint(found.endpoint),
            service_account_name=found.service_account_name,
            env_secret_ref_name=found.env_secret_ref_name,
            storage_initializer_image=found.storage_initializer_image,
        )
        if bare is None or bare[1].explainer is None or not container:
            return Explainer(**fields)
        rendered = explainer_container(bare[0], bare[1].explainer) or {"name": "explainer"}
        return Explainer(**fields, **given(container=pods.override(rendered, container)))


def _orchestrator(found: wire.SvcOrchSpec | None) -> Orchestrator | None:
    if found is None:
        return None
    fields = given(replicas=found.replicas, resources=resources(found.resources), env=env(found.env))
    return Orchestrator(**fields) if fields else None


def _json(text: str | None) -> Mapping[str, Any] | None:
    """Arguments that are written as JSON text; what is none stays out, and the comparison at the end names it."""
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _container_names(pod: Mapping[str, Any]) -> list[str]:
    return [str(container["name"]) for container in pod.get("spec", {}).get("containers", [])]


def _lost(document: Mapping[str, Any], deployment: SeldonDeployment) -> Iterator[Problem]:
    """What the typed value says otherwise than the manifest."""
    for path, wanted, found in differences(normal(document), normal(seldon_deployment(deployment))):
        if wanted is None:
            fix = "write it in the manifest if it is meant, else report this as a defect"
            yield Problem(path, "is not set", f"would become {shown(found)}", fix)
        else:
            fix = "remove it, or keep this manifest as it is and apply it beside the stack"
            yield Problem(path, shown(wanted), "has no place in the typed values", fix)


def _notes(found: wire.SeldonDeploymentManifest) -> Iterator[str]:
    if found.spec.name is not None:
        yield f"spec.name '{found.spec.name}' is left out: Seldon's operator has read metadata.name since v1"
    if found.spec.protocol == "kfserving":
        yield "spec.protocol 'kfserving' is written 'v2', its name today"
    if LAST_APPLIED in (found.metadata.annotations or {}):
        yield f"metadata.annotations '{LAST_APPLIED}' is left out: it belongs to kubectl"
    if any(
        pod.hpa_spec and pod.hpa_spec.metrics for each in found.spec.predictors for pod in each.component_specs or ()
    ):
        yield "hpaSpec.metrics is written as metricsv2: Kubernetes has withdrawn autoscaling/v2beta1"
