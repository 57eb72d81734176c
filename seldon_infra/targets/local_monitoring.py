"""Prometheus on this machine: it asks orchestrators and model servers, and holds deployments to what they promise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi

from seldon_infra.core.yaml import dump
from seldon_infra.graph.expand.chart import PROMETHEUS_PATH
from seldon_infra.graph.spec import Node, Predictor, SeldonDeployment
from seldon_infra.monitoring import detection, install
from seldon_infra.monitoring.objectives import groups
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.resources.local_process import PROCESS
from seldon_infra.targets.later import when_known
from seldon_infra.targets.local_render import entry_of

WATCHED = "watched/"
"""Folder of what Prometheus takes over while it runs."""
KEPT, MOST_BYTES = "4d", "512MB"
"""How long samples are kept: the longest window of an alert is three days."""
_SETTINGS = {
    "scrape_configs": [
        {
            "job_name": "seldon",
            # A file that changes is read again without being told.
            "file_sd_configs": [{"files": [f"{WATCHED}targets.json"]}],
        }
    ],
    "rule_files": [f"{WATCHED}rules.json"],
}

Asked = Mapping[str, Any]
"""One entry of Prometheus' list of whom it asks: targets and labels."""


def of_orchestrator(deployment: SeldonDeployment, addresses: pulumi.Output[Mapping[str, str]]) -> pulumi.Output[Asked]:
    """Ask an orchestrator, whose metrics name deployment, predictor and node themselves."""
    labels = {"__metrics_path__": PROMETHEUS_PATH, "namespace": deployment.namespace}
    return pulumi.Output.all(addresses, labels).apply(lambda it: {"targets": [it[0]["http"]], "labels": it[1]})


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
    rules = pulumi.Output.all(*map(when_known, deployments)).apply(
        lambda known: {"groups": [group for each in known for group in (*groups(each), *detection.groups(each))]}
    )
    # What is secret in a deployment is none of its names and promises.
    rules = pulumi.Output.unsecret(rules)
    files = {
        "prometheus.yml": dump({"global": _every(monitoring.interval), **_SETTINGS}),
        f"{WATCHED}targets.json": pulumi.Output.all(*asked).apply(lambda it: json.dumps(it, indent=1, sort_keys=True)),
        f"{WATCHED}rules.json": rules.apply(lambda it: json.dumps(it, indent=1)),
    }
    prometheus = PROCESS.register(
        "prometheus",
        opts,
        stack_dir=stack_dir,
        name="prometheus",
        command=_command(),
        files=files,
        links={"prometheus": str(install.program("prometheus"))},
        ports=["http"],
        ready={"kind": "http", "port": "http", "path": "/-/ready", "timeout_seconds": 60.0},
        live={"port": "http", "path": "/-/healthy", "silent_seconds": 60.0, "start_seconds": 60.0},
        reload={"command": ["/bin/sh", "-c", 'kill -HUP "$(cat pid)"'], "whole": [], "folder": WATCHED},
    )
    url: pulumi.Output[str] = prometheus.addresses.apply(lambda it: f"http://{it['http']}")
    return url


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
