"""The image of a cluster's payload log: its Containerfile and build context, the same for the same library.

It holds those files of this library that the process is made of, and the packages of ``requirements.lock`` by hash.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from seldon_infra.payload_log.render import PORT, PROGRAM
from seldon_infra.servers.image import BUILD_LOCK, CONTAINERFILE, LOCK, OF_EVERY_PROCESS, ROOT, stages

LIBRARY = "library"
"""Folder of the context that has this library's part."""
PARTS = (
    "__init__.py",
    "payload_log/__init__.py",
    "payload_log/path.py",
    "runtime/__init__.py",
    "runtime/messages.py",
    "runtime/orchestrator/__init__.py",
    "runtime/orchestrator/http_server.py",
    "runtime/payloads/__init__.py",
    "runtime/payloads/__main__.py",
    "runtime/payloads/cloud_event.py",
    "runtime/payloads/files.py",
    "runtime/payloads/frames.py",
    "runtime/payloads/kafka.py",
    "runtime/payloads/kafka_settings.py",
    "runtime/payloads/payload.py",
    "runtime/payloads/prepared.py",
    "runtime/payloads/recent.py",
    "runtime/payloads/serve.py",
    "runtime/payloads/web.py",
    "runtime/payloads/words.py",
)
"""What the process loads; a test runs it with these files alone."""
_HERE = Path(__file__).parents[1]


def context(base: str) -> dict[str, str]:
    """Give the files of the build context, by their path in it."""
    files = {f"{LIBRARY}/{_HERE.name}/{part}": (_HERE / part).read_text(encoding="utf-8") for part in PARTS}
    lock = (Path(__file__).parent / LOCK).read_text(encoding="utf-8")
    return {CONTAINERFILE: _containerfile(base), BUILD_LOCK: "", LOCK: lock, **files}


def _containerfile(base: str) -> str:
    said = f"payload log of seldon-infra {version('seldon-infra')}"
    environment = {**OF_EVERY_PROCESS, "PYTHONPATH": f"{ROOT}/{LIBRARY}"}
    return stages(said, base, [LIBRARY], environment, [str(PORT)], PROGRAM)
