"""Print the typed Python that renders to SeldonDeployments of a YAML or JSON file, or of a cluster, or to config.pbtxt.

What the manifests say that has no place in the typed values is an error with its path and line; nothing is left out in
silence. Remarks go to standard error, so that the output can be written to a file.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.cli import triton_source
from seldon_infra.clusters.live import cluster
from seldon_infra.core.documents import Document, read_documents
from seldon_infra.core.errors import InvalidGraph, InvalidSpec, NotPermitted
from seldon_infra.core.problems import Problem
from seldon_infra.core.source import names_in, source
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.manifest import GROUP, KIND, PLURAL
from seldon_infra.graph.read import Read, read_deployment

if TYPE_CHECKING:
    from seldon_infra.graph.spec import SeldonDeployment

STANDARD_INPUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "file", nargs="*", metavar="FILE", help=f"YAML or JSON, {STANDARD_INPUT} for standard input, or .pbtxt"
    )
    parser.add_argument("--from-cluster", metavar="NAMESPACE/NAME", help="read a deployment that is on a cluster")
    parser.add_argument("--context", help="the kubeconfig's context to use (default: its current one)")


def run(arguments: argparse.Namespace) -> int:
    """Print a module with every deployment, and say on standard error what a reader should know."""
    triton = [name for name in arguments.file if name.endswith(triton_source.SUFFIX)]
    if triton:
        return _print_models(triton, [*arguments.file, *filter(None, [arguments.from_cluster])])
    documents = [document for name in arguments.file for document in _documents(name)]
    if arguments.from_cluster:
        documents.append(_on_cluster(arguments.from_cluster, arguments.context))
    if not documents:
        raise InvalidGraph([_nothing_given()])
    found = _read_all(documents)
    print(module([read.deployment for read in found]), end="")
    for read in found:
        for note in (*read.notes, *_refused(read.deployment)):
            print(note, file=sys.stderr)
    return 0


def _print_models(files: Sequence[str], given: Sequence[str]) -> int:
    """Print a module with Triton's models."""
    if len(files) < len(given):
        fix = "give the one and the other to a command of its own"
        raise InvalidGraph([Problem("seldon-infra import", f"{files[0]} and {given[-1]}", "must be of one kind", fix)])
    models = triton_source.read_models(files, _text)
    print(triton_source.module(models, _variables([str(model.name) for model in models], "repository")), end="")
    for note in triton_source.refused(models):
        print(note, file=sys.stderr)
    return 0


def module(deployments: Sequence[SeldonDeployment]) -> str:
    """Write a stack's module that holds deployments."""
    names = _variables([deployment.name for deployment in deployments], "stack")
    types = sorted({"Kubernetes", "Stack"}.union(*map(names_in, deployments)))
    imports = "\n".join(f"    {name}," for name in types)
    values = "\n\n".join(f"{name} = {source(each)}" for name, each in zip(names, deployments, strict=True))
    listed = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
    stack = f"stack = Stack(target=Kubernetes(), deployments={listed})"
    return f"from seldon_infra import (\n{imports}\n)\n\n{values}\n\n{stack}\n"


def _variables(objects: Iterable[str], taken: str) -> list[str]:
    """Give each object a name of Python's, no two the same, and none that is taken."""
    names: list[str] = []
    for given in objects:
        name = re.sub(r"\W", "_", given)
        name = f"deployment_{name}" if keyword.iskeyword(name) or not name.isidentifier() or name == taken else name
        names.append(name if name not in names else f"{name}_{len(names) + 1}")
    return names


def _text(name: str) -> str:
    file = "standard input" if name == STANDARD_INPUT else name
    try:
        return sys.stdin.read() if name == STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise NotPermitted(f"{file}: {error.strerror}; give a file that can be read") from None
    except UnicodeDecodeError:
        raise InvalidGraph([Problem(file, "no UTF-8 text", "must be YAML or JSON", "save it as UTF-8")]) from None


def _documents(name: str) -> list[Document]:
    file = "standard input" if name == STANDARD_INPUT else name
    documents, problems = read_documents(_text(name), file)
    if problems:
        raise InvalidGraph([*problems, *_further(documents)])
    return documents


def _further(documents: Iterable[Document]) -> list[Problem]:
    """What else is wrong with documents whose form has to be mended first."""
    return [problem for document in documents for inner in _objects(document) for problem in _read(inner)[1]]


def _read_all(documents: Iterable[Document]) -> list[Read]:
    """Read every SeldonDeployment; all problems of all documents at once."""
    results = [_read(inner) for document in documents for inner in _objects(document)]
    problems = [problem for _, wrong in results for problem in wrong]
    if problems:
        raise InvalidGraph(problems)
    return [read for found, _ in results for read in found]


def _objects(document: Document) -> list[Document]:
    """Give a document, or what it lists."""
    items = document.data.get("items")
    if document.data.get("kind") not in ("List", f"{KIND}List") or not isinstance(items, list):
        return [document]
    inside = [(index, item) for index, item in enumerate(items) if isinstance(item, Mapping)]
    return [Document(document.file, item, _below(document, ("items", index))) for index, item in inside]


def _below(document: Document, path: tuple[str | int, ...]) -> dict[tuple[str | int, ...], int]:
    return {key[len(path) :]: line for key, line in document.lines.items() if key[: len(path)] == path}


def _read(document: Document) -> tuple[list[Read], list[Problem]]:
    """Read one document, or say what keeps it from being read, each problem with its line."""
    kind = document.data.get("kind")
    if kind not in (None, KIND):
        fix = "remove it from the file; other objects belong in other programs"
        return [], [_located(Problem("kind", str(kind), f"must be {KIND}", fix), document)]
    try:
        return [read_deployment(document.data)], []
    except InvalidGraph as error:
        ordered = sorted(error.problems, key=lambda problem: document.line_of(problem.path))
        return [], [_located(problem, document) for problem in ordered]
    except InvalidSpec as error:
        return [], [problem.within(document.file) for problem in error.problems]


def _located(problem: Problem, document: Document) -> Problem:
    where = f"{document.file} line {document.line_of(problem.path)}"
    return replace(problem, path=f"{where}: {problem.path}")


def _refused(deployment: SeldonDeployment) -> list[str]:
    return [f"a preview will refuse this: {problem}" for problem in check_cluster(deployment)]


def _nothing_given() -> Problem:
    fix = "give FILE, - for standard input, or --from-cluster NAMESPACE/NAME"
    return Problem("seldon-infra import", "nothing to read", "must be given a manifest", fix)


def _on_cluster(name: str, context: str | None) -> Document:
    namespace, slash, name = name.partition("/")
    if not slash or not namespace or not name:
        problem = Problem("--from-cluster", f"'{namespace}'", "must be NAMESPACE/NAME", "write it as models/fraud")
        raise InvalidGraph([problem])
    path = f"/apis/{GROUP}/v1/namespaces/{namespace}/{PLURAL}/{name}"
    found = cluster(context).get(path, f"{KIND} '{namespace}/{name}'")
    return Document(f"cluster {context or 'of the current context'}", found, {(): 1})
