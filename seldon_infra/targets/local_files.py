"""Which of the files that a deployment names are not there, hostile, not signed or not those that were pinned.

The plugin looks again when it copies them; here it is only so that all of them are named at once, with their nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.artifacts.digest import digest_of, unlike
from seldon_infra.artifacts.judged import judged
from seldon_infra.artifacts.signed import unsigned
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, nodes_in, predictors, server_of
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import CatalogueServer, TorchServeServer
from seldon_infra.servers.torch_archive import archive_at, model_in

_SHOWN = 3
"""Names of a folder's files that a message shows."""

if TYPE_CHECKING:
    from seldon_infra.artifacts.judge.finding import Finding
    from seldon_infra.servers.spec import Server


def hostile_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each thing that a model's files do and may not; the plugin judges those of URIs."""
    for inner, server, uri in models_here(deployment, project):
        for finding in _findings(partial(judged, project / uri, kind_of(server), inner.node.trusted)):
            yield finding.problem(inner.path, uri)


def unsigned_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each file that is not as it was signed, where a node names a key; the same holds for URIs."""
    for inner, _, uri in models_here(deployment, project):
        if inner.node.signed_by is not None:
            for finding in _findings(partial(unsigned, project / uri, project / inner.node.signed_by)):
                yield finding.problem(inner.path, uri)


def other_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each model that has another digest than its node says; the plugin looks at those of URIs."""
    for inner, _, uri in models_here(deployment, project):
        for finding in _findings(partial(_unlike, project / uri, known(inner.node.model_digest))):
            yield finding.problem(inner.path, uri)


def models_here(deployment: SeldonDeployment, project: Path) -> Iterator[tuple[InNode, Server, str]]:
    """Give the nodes whose servers read files that are there, and the paths of these."""
    for at in predictors(deployment):
        for inner in nodes_in(at):
            uri, server = known(inner.node.model_uri), server_of(inner.node)
            if uri is not None and server is not None and ":" not in uri and (project / uri).exists():
                yield inner, server, uri


def _unlike(path: Path, declared: str | None) -> list[Finding]:
    return unlike(digest_of(path)[0], declared) if declared else []


def _findings(looked: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return looked()
    except (SeldonInfraError, OSError):
        # What cannot be read is named by the plugin, which reads it as well.
        return []


def kind_of(server: Server) -> str:
    """Give the kind by which a server is known in data."""
    return str(getattr(server, "kind", ""))


def missing_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each path of a model or a class that leads nowhere; the plugin sees to URIs and Outputs."""
    for at in predictors(deployment):
        for inner in nodes_in(at):
            fields = {"model_uri": inner.node.model_uri, "source": getattr(inner.node.server, "source", None)}
            for field, value in fields.items():
                path = known(value)
                if isinstance(path, str) and ":" not in path and not (project / path).exists():
                    fix = "train the model or correct the path" if field == "model_uri" else "correct the path"
                    got = f"{field} '{path}' leads to {project / path}, which does not exist"
                    yield Problem(inner.path, got, "must be there", fix)


def unlisted_servers(deployment: SeldonDeployment, _: Path) -> Iterator[Problem]:
    """Give a problem for each server that is named by a folder of the catalogue which does not hold it so."""
    for at in predictors(deployment):
        for inner in nodes_in(at):
            if isinstance(inner.node.server, CatalogueServer):
                yield from _unlisted(inner.path, inner.node.server, deployment.protocol)


def _unlisted(path: str, server: CatalogueServer, protocol: str) -> Iterator[Problem]:
    got, there = f"server '{server.name}'", catalogue.names()
    if server.name not in there:
        yield Problem(path, got, "must be a folder of servers/", f"write one of {', '.join(there)}, or add the folder")
        return
    entry = catalogue.load(server.name)
    if server.kind not in entry.kinds:
        want = "must have [kinds.catalogue] in its server.toml"
        yield Problem(path, got, want, f"add it, or use a class for {' or '.join(entry.kinds)}")
    elif protocol not in entry.protocols:
        got, fix = f"{got} speaks {', '.join(entry.protocols)}", f"write protocol='{entry.protocols[0]}'"
        yield Problem(path, got, f"must speak '{protocol}'", fix)


def unread_models(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each model of which its node's server would read no file; a file alone counts by its name."""
    for inner, server, uri in models_here(deployment, project):
        yield from unread(inner.path, uri, server, project / uri)


def unread(place: str, uri: str, server: Server, path: Path) -> Iterator[Problem]:
    """Give the problem of a model of which its server would read no file.

    Args:
        place: where the model is declared.
        uri: what it is declared by.
        server: what reads it.
        path: where its files are.
    """
    reads = _reads(server)
    if reads and not _has_one(path, reads):
        got = f"model_uri '{uri}' {_held(path)}"
        want = f"must have {' or '.join(reads)}, which {type(server).__name__} reads"
        yield Problem(place, got, want, _way(server, path) or f"save the model as {reads[0]}, or use the server for it")


def _way(server: Server, path: Path) -> str | None:
    """Say how a model comes out of an archive of TorchServe's."""
    archive = archive_at(path) if isinstance(server, TorchServeServer) else None
    if archive is None:
        return None
    file = model_in(archive) or "FILE"
    how = f"unzip -p {archive.name} {file} > model.pt"
    return f"take the TorchScript out of the archive, {how}; its handler is code, which is served nowhere here"


def _reads(server: Server) -> tuple[str, ...]:
    """The names of files of which a server reads one; none where it may read any."""
    if server.folder not in catalogue.names():
        return ()
    kind = catalogue.load(server.folder).kinds.get(kind_of(server))
    return tuple(kind.reads) if kind else ()


def _has_one(path: Path, reads: tuple[str, ...]) -> bool:
    names = [path.name] if path.is_file() else [file.name for file in path.iterdir()]
    return any(fnmatch(name, pattern) for name in names for pattern in reads)


def _held(path: Path) -> str:
    """Say what is behind a path, in a few words."""
    if path.is_file():
        return f"is the file {path.name}"
    names = sorted(file.name for file in path.iterdir())
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"holds {shown}" if names else "is an empty folder"
