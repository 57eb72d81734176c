"""What models of the project say about their tensors, in the files that their servers read.

Only small texts of this project are read here, beside the definition; files of models are the plugin's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, nodes_in, predictors
from seldon_infra.graph.rules.signatures import declared, edges_fit
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.signature import Signature, of_config_pbtxt, of_mlmodel, of_model_settings

LARGEST_BYTES = 2**20
"""A larger file is no settings file of a model."""


def unfit_tensors(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each edge whose tensors do not fit by the models' own files, and for files that are wrong."""
    for at in predictors(deployment):
        found = declared(at)
        for inner in nodes_in(at):
            if inner.node.name not in found:
                try:
                    signature = _of_files(inner, project)
                except _Unreadable as wrong:
                    yield wrong.problem
                    continue
                found |= {inner.node.name: signature} if signature else {}
        # What the definition says by itself has been checked already.
        said = set(edges_fit(at, declared(at)))
        yield from (problem for problem in edges_fit(at, found) if problem not in said)


class _Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _of_files(inner: InNode, project: Path) -> Signature | None:
    uri = known(inner.node.model_uri)
    if uri is None or ":" in uri:
        return None
    folder = project / uri
    places: tuple[tuple[Path, Callable[[str], Signature]], ...] = (
        *((file, partial(of_config_pbtxt, file=str(file))) for file in _of_triton(folder, inner.node.name)),
        (folder / "model-settings.json", of_model_settings),
        (folder / "MLmodel", of_mlmodel),
    )
    for file, read in places:
        if file.is_file() and file.stat().st_size <= LARGEST_BYTES:
            try:
                return read(file.read_text(encoding="utf-8"))
            except InvalidSpec as error:
                raise _Unreadable(error.problems[0].within(inner.path)) from None
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                said = next(iter(str(error).splitlines()), type(error).__name__)
                got, fix = f"{file} cannot be read: {said}", f"correct {file.name}"
                raise _Unreadable(Problem(inner.path, got, "must be what its server reads", fix)) from None
    return None


def _of_triton(folder: Path, name: str) -> tuple[Path, Path]:
    """Where Triton's configuration of a node's model may be: in a model repository, or beside the model's files."""
    return folder / name / "config.pbtxt", folder / "config.pbtxt"
