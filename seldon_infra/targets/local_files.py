"""Which of the files that a deployment names are not there or hostile, in the words of its definition.

The plugin looks again when it copies them; here it is only so that all of them are named at once, with their nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.artifacts.files import files_of
from seldon_infra.artifacts.judge.content import judge
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import nodes_in, predictors, server_of
from seldon_infra.graph.spec import SeldonDeployment

if TYPE_CHECKING:
    from seldon_infra.artifacts.judge.finding import Finding
    from seldon_infra.servers.spec import Server


def hostile_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each thing that a model's files do and may not; the plugin judges those of URIs."""
    for at in predictors(deployment):
        for inner in nodes_in(at):
            uri, server = known(inner.node.model_uri), server_of(inner.node)
            if uri is not None and server is not None and ":" not in uri and (project / uri).exists():
                for finding in _findings(project / uri, kind_of(server), inner.node.trusted):
                    yield finding.problem(inner.path, uri)


def _findings(model: Path, kind: str, trusted: Sequence[str]) -> list[Finding]:
    try:
        return judge(files_of(model), kind, trusted)
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
