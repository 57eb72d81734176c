"""Images of users' classes, detectors and explainers: Containerfile and build context, the same for the same input.

All of it is text, and pure. An image starts what this machine starts, by the catalogue entry's own command, and has
what the entry's lock says, each package by its hash. Ports that nobody sets are those that Seldon's operator gives to a
container (``PREDICTIVE_UNIT_…`` in ``operator/controllers`` of SeldonIO/seldon-core 1.17.1). Python writes bytecode by
hash and not by time where SOURCE_DATE_EPOCH is set (Python's docs, ``py_compile``), so that a build can be repeated.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling
from seldon_infra.servers.detectors import DriftDetector, OutlierDetector
from seldon_infra.servers.explainers import ExplainerServer
from seldon_infra.servers.layout import filled, filler, of_server
from seldon_infra.servers.needs import SCRATCH, needs
from seldon_infra.servers.spec import MLServerRuntime, PythonServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seldon_infra.servers.entry import CatalogueEntry
    from seldon_infra.servers.layout import Node

PYTHON = "3.11"
"""Version of Python for which the catalogue's locks are made."""
BASE = f"docker.io/library/python:{PYTHON}-slim-bookworm"
"""What an image builds on where nobody says it; a tag, which leads to another image one day."""
USER = 8888
"""Who the server runs as in the image; a pod may say another one."""
CONTAINERFILE, LOCK, SERVER, SOURCE = "Containerfile", "requirements.lock", "server", "source"
BUILD_LOCK = "build.lock"
"""What builds those packages that have no wheel: it is installed first, by its hash as all others."""
BUILDERS = ("setuptools", "wheel")
PORTS = {"http": "9000", "grpc": "9500", "metrics": "6000"}
ROOT = "/opt"
_INSTALL = f"python -m pip --python {ROOT}/venv/bin/python install --no-cache-dir --no-deps --require-hashes"
OF_EVERY_PROCESS = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
"""A pod's root cannot be written to, and a log line is seen at once."""
_TO_QUOTE = re.compile(r'[\\"$]')

UsersClass = PythonServer | MLServerRuntime
"""The typed servers that run a class of the user's."""
Built = UsersClass | EpsilonGreedy | ThompsonSampling | DriftDetector | OutlierDetector | ExplainerServer
"""The typed servers that have an image of their own; but for a user's class all that they run lies in the catalogue."""


def context(
    server: Built, node: Node, entry: CatalogueEntry, code: str | None, lock: str, base: str = BASE
) -> dict[str, str]:
    """Give the files of a build context, by their path in it.

    Args:
        server: the typed server, whose class the image holds.
        node: the node that it runs.
        entry: the server's entry in the catalogue.
        code: the text of the file with the class; None where the catalogue has it.
        lock: packages with their hashes: the entry's, then what the class requires beside them.
        base: image that it builds on, with Python and pip in it.
    """
    files = {f"{SERVER}/{path}": file.read_text(encoding="utf-8") for path, file in entry.copied.items()}
    return {
        CONTAINERFILE: containerfile(server, node, entry, base),
        BUILD_LOCK: "".join(text for name, text in blocks(lock).items() if name in BUILDERS),
        LOCK: lock,
        **({} if code is None else {f"{SOURCE}/{PurePosixPath(_source(server)).name}": code}),
        **files,
    }


def _source(server: Built) -> str:
    return server.source if isinstance(server, PythonServer | MLServerRuntime) else ""


def containerfile(server: Built, node: Node, entry: CatalogueEntry, base: str) -> str:
    """Write the Containerfile: one stage installs, the other has no installer any more."""
    fill = filler(_values(server, node))
    command = [word for word in map(fill, entry.start.command) if word is not None]
    environment = _environment(server, entry, node)
    said = f"{_class_of(server)} in {entry.name} {entry.version}"
    return stages(said, base, (SERVER, *([SOURCE] if _source(server) else [])), environment, PORTS.values(), command)


def stages(
    said: str,
    base: str,
    copied: Iterable[str],
    environment: Mapping[str, str],
    ports: Iterable[str],
    command: Sequence[str],
) -> str:
    """Write a Containerfile of two stages for what a lock installs.

    Args:
        said: what the image is, for who reads it.
        base: what it builds on.
        copied: folders of the context that it holds.
        environment: variables of its process.
        ports: where that listens.
        command: what is started.
    """
    lines = [
        f"# {said}",
        f"FROM {base} AS packages",
        "ARG SOURCE_DATE_EPOCH=0",
        'ENV PYTHONDONTWRITEBYTECODE="1"',
        f"COPY {BUILD_LOCK} {ROOT}/{BUILD_LOCK}",
        f"COPY {LOCK} {ROOT}/{LOCK}",
        f"RUN python -m venv --without-pip {ROOT}/venv",
        f"RUN {_INSTALL} --only-binary :all: --requirement {ROOT}/{BUILD_LOCK}",
        f"RUN {_INSTALL} --no-build-isolation --requirement {ROOT}/{LOCK}",
        # Some that are built bring bytecode of `python -O`, by time; nothing here runs under it.
        f"RUN find {ROOT}/venv -name '*.opt-*.pyc' -delete",
        "",
        f"FROM {base}",
        "RUN python -m pip uninstall --yes setuptools wheel pip",
        f"COPY --from=packages {ROOT}/venv {ROOT}/venv",
        *(f"COPY {folder} {ROOT}/{folder}" for folder in copied),
        *(f"ENV {name}={_quoted(text)}" for name, text in sorted(environment.items())),
        f"WORKDIR {SCRATCH}",
        f"USER {USER}",
        f"EXPOSE {' '.join(ports)}",
        f"CMD {json.dumps(command)}",
    ]
    return "\n".join(lines) + "\n"


def _class_of(server: Built) -> str:
    if isinstance(server, PythonServer | MLServerRuntime):
        return f"{server.class_name} of {server.source}"
    return type(server).__name__


def _values(server: Built, node: Node) -> dict[str, str | None]:
    """Give the placeholders' values in an image; what a pod alone knows has none."""
    return {
        **of_server(server, node),
        **{f"port.{name}": number for name, number in PORTS.items()},
        "name": node.name,
        "deployment": None,
        "predictor": None,
        "host": "0.0.0.0",
        "python": f"{ROOT}/venv/bin/python",
        "bin": f"{ROOT}/venv/bin",
        "dir": f"{ROOT}/{SERVER}",
        "source": f"{ROOT}/{SOURCE}",
        "model": None,
    }


def _environment(server: Built, entry: CatalogueEntry, node: Node) -> Mapping[str, str]:
    fill = filler(_values(server, node))
    own = filled(entry.environment, fill)
    kind = filled(entry.kinds[server.kind].environment, fill)
    return {**OF_EVERY_PROCESS, **own, **kind, **needs(server, entry.protocols[0]).environment}


def _quoted(text: str) -> str:
    return '"' + _TO_QUOTE.sub(lambda found: f"\\{found[0]}", text) + '"'


def with_more(lock: str, more: str) -> str:
    """Put packages of a second lock behind a first one's, whose versions win."""
    there = blocks(lock)
    added = [text for name, text in blocks(more).items() if name not in there]
    return "".join([lock, "# what the class requires\n", *added]) if added else lock


def blocks(lock: str) -> dict[str, str]:
    """Take a lock apart: the name of each package to its lines, without comments."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            name = line.partition("==")[0].partition("[")[0].strip().lower()
        found.setdefault(name, []).append(line)
    return {name: "".join(lines) for name, lines in found.items()}
