"""What runs one node of a graph on this machine: a catalogue entry's templates, filled in for the node. Pure.

Placeholders of an entry's texts:

======================  ================================================================================
``{name}``              the node, which is also the model's name on the wire
``{deployment}``        the deployment, and ``{predictor}`` its predictor
``{type}``              the node's type, ``MODEL``
``{server.FIELD}``      a field of the typed server, such as ``{server.class_name}``
``{source.module}``     the module's name of the user's source file
``{parameters.json}``   the node's parameters as a JSON object, for MLServer
``{parameters.seldon}`` the same as Seldon's operator hands them to a container
``{triton.config}``     ``config.pbtxt`` of a typed Triton model, and ``{triton.version}`` its version
``{host}``              address to listen on: loopback here, every one in an image
``{python}``, ``{bin}`` interpreter and folder of programs of the server's environment
``{model}``             folder with a copy of ``model_uri``, filled in by the target
``{source}``            folder with a copy of the user's source file, filled in by the target
``{port.NAME}``         a port, filled in where the process starts
``{dir}``               the process's own folder, likewise
======================  ================================================================================
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling, told
from seldon_infra.servers.entry import PORTS
from seldon_infra.servers.install import environment_path
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.text import config_pbtxt, repository_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from seldon_infra.servers.entry import CatalogueEntry
    from seldon_infra.servers.spec import Server

FILLED_IN_LATER = frozenset({"model", "source", "dir", *(f"port.{name}" for name in PORTS)})
"""Placeholders that stay in what :func:`process` gives."""
LOOPBACK = "127.0.0.1"
TYPED = "typed/"
"""Folder of a process's files with what a definition says of models in types."""
_PLACEHOLDER = re.compile(r"\{([a-z]+(?:[._][a-z_]+)*)\}")


class Named(Protocol):
    """Whatever has a name: a deployment, a predictor."""

    @property
    def name(self) -> object:
        """The name."""


class Valued(Named, Protocol):
    """A parameter or an environment variable."""

    @property
    def value(self) -> object:
        """Its value."""


class Parameter(Valued, Protocol):
    """A parameter, which has a type on the wire."""

    @property
    def wire_type(self) -> str:
        """``INT``, ``STRING``, …."""


class Node(Protocol):
    """What of a graph's node decides how it is run; nothing in it is an Output any more."""

    @property
    def name(self) -> str:
        """The node's name."""

    @property
    def type(self) -> str:
        """The node's type."""

    @property
    def model_uri(self) -> object:
        """Where its files are, None if it has none."""

    @property
    def parameters(self) -> Sequence[Parameter]:
        """Its parameters."""

    @property
    def server(self) -> object:
        """What runs it."""

    @property
    def children(self) -> Sequence[Node]:
        """Nodes that it asks, in order."""

    @property
    def env(self) -> Sequence[Valued]:
        """Its environment variables."""


@dataclass(frozen=True)
class LocalProcess:
    """What a process of the local target is made from."""

    command: Sequence[str]
    """Program and arguments."""
    environment: Mapping[str, str]
    """Environment variables."""
    files: Mapping[str, str]
    """Path in the process's folder → text."""
    links: Mapping[str, str]
    """Path in the process's folder → what it leads to."""
    ports: Sequence[str]
    """Names of the ports that it needs."""
    ready: Mapping[str, str]
    """What answers once it is ready: ``kind``, ``port``, ``path``."""
    live: Mapping[str, str]
    """What answers as long as it does not hang: ``port``, ``path``."""
    grace_seconds: float
    """Seconds from TERM to KILL."""
    reload: Mapping[str, object] | None = None
    """How it takes changed files over while it runs: ``command``, ``whole``, ``folder``; None where it does not."""


def local_process(
    entry: CatalogueEntry, server: Server, node: Node, deployment: Named, predictor: Named
) -> LocalProcess:
    """Fill an entry's templates in for a node that the typed ``server`` runs."""
    fill = filler({**of_node(node, deployment, predictor), **of_server(server, node), **_of_entry(entry, server)})
    kind = entry.kinds[getattr(server, "kind", "")]
    told = {**filled(entry.environment, fill), **filled(kind.environment, fill)}
    return LocalProcess(
        command=[word for word in map(fill, entry.start.command) if word is not None],
        environment={**BARE, **told, **server.told, **own_environment(node)},
        files={**_copied(entry), **filled(kind.files, fill), **_typed(server)},
        links={},
        ports=PORTS,
        ready={"kind": "http", "port": entry.ready.port, "path": fill(entry.ready.path) or "/"},
        live={"port": entry.live.port, "path": fill(entry.live.path) or "/"},
        grace_seconds=entry.start.drain_seconds + 5,
        reload=_reload(entry, server, node, fill),
    )


def _reload(
    entry: CatalogueEntry, server: Server, node: Node, fill: Callable[[str], str | None]
) -> Mapping[str, object] | None:
    if entry.reload is None:
        return None
    repository = server.repository if isinstance(server, TritonServer) else None
    names = [str(model.name) for model in repository.models] if repository else [node.name]
    command = [word for word in map(fill, entry.reload.command) if word is not None]
    return {
        "command": command,
        "whole": [entry.reload.whole.replace("{name}", each) for each in names],
        "folder": TYPED,
    }


def host_process(entry: CatalogueEntry) -> LocalProcess:
    """Say what serves the models of several nodes; each of these is told in ``settings.json`` what it would have alone.

    Nothing of a node is in it, so all that share it have the same server, version, environment and settings.
    """
    assert entry.together is not None
    of_no_node = {"name": None, "model": None, "source": None, "parameters.json": None, "dir": "{dir}"}
    root = environment_path(entry)
    fill = filler({**of_no_node, "python": str(root / "bin" / "python"), "bin": str(root / "bin"), "host": LOOPBACK})
    return LocalProcess(
        command=[word for word in map(fill, entry.together.command) if word is not None],
        environment={**BARE, **filled(entry.environment, fill)},
        files=_copied(entry),
        links={},
        ports=PORTS,
        ready={"kind": "http", "port": entry.live.port, "path": entry.live.path},
        live={},
        grace_seconds=entry.start.drain_seconds + 5,
    )


def shares_process(entry: CatalogueEntry, server: Server, node: Node) -> bool:
    """Tell whether a node's model may be served together with others: nothing of its process is the node's own."""
    return entry.together is not None and entry.kinds[getattr(server, "kind", "")].together and not node.env


# A model's copy must stay what its digest says, so Python writes no bytecode beside it; a log line is seen at once.
BARE = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def own_environment(node: Node) -> dict[str, str]:
    """Give the variables that the node's definition sets."""
    return {str(variable.name): str(variable.value) for variable in node.env if variable.value is not None}


def placeholders(text: str) -> Iterator[str]:
    """Find the placeholders of a text."""
    return (found[1] for found in _PLACEHOLDER.finditer(text))


def filler(values: Mapping[str, str | None]) -> Callable[[str], str | None]:
    """Make what fills a text in, or gives None where one of its placeholders has no value."""

    def fill(text: str) -> str | None:
        names = [name for name in placeholders(text) if name not in FILLED_IN_LATER or name in values]
        if any(values.get(name) is None for name in names):
            return None
        return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)

    return fill


def filled(texts: Mapping[str, str], fill: Callable[[str], str | None]) -> dict[str, str]:
    """Fill texts in, and leave out those that have no value for a node."""
    filled = ((fill(name), fill(text)) for name, text in texts.items())
    return {name: text for name, text in filled if name is not None and text is not None}


def _copied(entry: CatalogueEntry) -> dict[str, str]:
    """The files that each process of the server gets a copy of."""
    return {path: file.read_text(encoding="utf-8") for path, file in entry.copied.items()}


def _typed(server: Server) -> dict[str, str]:
    """What a typed repository of Triton's says about its models."""
    repository = server.repository if isinstance(server, TritonServer) else None
    files = repository_files(repository) if repository else {}
    return {f"{TYPED}{path}": text for path, text in files.items()}


def of_node(node: Node, deployment: Named, predictor: Named) -> dict[str, str | None]:
    """Give the placeholders' values that a node says by itself."""
    parameters = {str(parameter.name): parameter.value for parameter in node.parameters}
    return {
        "name": node.name,
        "type": node.type,
        "deployment": str(deployment.name),
        "predictor": str(predictor.name),
        "model": None if node.model_uri is None else "{model}",
        "parameters.json": json.dumps(parameters, sort_keys=True) if parameters else None,
        "parameters.seldon": json.dumps(list(_as_operator(node))),
    }


def _as_operator(node: Node) -> Iterator[dict[str, str]]:
    """Parameters as Seldon's operator writes them; a prepackaged server is told its ``model_uri`` in the same way."""
    if node.model_uri is not None:
        yield {"name": "model_uri", "value": "{model}", "type": "STRING"}
    for parameter in node.parameters:
        yield {"name": str(parameter.name), "value": str(parameter.value), "type": parameter.wire_type}
    if isinstance(node.server, EpsilonGreedy | ThompsonSampling):
        for name, value, kind in told(node.server, tuple(child.name for child in node.children)):
            yield {"name": name, "value": str(value), "type": kind}


def of_server(server: Server, node: Node) -> dict[str, str | None]:
    """Give the placeholders' values that the typed server says."""
    fields = {f"server.{name}": str(value) for name, value in server.__dict__.items() if isinstance(value, str | int)}
    source = getattr(server, "source", None)
    config = server.config if isinstance(server, TritonServer) else None
    return {
        **fields,
        "source": None if source is None else "{source}",
        "source.module": None if source is None else Path(source).stem,
        "triton.config": None if config is None else config_pbtxt(config, node.name),
        "triton.version": None if config is None else str(config.version),
    }


def _of_entry(entry: CatalogueEntry, server: Server) -> dict[str, str | None]:
    root = environment_path(entry, getattr(server, "requirements", ()))
    return {"bin": str(root / "bin"), "python": str(root / "bin" / "python"), "host": LOOPBACK}
