"""Write the Containerfile and the build context of a node's own Python class, a detector or an explainer.

The files are the same for the same definition, class and lock, and hold nothing of this machine. Nothing is built here.
Where the class requires packages, they are locked with their hashes; a lock that the folder holds keeps its versions.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from seldon_infra.cli.graph import chosen
from seldon_infra.core.atomic import write
from seldon_infra.core.errors import InvalidSpec, NotPermitted, SeldonInfraError
from seldon_infra.core.problems import Problem
from seldon_infra.graph.check import check
from seldon_infra.graph.rules.place import InNode, nodes_in, predictors
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.spec.explainers import ExplainerMethod
from seldon_infra.servers import catalogue
from seldon_infra.servers.class_lock import class_lock
from seldon_infra.servers.explainers import EXPLAINER, Beside, ExplainerServer
from seldon_infra.servers.image import BASE, CONTAINERFILE, LOCK, Built, context
from seldon_infra.servers.spec import MLServerRuntime, PythonServer
from seldon_infra.stack import find_project, load_stack

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*\Z", re.ASCII)
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755
"""An image's files have the modes of its context, and its user is not who wrote them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("deployment", metavar="DEPLOYMENT", help="the deployment")
    whose = "its node, with a class of yours, a detector or a router that learns; or 'explainer'"
    parser.add_argument("node", metavar="NODE", help=whose)
    parser.add_argument("--stack", required=True, help="the stack, as in `pulumi up --stack`")
    add_place(parser)
    parser.add_argument("--predictor", help="which predictor's node, where several have one of that name")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one, or one above)"
    )


def add_place(parser: argparse.ArgumentParser) -> None:
    """Declare where a context goes, and what its image builds on."""
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the build context is written")
    parser.add_argument("--base", default=BASE, help=f"image to build on, best by its digest (default: {BASE})")


def run(arguments: argparse.Namespace) -> int:
    """Write the build context, and say which files it has."""
    project, base = find_project(arguments.project), base_image(arguments.base)
    (deployment,) = chosen(load_stack(arguments.stack, project), arguments.stack, arguments.deployment)
    problems = check(deployment)
    if problems:
        raise InvalidSpec(problems)
    explains = _explainer(deployment, arguments.node, arguments.predictor)
    files = _of_explainer(explains, base) if explains else _of_node(deployment, arguments, project, base)
    write_context(arguments.out, files, base)
    return 0


def _of_node(
    deployment: SeldonDeployment, arguments: argparse.Namespace, project: Path, base: str
) -> Mapping[str, str]:
    at = _node(deployment, arguments.node, arguments.predictor)
    server = _built(at)
    entry = catalogue.load(str(server.catalogue))
    code = _code(at, project / server.source) if isinstance(server, PythonServer | MLServerRuntime) else None
    lock = class_lock(entry, getattr(server, "requirements", ()), _earlier(arguments.out / LOCK))
    return context(server, at.node, entry, code, lock, base)


def _of_explainer(method: type[ExplainerMethod], base: str) -> Mapping[str, str]:
    entry = catalogue.load(method.server)
    lock = entry.lock.read_text(encoding="utf-8")
    return context(ExplainerServer(), Beside(), entry, None, lock, base)


def _explainer(deployment: SeldonDeployment, name: str, predictor: str | None) -> type[ExplainerMethod] | None:
    """Find what explains, where no node has that name; one image must do for all that are meant."""
    asked = [each for each in predictors(deployment) if predictor in (None, each.predictor.name)]
    if name != EXPLAINER or any(at.node.name == name for each in asked for at in nodes_in(each)):
        return None
    found = {each.predictor.name: each.predictor.explainer.method for each in asked if each.predictor.explainer}
    if len({method.server for method in found.values()}) > 1:
        names = " or ".join(f"--predictor {each}" for each in found)
        raise SeldonInfraError(f"predictors of '{deployment.name}' are explained by different images; give {names}")
    return next(iter(found.values()), None)


def base_image(text: str) -> str:
    """Read the name of the image that one builds on."""
    if _REFERENCE.match(text):
        return text
    raise SeldonInfraError(f"--base '{text}': must be an image's name; write it as NAME:TAG@sha256:DIGEST")


def _node(deployment: SeldonDeployment, name: str, predictor: str | None) -> InNode:
    """Find the node; several of one name must be run by the same server."""
    there = [at for each in predictors(deployment) for at in nodes_in(each)]
    found = [at for at in there if at.node.name == name and predictor in (None, at.predictor.name)]
    if not found:
        names = ", ".join(dict.fromkeys(f"'{at.node.name}'" for at in there))
        of = f" in predictor '{predictor}'" if predictor else ""
        raise SeldonInfraError(f"deployment '{deployment.name}' has no node '{name}'{of}; its nodes: {names}")
    if any(at.node.server != found[0].node.server for at in found):
        names = " or ".join(f"--predictor {at.predictor.name}" for at in found)
        raise SeldonInfraError(f"node '{name}' differs between predictors of '{deployment.name}'; give {names}")
    return found[0]


def _built(at: InNode) -> Built:
    if isinstance(at.node.server, Built):
        return at.node.server
    got = f"server {type(at.node.server).__name__}"
    want = "must be a PythonServer, an MLServerRuntime, a detector or a router that learns to have an image of its own"
    raise InvalidSpec([Problem(at.path, got, want, "name a node with a class of yours")])


def _code(at: InNode, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        got, want = f"source '{file}' does not exist", "must be the file with the class"
    except (OSError, UnicodeDecodeError) as error:
        got, want = f"source '{file}' cannot be read: {error}", "must be a Python file in UTF-8"
    raise InvalidSpec([Problem(at.path, got, want, "write it, or correct the path")])


def _earlier(lock: Path) -> str:
    return lock.read_text(encoding="utf-8") if lock.is_file() else ""


def write_context(folder: Path, files: Mapping[str, str], base: str) -> None:
    """Write a context, the Containerfile last: a folder that has one is whole; and say what of its base may change."""
    unknown = sorted(set(_there(folder)) - set(files))
    if unknown:
        raise SeldonInfraError(f"--out '{folder}' holds {unknown[0]}, which is not of this image; give an empty folder")
    try:
        for path in sorted(files, key=lambda path: (path == CONTAINERFILE, path)):
            _make_folders(folder, (folder / path).parent)
            write(folder / path, files[path], _FILE_MODE)
            print(folder / path)
    except OSError as error:
        raise NotPermitted(f"--out '{folder}' cannot be written: {error.strerror}; give a folder of yours") from None
    if "@sha256:" not in base:
        print(f"note: base '{base}' is a tag, which can change; pin it with --base NAME@sha256:…", file=sys.stderr)


def _there(folder: Path) -> Iterator[str]:
    return (file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir())


def _make_folders(top: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, *folder.parents):
        if each == top:
            return
        each.chmod(_FOLDER_MODE)
