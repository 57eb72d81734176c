"""The payload log of this machine: one process that takes what loggers of all deployments hand it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import pulumi

from seldon_infra.core.errors import PartNotFound
from seldon_infra.payload_log import kafka as to_kafka
from seldon_infra.payload_log.spec import PayloadFiles, PayloadKafka
from seldon_infra.resources.local_process import PROCESS
from seldon_infra.targets.spec import Local

GRACE_SECONDS = 30.0
NAME = "payloads"
"""What the process and the folder of its files are called."""
SECRETS = "kafka"
"""Folder of the process that holds what brokers want to be shown."""


def declare(target: Local, stack_dir: str, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
    """Declare the log, and give its address.

    Raises:
        PartNotFound: what writes the files, or what sends to Kafka, is not installed.
    """
    if find_spec("pyarrow") is None:
        raise PartNotFound("pyarrow, which writes payloads as Parquet,", "run: pip install 'seldon-infra[payloads]'")
    if target.payload_kafka is not None and find_spec("confluent_kafka") is None:
        fix = "run: pip install 'seldon-infra[payloads,kafka]'"
        raise PartNotFound("confluent-kafka, which sends payloads to Kafka,", fix)
    parts = process(target.payloads, stack_dir, target.payload_kafka)
    parts["files"] = {path: pulumi.Output.secret(text) for path, text in parts["files"].items()}
    log = PROCESS.register(NAME, opts, stack_dir=stack_dir, name=NAME, **parts)
    address: pulumi.Output[str] = log.addresses.apply(lambda it: it["http"])
    return address


def process(files: PayloadFiles, stack_dir: str, kafka: PayloadKafka | None = None) -> dict[str, Any]:
    """The log's process; its own files are secrets."""
    command = [
        *(sys.executable, "-m", "seldon_infra.runtime.payloads", "--port={port.http}"),
        f"--root={stack_dir}/{NAME}",
        f"--rotate-seconds={files.rotate_seconds:g}",
        f"--rotate-bytes={files.rotate_bytes}",
        f"--keep-bytes={files.keep_bytes}",
        *(to_kafka.words(kafka, f"{{dir}}/{SECRETS}") if kafka else ()),
    ]
    secrets = to_kafka.secrets(kafka) if kafka else {}
    return {
        "command": command,
        "files": {f"{SECRETS}/{name}": text for name, text in secrets.items()},
        "ports": ["http"],
        "ready": {"kind": "http", "port": "http", "path": "/live", "timeout_seconds": 60.0},
        "live": {"port": "http", "path": "/live", "silent_seconds": 60.0, "start_seconds": 60.0},
        "grace_seconds": GRACE_SECONDS,
    }
