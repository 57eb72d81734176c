"""The payload log as Kubernetes' own objects, in the order in which they are made, and loggers that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from seldon_infra.core.model import Later, is_later, known
from seldon_infra.graph.check import too_large
from seldon_infra.graph.logged import LoggerThroughLog, through_log
from seldon_infra.graph.render_objects import DNS_PORT, port_of
from seldon_infra.graph.render_security import (
    container_context,
    filled_resources,
    pod_context,
    scratch_mounts,
    scratch_volumes,
)
from seldon_infra.graph.render_values import Manifest, given
from seldon_infra.graph.rules.payloads import is_broker
from seldon_infra.graph.spec import Logger, PodSecurity, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.payload_log import kafka
from seldon_infra.payload_log.path import EXECUTOR_PATH
from seldon_infra.payload_log.spec import PayloadKafka, PayloadLog, PayloadVolume
from seldon_infra.servers.image import ROOT

NAME, PORT = "payload-log", 8080
REQUESTS_PORT = 8081
"""Of a pod's loopback interface, where a rollout's gate is given the last requests."""
FILES, SECRETS = "/var/lib/payloads", "/etc/payload-log"
PROGRAM = [
    *(f"{ROOT}/venv/bin/python", "-m", "seldon_infra.runtime.payloads"),
    *("--of=executors", "--host=0.0.0.0", f"--port={PORT}"),
]
"""What its image starts; a pod's arguments take the place of that."""
_LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "payload-log"}
_NAMESPACE = "kubernetes.io/metadata.name"
_USED: Manifest = {
    "limits": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"},
    "requests": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "100Mi"},
}
"""What waits for a disk or an address has bounds of its own, 256 MiB and 64 MiB for each; see its process."""
_SOURCES: dict[str, Manifest] = {
    "files": {"persistentVolumeClaim": {"claimName": NAME}},
    "kafka": {"secret": {"secretName": NAME}},
}
_GRACE_SECONDS = 60
"""Longer than the log takes to be left alone, to write and to send."""


def behind_log(log: PayloadLog | None, deployment: SeldonDeployment) -> SeldonDeployment:
    """Give a deployment whose loggers send to the log, where the stack has one."""
    if log is None or too_large(deployment):
        return deployment
    return through_log(deployment, f"http://{NAME}.{log.namespace}.svc.cluster.local:{PORT}{EXECUTOR_PATH}")


def objects(
    log: PayloadLog, deployments: Sequence[SeldonDeployment], monitoring: Monitoring | None
) -> dict[str, Manifest]:
    """Every object of the log by its kind.

    Args:
        log: what is declared of it.
        deployments: those of the stack, their loggers behind the log.
        monitoring: who asks for its metrics.
    """
    made = {
        "ServiceAccount": service_account(log),
        "Secret": secret(log, log.kafka) if log.kafka else {},
        "NetworkPolicy": network_policy(log, deployments, monitoring),
        "PersistentVolumeClaim": claim(log, log.files) if log.files else {},
        "Service": service(log),
        "PodDisruptionBudget": {} if log.files else disruption_budget(log),
        "Deployment": deployment(log, words(deployments)),
        "ServiceMonitor": service_monitor(log, monitoring) if monitoring else {},
    }
    return {kind: manifest for kind, manifest in made.items() if manifest}


def service_account(log: PayloadLog) -> Manifest:
    """The log's own ServiceAccount, without a token of the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(log),
        "automountServiceAccountToken": False,
    }


def secret(log: PayloadLog, to: PayloadKafka) -> Manifest:
    """The Secret with what brokers want to be shown, where they want anything."""
    found = kafka.secrets(to)
    return (
        {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(log), "type": "Opaque", "stringData": found}
        if found
        else {}
    )


def network_policy(log: PayloadLog, deployments: Sequence[SeldonDeployment], monitoring: Monitoring | None) -> Manifest:
    """NetworkPolicy: executors of the stack's namespaces may send; loggers' addresses and brokers may be reached."""
    watching = [monitoring_namespace(monitoring)] if monitoring else []
    callers = [_namespace(name) for name in [*_namespaces(deployments), *watching]]
    ports = sorted({*log.onward_ports, *_onward_ports(deployments), *_broker_ports(log.kafka)})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(log),
        "spec": {
            "podSelector": {"matchLabels": _LABELS},
            "policyTypes": ["Ingress", "Egress"],
            # Without anybody in it `from` would let everybody in.
            "ingress": [{"from": callers, "ports": [_port(PORT)]}] if callers else [],
            "egress": [
                {"ports": [_port(DNS_PORT, "UDP"), _port(DNS_PORT)]},
                *([{"ports": [_port(port) for port in ports]}] if ports else []),
            ],
        },
    }


def claim(log: PayloadLog, files: PayloadVolume) -> Manifest:
    """The PersistentVolumeClaim of the files; one pod has it."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(log),
        "spec": given(
            {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": files.storage_class,
                "resources": {"requests": {"storage": files.size}},
            }
        ),
    }


def service(log: PayloadLog) -> Manifest:
    """The Service that executors send to."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(log),
        "spec": {
            "selector": _LABELS,
            "ports": [{"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def disruption_budget(log: PayloadLog) -> Manifest:
    """The PodDisruptionBudget: one pod at a time may go; the one that writes files may always."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(log),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _LABELS}},
    }


def deployment(log: PayloadLog, words: Sequence[Later[str]]) -> Manifest:
    """The Deployment; a pod with files has ended before the next one gets its volume.

    Args:
        log: what is declared of it.
        words: what its process is told of deployments, as :func:`words` gives it.
    """
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(log),
        "spec": {
            "replicas": 1 if log.files else log.replicas,
            "selector": {"matchLabels": _LABELS},
            "strategy": {"type": "Recreate"} if log.files else rolling,
            "template": {"metadata": {"labels": _LABELS}, "spec": _pod(log, words)},
        },
    }


def service_monitor(log: PayloadLog, monitoring: Monitoring) -> Manifest:
    """The Prometheus operator's ServiceMonitor: what became of payloads."""
    own = _metadata(log)
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {**own, "labels": {**own["labels"], **monitoring.labels}},
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "endpoints": [{"port": "http", "path": "/prometheus", "interval": monitoring.interval}],
        },
    }


def words(deployments: Sequence[SeldonDeployment]) -> list[Later[str]]:
    """What its process is told of deployments behind it: whether a gate takes requests, and where payloads go."""
    taken = any(each.rollout and each.rollout.mirrors for each in deployments)
    requests = [f"--requests-port={REQUESTS_PORT}"] if taken else []
    return [*requests, *(word for place, url in onward(deployments) for word in ("--onward", place, url))]


def onward(deployments: Sequence[SeldonDeployment]) -> list[tuple[str, Later[str]]]:
    """Where payloads go behind the log, by DEPLOYMENT/PREDICTOR/NODE, as executors' events name them."""
    return [(place, logger.url) for place, logger in loggers(deployments) if logger.url is not None]


def loggers(deployments: Sequence[SeldonDeployment]) -> Iterator[tuple[str, Logger]]:
    """Give the loggers behind the log by their DEPLOYMENT/PREDICTOR/NODE."""
    for each in deployments:
        for predictor in each.predictors:
            for node in nodes(predictor.graph):
                if isinstance(node.logger, LoggerThroughLog):
                    yield f"{each.name}/{predictor.name}/{node.name}", node.logger


def requests_of(log: PayloadLog) -> dict[str, object]:
    """Where a rollout finds live requests, as its resource takes it."""
    selector = ",".join(f"{name}={value}" for name, value in _LABELS.items())
    return {"namespace": log.namespace, "pods": selector, "port": REQUESTS_PORT}


def monitoring_namespace(monitoring: Monitoring) -> str:
    """Where Prometheus asks from."""
    return monitoring.install.namespace if monitoring.install else "monitoring"


def _pod(log: PayloadLog, words: Sequence[Later[str]]) -> Manifest:
    security = log.security or PodSecurity()
    context = pod_context(security, root_group=False)
    volumes = {name: {"name": name, **source} for name, source in _SOURCES.items()}
    term = {"labelSelector": {"matchLabels": _LABELS}, "topologyKey": "kubernetes.io/hostname"}
    apart = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    return given(
        {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": security.service_account_token,
            # A volume is root's; its group is let write.
            "securityContext": {**context, "fsGroup": security.run_as_group} if log.files else context,
            "containers": [_container(log, security, words)],
            "volumes": [*scratch_volumes(security, False), *(volumes[name] for name in _mounts(log))],
            "affinity": {"podAntiAffinity": apart},
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
        }
    )


def _container(log: PayloadLog, security: PodSecurity, words: Sequence[Later[str]]) -> Manifest:
    mounts = [{"name": name, **mount} for name, mount in _mounts(log).items()]
    return {
        "name": NAME,
        "image": log.image,
        "imagePullPolicy": security.image_pull_policy,
        "args": [
            *PROGRAM,
            *_arguments(log.files),
            *(kafka.words(log.kafka, SECRETS) if log.kafka else ()),
            *words,
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": filled_resources(log.resources, _USED),
        "startupProbe": {**_asks(), "periodSeconds": 2, "failureThreshold": 30},
        # It takes payloads as soon as it listens.
        "readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**_asks(), "periodSeconds": 10, "failureThreshold": 6},
        # Executors learn of an end later than the log: it goes on until they have.
        "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
        "volumeMounts": [*scratch_mounts(NAME), *mounts],
        "securityContext": container_context(security),
    }


def _mounts(log: PayloadLog) -> dict[str, Manifest]:
    """Volumes of the pod by their names, with where they are."""
    found: dict[str, Manifest] = {"files": {"mountPath": FILES}} if log.files else {}
    if log.kafka and kafka.secrets(log.kafka):
        found["kafka"] = {"mountPath": SECRETS, "readOnly": True}
    return found


def _arguments(files: PayloadVolume | None) -> list[str]:
    if files is None:
        return []
    return [
        f"--root={FILES}",
        f"--rotate-seconds={files.rotate_seconds:g}",
        f"--rotate-bytes={files.rotate_bytes}",
        f"--keep-bytes={files.keep_bytes}",
    ]


def _namespaces(deployments: Sequence[SeldonDeployment]) -> list[Later[str]]:
    """Namespaces of deployments with loggers; those that are Outputs each for itself."""
    found = [each.namespace for each in deployments if any(loggers([each]))]
    return [*sorted({name for name in map(known, found) if name is not None}), *filter(is_later, found)]


def _onward_ports(deployments: Sequence[SeldonDeployment]) -> set[int]:
    found = (port_of(known(url)) for _, url in onward(deployments))
    return {port for port in found if port is not None}


def _broker_ports(to: PayloadKafka | None) -> set[int]:
    brokers = (known(to.brokers) if to else None) or ""
    return {int(each.rpartition(":")[2]) for each in brokers.split(",") if is_broker(each)}


def _asks() -> Manifest:
    return {"httpGet": {"path": "/live", "port": "http"}, "timeoutSeconds": 5}


def _metadata(log: PayloadLog) -> Manifest:
    return {"name": NAME, "namespace": log.namespace, "labels": _LABELS}


def _namespace(name: Any) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: name}}}


def _port(number: int, protocol: str = "TCP") -> Manifest:
    return {"port": number, "protocol": protocol}
