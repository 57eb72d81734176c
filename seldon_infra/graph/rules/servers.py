"""Rules about what runs a node or an explainer: its model, its code, its image, its licence."""

from __future__ import annotations

import re
from keyword import iskeyword
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, server_of
from seldon_infra.servers.licence import licence_problems
from seldon_infra.servers.spec import (
    LAST_APACHE_CORE,
    LAST_APACHE_EXPLAINER,
    CatalogueServer,
    ContainerServer,
    HuggingFaceServer,
    MLServerRuntime,
    PythonServer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAUSE = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+"
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[A-Za-z0-9._,\s-]+\])?\s*"
    rf"(?:@\s*[a-z+]+://\S+|{_CLAUSE}(?:\s*,\s*{_CLAUSE})*)?\s*(?:;.+)?\Z",
    re.ASCII,
)
_START_FROM_ARGUMENTS = ("AnchorImages", "AnchorText")


def model_uri_is_there(at: InNode) -> Iterator[Problem]:
    """The webhook refuses a prepackaged server without model, except one that can load from its hub."""
    server, uri = server_of(at.node), at.node.model_uri
    if server is None or uri:
        return
    if server.needs_model_uri:
        got = "model_uri is not set" if uri is None else "model_uri is empty"
        fix = "write model_uri='path/to/model', or a URI such as 's3://bucket/model'"
        yield Problem(at.path, got, f"must be given for {type(server).__name__}", fix)
    elif isinstance(server, HuggingFaceServer) and server.pretrained_model is None:
        fix = "write model_uri=…, or task=… and pretrained_model=… in HuggingFaceServer"
        got = "neither model_uri nor pretrained_model is set"
        yield Problem(at.path, got, "must be one of them for HuggingFaceServer", fix)


def code_is_named(at: InNode) -> Iterator[Problem]:
    """A user's class is a class in a Python file."""
    server = at.node.server
    if not isinstance(server, (PythonServer, MLServerRuntime)):
        return
    source = PurePosixPath(server.source)
    if source.suffix != ".py" or source.is_absolute() or ".." in source.parts:
        fix = "write source='path/to/file.py'"
        yield Problem(at.path, f"source '{source}'", "must be the path of a Python file in the project", fix)
    elif not _is_name(source.stem):
        fix = f"rename the file to '{re.sub(r'[^A-Za-z0-9_]+', '_', source.stem)}.py'"
        yield Problem(at.path, f"source '{source}'", "must have the name of a Python module", fix)
    if not _is_name(server.class_name):
        fix = "write class_name='NameOfTheClass'"
        yield Problem(at.path, f"class_name '{server.class_name}'", "must be the name of a class", fix)


def requirements_are_pips(at: InNode) -> Iterator[Problem]:
    """Each requirement is one package; options of pip are nobody's requirement."""
    for text in getattr(at.node.server, "requirements", ()):
        if not _REQUIREMENT.match(text):
            yield Problem(at.path, f"requirements '{text}'", "must be a requirement of pip", "write 'name==1.2.3'")


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


def container_speaks(at: InNode) -> Iterator[Problem]:
    """An image that speaks nothing answers nothing."""
    if isinstance(at.node.server, (ContainerServer, CatalogueServer)) and not at.node.server.speaks:
        fix = f"write speaks=['{at.deployment.protocol}']"
        yield Problem(at.path, "speaks is empty", "must name at least one protocol", fix)


def licence_is_chosen(at: InNode) -> Iterator[Problem]:
    """Code under BSL-1.1 is an explicit choice."""
    server = at.node.server
    version, licence = getattr(server, "version", None), getattr(server, "licence", "")
    yield from licence_problems(at.path, f"{type(server).__name__} version", version, licence, LAST_APACHE_CORE)


def explainer_licence_is_chosen(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer, whose versions are MLServer's on protocol v2."""
    explainer, v2 = at.predictor.explainer, at.deployment.protocol == "v2"
    if explainer:
        last = LAST_APACHE_EXPLAINER if v2 else LAST_APACHE_CORE
        yield from licence_problems(at.path, "explainer.version", explainer.version, explainer.licence, last)


def explainer_has_a_model(at: InPredictor) -> Iterator[Problem]:
    """An explainer starts from a trained one, or from arguments."""
    explainer = at.predictor.explainer
    if explainer is None or explainer.model_uri:
        return
    bare = explainer.kind in _START_FROM_ARGUMENTS
    if not (bare and explainer.init_parameters is not None):
        yield Problem(
            at.path,
            f"explainer.model_uri is not set for {explainer.kind}",
            "must be given, or init_parameters" if bare else "must be given",
            "write model_uri='s3://bucket/explainer' in Explainer",
        )


PREDICTOR_RULES = (explainer_licence_is_chosen, explainer_has_a_model)
NODE_RULES = (
    model_uri_is_there,
    code_is_named,
    container_speaks,
    requirements_are_pips,
    licence_is_chosen,
)
