"""Rules about what runs a node or an explainer: its model, its code, its image, its licence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, listed, server_of
from seldon_infra.servers.spec import (
    LAST_APACHE_CORE,
    LAST_APACHE_EXPLAINER,
    ContainerServer,
    HuggingFaceServer,
    MLServerRuntime,
    PythonServer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)\Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


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


def model_uri_has_no_spaces(at: InNode) -> Iterator[Problem]:
    """A stray blank makes a path that is not there."""
    uri = known(at.node.model_uri)
    if uri and uri != uri.strip():
        fix = f"write model_uri={uri.strip()!r}"
        yield Problem(at.path, f"model_uri {uri!r}", "must not begin or end with blanks", fix)


def code_is_named(at: InNode) -> Iterator[Problem]:
    """A user's class is a class in a Python file."""
    server = at.node.server
    if not isinstance(server, (PythonServer, MLServerRuntime)):
        return
    if not server.source.endswith(".py"):
        fix = "write source='path/to/file.py'"
        yield Problem(at.path, f"source '{server.source}'", "must be the path of a Python file", fix)
    if not server.class_name.isidentifier():
        fix = "write class_name='NameOfTheClass'"
        yield Problem(at.path, f"class_name '{server.class_name}'", "must be the name of a class", fix)


def container_speaks(at: InNode) -> Iterator[Problem]:
    """An image that speaks nothing answers nothing."""
    if isinstance(at.node.server, ContainerServer) and not at.node.server.speaks:
        fix = f"write speaks=['{at.deployment.protocol}']"
        yield Problem(at.path, "speaks is empty", "must name at least one protocol", fix)


def image_is_a_reference(at: InNode) -> Iterator[Problem]:
    """A digest that is none pins nothing."""
    server = at.node.server
    image = known(server.image) if isinstance(server, (PythonServer, MLServerRuntime, ContainerServer)) else None
    if image is None:
        return
    _, marked, digest = image.partition("@")
    if not image or image.split() != [image]:
        fix = "write image='registry/name@sha256:…'"
        yield Problem(at.path, f"image '{image}'", "must be a reference without blanks", fix)
    elif marked and not _DIGEST.match(digest):
        fix = "copy the whole digest, sha256: and 64 hexadecimal digits"
        yield Problem(at.path, f"image '{image}'", "must have a digest of 64 hexadecimal digits", fix)


def licence_is_chosen(at: InNode) -> Iterator[Problem]:
    """Code under BSL-1.1 is an explicit choice."""
    server = at.node.server
    version, licence = getattr(server, "version", None), getattr(server, "licence", "")
    yield from _licence(at.path, f"{type(server).__name__} version", version, licence, LAST_APACHE_CORE)


def explainer_licence_is_chosen(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer, whose versions are MLServer's on protocol v2."""
    explainer, v2 = at.predictor.explainer, at.deployment.protocol == "v2"
    if explainer:
        last = LAST_APACHE_EXPLAINER if v2 else LAST_APACHE_CORE
        yield from _licence(at.path, "explainer.version", explainer.version, explainer.licence, last)


def explainer_has_a_model(at: InPredictor) -> Iterator[Problem]:
    """An explainer starts from a trained one, or from arguments."""
    explainer = at.predictor.explainer
    if explainer and not explainer.model_uri and explainer.init_parameters is None:
        yield Problem(
            at.path,
            f"explainer.model_uri is not set for {explainer.type}",
            "must be given, or init_parameters",
            "write model_uri='s3://bucket/explainer' in Explainer",
        )


def explainer_speaks_protocol(at: InPredictor) -> Iterator[Problem]:
    """There are explainer images for two protocols."""
    if at.predictor.explainer and at.deployment.protocol == "tensorflow":
        names = listed(["'seldon'", "'v2'"])
        yield Problem(at.path, "explainer on protocol 'tensorflow'", f"must be on protocol {names}", "remove explainer")


def _licence(path: str, what: str, version: str | None, licence: str, last: str) -> Iterator[Problem]:
    if version is None:
        return
    match = _VERSION.match(version)
    if match is None:
        yield Problem(path, f"{what} '{version}'", "must be three numbers", f"write version='{last}'")
    elif licence != "BSL-1.1" and _numbers(version) > _numbers(last):
        yield Problem(
            path,
            f"{what} '{version}' is under BSL-1.1, whose use in production has to be paid for",
            f"must be at most {last}, the last under Apache-2.0, unless you accept that licence",
            f"write version='{last}', or licence='BSL-1.1' if you have one",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


PREDICTOR_RULES = (explainer_licence_is_chosen, explainer_has_a_model, explainer_speaks_protocol)
NODE_RULES = (
    model_uri_is_there,
    model_uri_has_no_spaces,
    code_is_named,
    container_speaks,
    image_is_a_reference,
    licence_is_chosen,
)
