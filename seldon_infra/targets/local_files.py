"""Which of the files that a deployment names are not there, in the words of its definition.

The plugin looks again when it copies them; here it is only so that all of them are named at once, with their nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import nodes_in, predictors
from seldon_infra.graph.spec import SeldonDeployment


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
