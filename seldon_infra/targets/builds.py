"""Images of users' classes that Pulumi builds before a cluster runs them, by the provider docker-build.

Its SDK is not needed: what it sends to the engine is what stands here. Source: Image of pulumi/pulumi-docker-build.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, nodes_in, predictors
from seldon_infra.graph.walk import mapped
from seldon_infra.resources.handle import Handle
from seldon_infra.servers import catalogue
from seldon_infra.servers.image import CONTAINERFILE, LOCK, context
from seldon_infra.servers.spec import ImageBuild, MLServerRuntime, PythonServer

if TYPE_CHECKING:
    from seldon_infra.graph.spec import Node, SeldonDeployment

TYPE = "docker-build:index:Image"
_FROM = re.compile(r"^FROM (\S+)", re.MULTILINE)
_WANT = "must be what seldon-infra containerfile writes for this definition"


def with_images(
    deployments: Sequence[SeldonDeployment], project: Path, opts: pulumi.ResourceOptions | None = None
) -> list[SeldonDeployment]:
    """Declare the images that deployments build, and give the deployments with these images' names.

    Raises:
        InvalidSpec: a build context is not there or not of its definition; all of them at once, nothing is declared.
    """
    built = [at for each in deployments for inner in predictors(each) for at in nodes_in(inner) if _build(at.node)]
    problems = [problem for at in built for problem in _stale(at, project)]
    if problems:
        raise InvalidSpec(problems)
    images: dict[str, pulumi.Output[str]] = {}
    for at in built:
        build = _build(at.node)
        if build is not None and build.tag not in images:
            images[build.tag] = _image(f"{at.deployment.name}.{at.node.name}", build, project, opts)
    return [_deployment_with(each, images) for each in deployments] if images else list(deployments)


def _build(node: Node) -> ImageBuild | None:
    return node.server.build if isinstance(node.server, PythonServer | MLServerRuntime) else None


def _stale(at: InNode, project: Path) -> Iterator[Problem]:
    """Give a problem for a context that is not there, or whose files are not those of the class and its server."""
    build, server = _build(at.node), at.node.server
    assert build is not None
    assert isinstance(server, PythonServer | MLServerRuntime)
    folder = project / build.context
    fix = f"run: seldon-infra containerfile {at.deployment.name} {at.node.name} --stack STACK --out {build.context}"
    try:
        base = _FROM.findall((folder / CONTAINERFILE).read_text(encoding="utf-8"))[0]
        lock = (folder / LOCK).read_text(encoding="utf-8")
        code = (project / server.source).read_text(encoding="utf-8")
        wanted = context(server, at.node, catalogue.load(str(server.catalogue)), code, lock, base)
        other = next((path for path, text in wanted.items() if _text(folder / path) != text), None)
    except (OSError, UnicodeDecodeError, IndexError):
        yield Problem(at.path, f"build.context '{build.context}' is no build context", _WANT, fix)
        return
    if other is not None:
        yield Problem(at.path, f"build.context '{build.context}': {other} is another", _WANT, fix)


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _image(name: str, build: ImageBuild, project: Path, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
    """Declare an image; what comes back is its name with the digest that it was pushed with."""
    # The provider starts where the program does, which need not be the project's folder.
    folder = os.path.relpath(project / build.context)
    login = {"address": build.tag.partition("/")[0], "username": build.username, "password": build.password}
    properties: dict[str, Any] = {
        "context": {"location": folder},
        "dockerfile": {"location": f"{folder}/{CONTAINERFILE}"},
        "tags": [build.tag],
        "platforms": list(build.platforms),
        # The same files give the same image, whenever it is built.
        "buildArgs": {"SOURCE_DATE_EPOCH": "0"},
        "push": True,
        # A preview builds nothing: what is applied is built when it is applied.
        "buildOnPreview": False,
        **({"builder": {"name": build.builder}} if build.builder else {}),
        **({"registries": pulumi.Output.secret([login])} if build.username is not None else {}),
    }
    made: pulumi.Output[str] = Handle(TYPE, name, {**properties, "ref": None}, opts or pulumi.ResourceOptions()).ref
    return made


def _deployment_with(deployment: SeldonDeployment, images: dict[str, pulumi.Output[str]]) -> SeldonDeployment:
    changed = [
        each.model_copy(update={"graph": mapped(each.graph, lambda node: _node_with(node, images))})
        for each in deployment.predictors
    ]
    return deployment.model_copy(update={"predictors": tuple(changed)})


def _node_with(node: Node, images: dict[str, pulumi.Output[str]]) -> Node:
    build = _build(node)
    if build is None:
        return node
    server = node.server.model_copy(update={"image": images[build.tag], "build": None})
    return node.model_copy(update={"server": server})
