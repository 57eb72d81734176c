"""What stands beside a SeldonDeployment on a cluster and is its own: service account, storage Secret, NetworkPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from seldon_infra.artifacts.render import rclone_variables
from seldon_infra.artifacts.spec import S3Storage
from seldon_infra.core.model import known
from seldon_infra.graph.render_values import Manifest, given
from seldon_infra.graph.spec import Explainer, NetworkPolicy, Node, SeldonDeployment, ServiceAccount
from seldon_infra.graph.walk import nodes

DEPLOYMENT_LABEL = "seldon-deployment-id"
"""Label of every pod that Seldon's operator makes for a deployment, explainers and orchestrators included; its value is
the deployment's name. Source: createComponents and createEngineDeployment of the operator, 1.17.1."""
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
    """Who the pods are; what the operator fills in has no default of ours."""
    return deployment.service_account if _is_wanted(deployment, "service_account") else None


def account_name(deployment: SeldonDeployment) -> Any:
    """Name of the service account, None where the namespace's own counts."""
    account = account_of(deployment)
    return (account.name or deployment.name) if account else None


def policy_of(deployment: SeldonDeployment) -> NetworkPolicy | None:
    """What the pods may talk to; what the operator fills in has no default of ours."""
    return deployment.network_policy if _is_wanted(deployment, "network_policy") else None


def service_account(deployment: SeldonDeployment, account: ServiceAccount) -> Manifest:
    """ServiceAccount: pods that have no say of their own, such as an explainer's, get no token by it either."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            **_metadata(deployment, account_name(deployment)),
            **given({"annotations": dict(account.annotations)}),
        },
        "automountServiceAccountToken": account.mount_token,
    }


def storage_secret(deployment: SeldonDeployment) -> Manifest:
    """Secret with the variables that the storage initializer reads."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(deployment, secret_name(deployment)),
        "type": "Opaque",
        "stringData": rclone_variables(deployment.storage),
    }


def secret_name(deployment: SeldonDeployment) -> str:
    """Name of the storage Secret."""
    return f"{deployment.name}-storage"


def secret_for(deployment: SeldonDeployment, owner: Node | Explainer) -> Any:
    """Name of the Secret with which a node's or explainer's model is fetched, None for the operator's own."""
    if owner.env_secret_ref_name is not None:
        return owner.env_secret_ref_name
    return secret_name(deployment) if deployment.storage and owner.model_uri is not None else None


def network_policy(deployment: SeldonDeployment, policy: NetworkPolicy) -> Manifest:
    """NetworkPolicy: nothing in or out but what is listed."""
    own = {"podSelector": {"matchLabels": {DEPLOYMENT_LABEL: deployment.name}}}
    callers = [_namespace(name) for name in (*policy.ingress_namespaces, *policy.monitoring_namespaces)]
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
    stores = (known(each.endpoint) if isinstance(each, S3Storage) else None for each in deployment.storage)
    found = {_port_of(url) for url in (*stores, *_uris(deployment), *_loggers(deployment), *_brokers(deployment))}
    return {port for port in found if port is not None}


def _uris(deployment: SeldonDeployment) -> Iterator[str | None]:
    for predictor in deployment.predictors:
        owners = (*nodes(predictor.graph), *((predictor.explainer,) if predictor.explainer else ()))
        yield from (known(owner.model_uri) for owner in owners)


def _loggers(deployment: SeldonDeployment) -> Iterator[str | None]:
    """Addresses of loggers; the operator's own default is a broker of Knative's, on port 80."""
    for predictor in deployment.predictors:
        for node in nodes(predictor.graph):
            if node.logger:
                yield known(node.logger.url) if node.logger.url else "http://default-broker"


def _brokers(deployment: SeldonDeployment) -> Iterator[str | None]:
    for predictor in deployment.predictors:
        for variable in predictor.orchestrator.env if predictor.orchestrator else ():
            value = known(variable.value)
            if variable.name == "KAFKA_BROKER" and value:
                yield from (f"kafka://{broker}" for broker in value.split(","))


def _port_of(url: str | None) -> int | None:
    try:
        parts = urlsplit(url or "")
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # no port at all; rules about addresses say so
        return None


def _port(port: int, protocol: str = "TCP") -> Manifest:
    return {"protocol": protocol, "port": port}


def _namespace(name: Any) -> Manifest:
    """A namespace by the label that the API server itself keeps."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _metadata(deployment: SeldonDeployment, name: Any) -> Manifest:
    return {"name": name, "namespace": deployment.namespace}


def _is_wanted(deployment: SeldonDeployment, field: str) -> bool:
    return deployment.pod_defaults == "restricted" or field in deployment.model_fields_set
