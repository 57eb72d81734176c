"""Prometheus on this machine: it asks orchestrators and model servers, and holds deployments to what they promise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi

from seldon_infra.core.yaml import dump
from seldon_infra.graph.expand.chart import PROMETHEUS_PATH
from seldon_infra.graph.spec import Node, Predictor, SeldonDeployment
from seldon_infra.ingress.render.envoy import STATISTICS_PATH
from seldon_infra.monitoring import install, rules
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.resources.local_process import PROCESS
from seldon_infra.targets.later import when_known
from seldon_infra.targets.local_render import asks_server_directly, entry_of

WATCHED = "watched/"
"""Folder of what Prometheus takes over while it runs."""
KEPT, MOST_BYTES = "4d", "512MB"
"""How long samples are kept: the longest window of an alert is three days."""
_NAMES_OF_CLUSTER = {
    "namespace": "$1",
    "deployment_name": "$2",
    "predictor_name": "$3",
    "transport": "$4",
}
"""What the gateway's name of a cluster is made of: namespace/deployment/predictor/transport/address."""
_SETTINGS = {
    "scrape_configs": [
        {
            "job_name": "seldon",
            # A file that changes is read again without being told.
            "file_sd_configs": [{"files": [f"{WATCHED}targets.json"]}],
            # What a server knows by itself of deployment and node is true of it.
            "honor_labels": True,
            "metric_relabel_configs": [
                {
                    "source_labels": ["envoy_cluster_name"],
                    "regex": "([^/]+)/([^/]+)/([^/]+)/([^/]+)/.+",
                    "target_label": label,
                    "replacement": part,
                }
                for label, part in _NAMES_OF_CLUSTER.items()
            ],
        }
    ],
    "rule_files": [f"{WATCHED}rules.json"],
}

_RELOAD = 'said=$(./promtool check config prometheus.yml 2>&1) || { echo "$said" >&2; exit 1; }; kill -HUP "$(cat pid)"'
"""Prometheus tells nobody but its log that it goes on with the rules before, so its tool reads the new ones first."""

Asked = Mapping[str, Any]
"""One entry of Prometheus' list of whom it asks: targets and labels."""


def of_gateway(address: pulumi.Output[str]) -> pulumi.Output[Asked]:
    """Ask the gateway, which counts requests by predictor, for what it has counted."""
    labels = {"__metrics_path__": STATISTICS_PATH, "__param_usedonly": ""}
    return address.apply(lambda it: {"targets": [it], "labels": labels})


def of_orchestrator(
    deployment: SeldonDeployment, predictor: Predictor, addresses: pulumi.Output[Mapping[str, str]]
) -> pulumi.Output[Asked]:
    """Ask an orchestrator, whose counts of requests name deployment, predictor and node themselves."""
    labels = {
        "__metrics_path__": PROMETHEUS_PATH,
        "namespace": deployment.namespace,
        "deployment_name": deployment.name,
        "predictor_name": predictor.name,
    }
    return pulumi.Output.all(addresses, labels).apply(lambda it: {"targets": [it[0]["http"]], "labels": it[1]})


def of_payload_log(address: pulumi.Output[str]) -> pulumi.Output[Asked]:
    """Ask the payload log, whose metrics name deployments themselves."""
    return address.apply(lambda it: {"targets": [it], "labels": {"__metrics_path__": PROMETHEUS_PATH}})


def of_server(
    deployment: SeldonDeployment, predictor: Predictor, node: Node, addresses: pulumi.Output[Mapping[str, str]]
) -> Iterator[pulumi.Output[Asked]]:
    """Ask a model server that the catalogue knows, whose metrics know nothing of deployments."""
    entry = entry_of(node)
    if entry is None:
        return
    metrics = entry.metrics
    labels = {
        "__metrics_path__": metrics.path,
        "namespace": deployment.namespace,
        "deployment_name": deployment.name,
        "predictor_name": predictor.name,
        "model_name": node.name,
    }
    yield pulumi.Output.all(addresses, labels).apply(lambda it: {"targets": [it[0][metrics.port]], "labels": it[1]})


def declare(
    monitoring: Monitoring,
    stack_dir: pulumi.Input[str],
    asked: Sequence[pulumi.Output[Asked]],
    deployments: Sequence[SeldonDeployment],
    opts: pulumi.ResourceOptions | None,
) -> pulumi.Output[str]:
    """Declare Prometheus, and give its URL; what changes in whom it asks and in rules it takes over while it runs."""
    if not pulumi.runtime.is_dry_run():
        install.provide()
    groups = pulumi.Output.all(*map(when_known, deployments)).apply(
        lambda known: {"groups": [group for each in known for group in _groups(each)]}
    )
    # What is secret in a deployment is none of its names and promises.
    groups = pulumi.Output.unsecret(groups)
    files = {
        "prometheus.yml": dump({"global": _every(monitoring.interval), **_SETTINGS}),
        f"{WATCHED}targets.json": pulumi.Output.all(*asked).apply(lambda it: json.dumps(it, indent=1, sort_keys=True)),
        f"{WATCHED}rules.json": groups.apply(lambda it: json.dumps(it, indent=1)),
    }
    prometheus = PROCESS.register(
        "prometheus",
        opts,
        stack_dir=stack_dir,
        name="prometheus",
        command=_command(),
        files=files,
        links={name: str(install.program(name)) for name in install.PROGRAMS},
        ports=["http"],
        ready={"kind": "http", "port": "http", "path": "/-/ready", "timeout_seconds": 60.0},
        live={"port": "http", "path": "/-/healthy", "silent_seconds": 60.0, "start_seconds": 60.0},
        reload={"command": ["/bin/sh", "-c", _RELOAD], "whole": [], "folder": WATCHED},
    )
    url: pulumi.Output[str] = prometheus.addresses.apply(lambda it: f"http://{it['http']}")
    return url


def _groups(deployment: SeldonDeployment) -> Sequence[Mapping[str, Any]]:
    return rules.asked_directly(deployment) if asks_server_directly(deployment) else rules.orchestrated(deployment)


def _every(interval: str) -> Mapping[str, str]:
    return {"scrape_interval": interval, "evaluation_interval": interval}


def _command() -> list[str]:
    """Start it under a shell that notes its process, since only a signal makes it read rules again."""
    return [
        *("/bin/sh", "-c", 'echo $$ > pid && exec "$@"', "prometheus"),
        "./prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--storage.tsdb.retention.size={MOST_BYTES}",
        "--web.listen-address=127.0.0.1:{port.http}",
        "--log.level=warn",
    ]
