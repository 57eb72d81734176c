"""Real servers of stores on the loopback: a registry of images, MLflow's registry, Azurite, fake-gcs-server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from seldon_infra.runtime.ports import allocate
from seldon_infra.servers import catalogue
from tests.engine.waiting import wait_until
from toolchain import azurite as azurite_program
from toolchain import fake_gcs as fake_gcs_program
from toolchain import registry as registry_program

_REGISTRY, _AZURITE, _FAKE_GCS = registry_program.program(), azurite_program.program(), fake_gcs_program.program()
"""Where they are before a test has a cache of its own."""
READER, PASSWORD = "reader", "canary-of-a-password"
HTPASSWD = f"{READER}:$2b$04$j39JWdkGn1Qq0clbfQ94d.zHXSpXREPlUfLhQTcrLHrU4RZktWnS6\n"


@contextmanager
def registry(folder: Path, auth: Mapping[str, object] | None = None) -> Iterator[str]:
    """Serve a registry of images, and give its host."""
    folder.mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{_port(folder)}"
    said = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": host, "secret": "of-a-test"},
        **({"auth": auth} if auth else {}),
    }
    (folder / "config.json").write_text(json.dumps(said))
    command = [str(_REGISTRY), "serve", str(folder / "config.json")]
    with _running(command, folder / "log", f"http://{host}/"):
        yield host


@contextmanager
def mlflow(folder: Path) -> Iterator[str]:
    """Serve MLflow with its registry, and give its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _port(folder)
    python = catalogue.environment(catalogue.load("mlflow")) / "bin" / "python"
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{folder}/db", "--serve-artifacts",
               "--artifacts-destination", str(folder / "files")]  # fmt: skip
    with _running(command, folder / "log", f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def azurite(folder: Path, accounts: Mapping[str, str]) -> Iterator[str]:
    """Serve Azure's blobs for some accounts by their keys, and give the server's URL, below which each has its own."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _port(folder)
    command = ["node", str(_AZURITE), "--blobPort", str(port), "--inMemoryPersistence", "--disableTelemetry",
               "--skipApiVersionCheck", "--silent"]  # fmt: skip
    said = {"AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name, key in accounts.items())}
    with _running(command, folder / "log", f"http://127.0.0.1:{port}/", said):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def fake_gcs(folder: Path) -> Iterator[str]:
    """Serve buckets as Google's store does, to whoever asks, and give the URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _port(folder)
    url = f"http://127.0.0.1:{port}"
    # Without its own address as the public one it does not list by the interface that obstore speaks.
    command = [str(_FAKE_GCS), "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port),
               "-public-host", f"127.0.0.1:{port}", "-external-url", url]  # fmt: skip
    with _running(command, folder / "log", f"{url}/_internal/healthcheck"):
        yield url


def _port(folder: Path) -> int:
    """A port that nobody else gets while the folder is there, not even for a connection of his own."""
    return allocate(folder, ("http",))["http"]


@contextmanager
def _running(command: Sequence[str], log: Path, url: str, told: Mapping[str, str] | None = None) -> Iterator[None]:
    with log.open("w") as said:
        # Some of them start others, which are to go as well.
        # MLflow's own queue of jobs, which nothing here has any for, takes longer to start than its server.
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **(told or {})}
        process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True, env=environment)
        try:
            wait_until(lambda: _answers(process, url))
            yield
        finally:
            _end(process)


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, "the server ended; see its log"
    try:
        urlopen(url, timeout=60).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
