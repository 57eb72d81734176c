"""A payload log as it runs in a pod, and what executors send it of clients that ask a deployment."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from seldon_infra.runtime import ports
from seldon_infra.runtime.health import is_ready
from tests.engine.waiting import wait_until
from tests.local.executor_events import Executor

EVERY_SECONDS = 0.05
ROW = [4.0]


@dataclass
class PayloadLog:
    """The running process."""

    port: int
    requests_port: int

    @contextmanager
    def clients_of(self, namespace: str, deployment: str, node: str) -> Iterator[None]:
        """Log requests to a deployment inside the block, as its executors do."""
        over = threading.Event()
        told = {"Ce-Namespace": namespace, "Ce-Inferenceservicename": deployment}
        body = json.dumps({"data": {"ndarray": [ROW]}}).encode()

        def ask() -> None:
            while not over.wait(EVERY_SECONDS):
                with suppress(OSError, HTTPException):  # a log that is busy for long: executors go on as well
                    status, said = Executor(self.port, told).send("/executor?largest=65536", body, node)
                    assert status == 200, said

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()


@contextmanager
def payload_log() -> Iterator[PayloadLog]:
    """Run the log's process inside the block."""
    with tempfile.TemporaryDirectory(prefix="payload-log-") as folder:
        given = ports.allocate(Path(folder), ("log", "requests"))
        log = PayloadLog(given["log"], given["requests"])
        command = [sys.executable, "-m", "seldon_infra.runtime.payloads", "--of=executors"]
        running = subprocess.Popen([*command, f"--port={log.port}", f"--requests-port={log.requests_port}"])
        try:
            wait_until(lambda: running.poll() is not None or is_ready("http", log.port, "/live"))
            assert running.poll() is None
            yield log
        finally:
            running.terminate()
            running.wait(timeout=60)
