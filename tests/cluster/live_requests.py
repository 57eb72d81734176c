"""A payload log as it runs in a pod, and what executors send it of clients that ask a deployment."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
        executor = Executor(self.port, {"Ce-Namespace": namespace, "Ce-Inferenceservicename": deployment})
        body = json.dumps({"data": {"ndarray": [ROW]}}).encode()

        def ask() -> None:
            while not over.wait(EVERY_SECONDS):
                status, said = executor.send("/executor?largest=65536", body, node)
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
    log = PayloadLog(_free_port(), _free_port())
    command = [sys.executable, "-m", "seldon_infra.runtime.payloads", "--of=executors"]
    running = subprocess.Popen([*command, f"--port={log.port}", f"--requests-port={log.requests_port}"])
    try:
        wait_until(lambda: running.poll() is not None or is_ready("http", log.port, "/live"))
        yield log
    finally:
        running.terminate()
        running.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
