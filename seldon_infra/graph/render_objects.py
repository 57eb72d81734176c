"""What stands beside a SeldonDeployment on a cluster and is its own: service account, storage Secret, NetworkPolicy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from seldon_infra.artifacts.render import rclone_variables
from seldon_infra.artifacts.spec import AzureStorage, MlflowStorage, S3Storage, Storage
from seldon_infra.core.model import Later, known
from seldon_infra.experiments.rollout import NEXT
from seldon_infra.graph.expand.names import hashed
from seldon_infra.graph.logged import address_of
from seldon_infra.graph.render_values import Manifest, given
from seldon_infra.graph.spec import Explainer, NetworkPolicy, Node, Predictor, SeldonDeployment, ServiceAccount
from seldon_infra.graph.walk import nodes

DEPLOYMENT_LABEL = "seldon-deployment-id"
"""Label of every pod that Seldon's operator makes for a deployment, explainers included; its value is the deployment's
name, but for an orchestrator in pods of its own, which has the predictor's Service there. Source: createComponents and
createEngineDeployment of the operator, 1.17.1."""
DNS_PORT, ISTIOD_PORT = 53, 15012
_PORTS = {"http": 80, "https": 443}


def own_objects(deployment: SeldonDeployment) -> dict[str, Manifest]:
    """The deployment's own objects by their kinds, in the order in which they are made."""
    account, policy = account_of(deployment), policy_of(deployment)
    made = {
        "ServiceAccount": service_account(deployment, account) if account and not account.existing else {},
        "Secret": storage_secret(deployment) if deployment.storage else {},
        "NetworkPolicy": network_policy(deployment, policy) if policy else {},
    }
    return {kind: manifest for kind, manifest in made.items() if manifest}


def account_of(deployment: SeldonDeployment) -> ServiceAccount | None:
    """Who the pods are; where the operator fills them in, it says so too."""
    return deployment.service_account if deployment.pod_defaults == "restricted" else None


def account_name(deployment: SeldonDeployment) -> Any:
    """Name of the service account, None where the namespace's own counts."""
    account = account_of(deployment)
    if account is None:
        return None
    return deployment.name if account.name is None else account.name


def policy_of(deployment: SeldonDeployment) -> NetworkPolicy | None:
    """What the pods may talk to; what the operator fills in has no default of ours."""
    left_out = deployment.pod_defaults == "operator" and "network_policy" not in deployment.model_fields_set
    return None if left_out else deployment.network_policy


def service_account(deployment: SeldonDeployment, account: ServiceAccount) -> Manifest:
    """ServiceAccount: pods that have no say of their own, such as an explainer's, get no token by it either."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            **_metadata(deployment, account_name(deployment)),
            **given({"annotations": dict(account.annotations)}),
        },
        "automountServiceAccountToken": False,
    }


def storage_secret(deployment: SeldonDeployment) -> Manifest:
    """Secret with the variables that the storage initializer reads."""
    return secret_of_stores(_metadata(deployment, secret_name(deployment.name)), rclone_variables(deployment.storage))


def secret_of_stores(metadata: Manifest, variables: Mapping[str, Later[str]]) -> Manifest:
    """Secret with variables that the storage initializer reads, whoever's model it fetches."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": variables}


def secret_name(owner: str) -> str:
    """Name of the storage Secret of a deployment or a model server."""
    return f"{owner}-storage"


def with_storage(deployment: SeldonDeployment) -> SeldonDeployment:
    """Let every node and explainer with a model fetch it by the storage Secret, but for those that name their own."""
    if not deployment.storage:
        return deployment
    secret = secret_name(deployment.name)
    changed = [_predictor_with(secret, each) for each in deployment.predictors]
    return deployment.model_copy(update={"predictors": tuple(changed)})


def _predictor_with(secret: str, predictor: Predictor) -> Predictor:
    explainer = predictor.explainer and predictor.explainer.model_copy(update=_reference(secret, predictor.explainer))
    return predictor.model_copy(update={"graph": _node_with(secret, predictor.graph), "explainer": explainer})


def _node_with(secret: str, node: Node) -> Node:
    below = tuple(_node_with(secret, child) for child in node.children)
    children = (
        {} if not below else {"children": below} if "children" in type(node).model_fields else {"child": below[0]}
    )
    return node.model_copy(update={**children, **_reference(secret, node)})


def _reference(secret: str, owner: Node | Explainer) -> dict[str, Any]:
    has_own = owner.model_uri is None or owner.env_secret_ref_name is not None
    return {} if has_own else {"env_secret_ref_name": secret}


def with_account(deployment: SeldonDeployment, pod: Manifest) -> Manifest:
    """Let a pod be the deployment's service account, unless it says in Kubernetes' own words whose it is."""
    name = account_name(deployment)
    return pod if name is None else {**pod, "spec": {"serviceAccountName": name, **pod.get("spec", {})}}


def network_policy(deployment: SeldonDeployment, policy: NetworkPolicy) -> Manifest:
    """NetworkPolicy: nothing in or out but what is listed."""
    own = {"podSelector": own_pods(deployment)}
    callers = [_namespace(name) for name in (*policy.ingress_namespaces, *policy.monitoring_namespaces)]
    callers += [{"ipBlock": {"cidr": each}} for each in policy.ingress_cidrs]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(deployment, deployment.name),
        "spec": {
            **own,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [own, *callers]}],
            "egress": [{"to": [own]}, *_egress(deployment, policy)],
        },
    }


def own_pods(deployment: SeldonDeployment) -> Manifest:
    """Choose the deployment's pods, orchestrators' own ones included."""
    if not deployment.engine_separate_pod:
        return {"matchLabels": {DEPLOYMENT_LABEL: deployment.name}}
    orchestrators = [service_of(deployment, predictor) for predictor in deployment.predictors]
    if deployment.rollout:
        orchestrators += [hashed(f"{deployment.name}-{it.name}{NEXT}") for it in deployment.predictors]
    one_of = {"key": DEPLOYMENT_LABEL, "operator": "In", "values": [deployment.name, *orchestrators]}
    return {"matchExpressions": [one_of]}


def service_of(deployment: SeldonDeployment, predictor: Predictor) -> Any:
    """Name of the Service that leads to a predictor."""
    own = predictor.service_name
    return hashed(f"{deployment.name}-{predictor.name}") if own is None else own


def _egress(deployment: SeldonDeployment, policy: NetworkPolicy) -> Iterator[Manifest]:
    yield {"ports": [_port(DNS_PORT, "UDP"), _port(DNS_PORT)]}
    ports = sorted({*policy.egress_ports, *ports_asked(deployment)})
    if ports:
        yield {"ports": [_port(port) for port in ports]}
    if policy.ingress_namespaces:
        yield {"to": [_namespace(name) for name in policy.ingress_namespaces], "ports": [_port(ISTIOD_PORT)]}
    if policy.egress_namespaces:
        yield {"to": [_namespace(name) for name in policy.egress_namespaces]}


def ports_asked(deployment: SeldonDeployment) -> set[int]:
    """Ports on which the definition says that something is asked: stores, loggers, brokers."""
    found = {port_of(url) for url in (*_uris(deployment), *_loggers(deployment), *_brokers(deployment))}
    return {port for port in found if port is not None} | ports_of_stores(deployment.storage)


def ports_of_stores(storage: Iterable[Storage]) -> set[int]:
    """Ports of stores that have an address of their own."""
    storages = (each.artifacts if isinstance(each, MlflowStorage) else each for each in storage)
    urls = (known(each.endpoint) for each in storages if isinstance(each, S3Storage | AzureStorage))
    return {port for port in map(port_of, urls) if port is not None}


def port_of(url: str | None) -> int | None:
    """Port of an address, where it is known and has one."""
    try:
        parts = urlsplit(url or "")
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # no port at all; rules about addresses say so
        return None


def _uris(deployment: SeldonDeployment) -> Iterator[str | None]:
    for predictor in deployment.predictors:
        owners = (*nodes(predictor.graph), *((predictor.explainer,) if predictor.explainer else ()))
        yield from (known(owner.model_uri) for owner in owners)


def _loggers(deployment: SeldonDeployment) -> Iterator[str | None]:
    """Addresses of loggers; the operator's own default is a broker of Knative's, on port 80."""
    if deployment.request_log and deployment.request_log.kafka:
        return
    for predictor in deployment.predictors:
        for node in nodes(predictor.graph):
            if node.logger:
                url = address_of(node.logger)
                yield "http://default-broker" if url is None else known(url)


def _brokers(deployment: SeldonDeployment) -> Iterator[str | None]:
    topic = deployment.request_log.kafka if deployment.request_log else None
    brokers = known(topic.brokers) if topic else None
    yield from (f"kafka://{broker}" for broker in (brokers.split(",") if brokers else ()))
    for predictor in deployment.predictors:
        for variable in predictor.orchestrator.env if predictor.orchestrator else ():
            value = known(variable.value)
            if variable.name == "KAFKA_BROKER" and value:
                yield from (f"kafka://{broker}" for broker in value.split(","))


def _port(port: int, protocol: str = "TCP") -> Manifest:
    return {"protocol": protocol, "port": port}


def _namespace(name: Any) -> Manifest:
    """A namespace by the label that the API server itself keeps."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _metadata(deployment: SeldonDeployment, name: Any) -> Manifest:
    return {"name": name, "namespace": deployment.namespace}
