"""The payload log of this machine: one process that takes what loggers of all deployments hand it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import pulumi

from seldon_infra.core.errors import PartNotFound
from seldon_infra.payload_log.spec import PayloadFiles
from seldon_infra.resources.local_process import PROCESS

GRACE_SECONDS = 30.0
NAME = "payloads"
"""What the process and the folder of its files are called."""


def declare(files: PayloadFiles, stack_dir: str, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
    """Declare the log, and give its address.

    Raises:
        PartNotFound: what writes the files is not installed.
    """
    if find_spec("pyarrow") is None:
        raise PartNotFound("pyarrow, which writes payloads as Parquet,", "run: pip install 'seldon-infra[payloads]'")
    log = PROCESS.register(NAME, opts, stack_dir=stack_dir, name=NAME, **process(files, stack_dir))
    address: pulumi.Output[str] = log.addresses.apply(lambda it: it["http"])
    return address


def process(files: PayloadFiles, stack_dir: str) -> dict[str, Any]:
    """The log's process."""
    command = [
        *(sys.executable, "-m", "seldon_infra.runtime.payloads", "--port={port.http}"),
        f"--root={stack_dir}/{NAME}",
        f"--rotate-seconds={files.rotate_seconds:g}",
        f"--rotate-bytes={files.rotate_bytes}",
        f"--keep-bytes={files.keep_bytes}",
    ]
    return {
        "command": command,
        "ports": ["http"],
        "ready": {"kind": "http", "port": "http", "path": "/live", "timeout_seconds": 60.0},
        "live": {"port": "http", "path": "/live", "silent_seconds": 60.0, "start_seconds": 60.0},
        "grace_seconds": GRACE_SECONDS,
    }
