"""Rules about what a definition refers to: Secrets, fields of pods, images, places of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.artifacts.addresses import shown, why_not
from seldon_infra.artifacts.spec import HttpStorage
from seldon_infra.core.model import known
from seldon_infra.core.names import is_config_key, is_image_reference, is_subdomain
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import InNode, InPredictor, environments_in, half
from seldon_infra.graph.spec import ConfigMapKey, ContainerAmount, PodField, SecretKey
from seldon_infra.servers.spec import MLServerRuntime, PythonServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import EnvVar, Explainer, Node, SeldonDeployment

_OBJECTS = ("env_secret_ref_name", "service_account_name")
_POD_FIELD = re.compile(
    r"(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIP|hostIPs|podIP|podIPs))\Z"
)
_AMOUNT = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\w+)\Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_NO_URI = re.compile(r"[a-z][a-z0-9+.-]*:/*\Z|[A-Z][A-Za-z0-9+.-]*:|[a-z]:\\", re.ASCII)
"""A scheme without a place, one in upper case, a drive of Windows."""


def objects(at: InNode) -> Iterator[Problem]:
    """Names of Secrets and service accounts are DNS subdomains."""
    for field in _OBJECTS:
        yield from _object(at.path, field, getattr(at.node, field))


def objects_of_a_predictor(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer and for TLS."""
    for field in _OBJECTS if at.predictor.explainer else ():
        yield from _object(at.path, f"explainer.{field}", getattr(at.predictor.explainer, field))
    if at.predictor.ssl:
        yield from _object(at.path, "ssl.cert_secret_name", at.predictor.ssl.cert_secret_name)


def sources_of_variables(at: InPredictor) -> Iterator[Problem]:
    """A variable comes from something that Kubernetes can look up."""
    for path, field, variables in environments_in(at):
        for variable in variables:
            yield from _source(path, f"{field} '{variable.name}'", variable)


def images(at: InNode) -> Iterator[Problem]:
    """An image is a reference by Docker's grammar; a digest that is none pins nothing."""
    yield from image_is_a_reference(at.path, "image", getattr(at.node.server, "image", None))
    yield from image_is_a_reference(at.path, "storage_initializer_image", at.node.storage_initializer_image)


def image_is_built_once(at: InNode) -> Iterator[Problem]:
    """An image that is named is not built, and one that is built is pushed by somebody."""
    server = at.node.server
    build = server.build if isinstance(server, (PythonServer, MLServerRuntime)) else None
    if build is None:
        return
    if getattr(server, "image", None) is not None:
        yield Problem(at.path, "image and build are given", "must be one of them", "remove one")
    for got, want, fix in half(build, "username", "password"):
        yield Problem(at.path, f"build.{got}", want, fix)
    if "@" in build.tag:
        fix = f"write tag='{build.tag.partition('@')[0]}'"
        yield Problem(at.path, f"build.tag '{build.tag}'", "must have no digest: the build makes it", fix)
    else:
        yield from image_is_a_reference(at.path, "build.tag", build.tag)


def images_of_a_predictor(at: InPredictor) -> Iterator[Problem]:
    """The same for the image that fetches an explainer's model."""
    if at.predictor.explainer:
        field = "explainer.storage_initializer_image"
        yield from image_is_a_reference(at.path, field, at.predictor.explainer.storage_initializer_image)


def model_uri_is_a_place(at: InNode) -> Iterator[Problem]:
    """A stray blank, or a scheme without a bucket, makes a place that is not there."""
    yield from _uri(at.path, "", at.node)
    yield from _address(at.path, "", at.node, at.deployment)


def model_digest_is_whole(at: InNode) -> Iterator[Problem]:
    """Part of a digest pins nothing."""
    digest = known(at.node.model_digest)
    if digest is not None and not _DIGEST.match(digest):
        fix = "copy the whole digest; run: seldon-infra digest MODEL_URI"
        yield Problem(at.path, f"model_digest '{digest}'", "must be sha256: and 64 hexadecimal digits", fix)


def explainer_uri_is_a_place(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer."""
    if at.predictor.explainer:
        yield from _uri(at.path, "explainer.", at.predictor.explainer)
        yield from _address(at.path, "explainer.", at.predictor.explainer, at.deployment)


def _object(path: str, field: str, value: Later[str] | None) -> Iterator[Problem]:
    name = known(value)
    if name is not None and not is_subdomain(name):
        fix = f"change {field.rpartition('.')[2]}"
        yield Problem(path, f"{field} '{name}'", "must be the name of a Kubernetes object", fix)


def _source(path: str, what: str, variable: EnvVar) -> Iterator[Problem]:
    match variable.value_from:
        case SecretKey(secret=secret, key=key):
            yield from _object_and_key(path, what, "secret", secret, key)
        case ConfigMapKey(config_map=config_map, key=key):
            yield from _object_and_key(path, what, "config_map", config_map, key)
        case PodField(path=field):
            want = "must be a field that Kubernetes hands to containers; write path='metadata.name'"
            yield from _fits(path, f"{what} path", field, _POD_FIELD.match, want)
        case ContainerAmount(resource=resource, divisor=divisor):
            want = "must be limits or requests of cpu, memory or ephemeral-storage; write resource='limits.memory'"
            yield from _fits(path, f"{what} resource", resource, _AMOUNT.match, want)
            want = "must be a quantity of Kubernetes; write divisor='1Mi'"
            yield from _fits(path, f"{what} divisor", divisor, parse_quantity, want)


def _object_and_key(path: str, what: str, kind: str, name: Later[str], key: Later[str]) -> Iterator[Problem]:
    want = f"must be the name of a Kubernetes object; change {kind}"
    yield from _fits(path, f"{what} {kind}", name, is_subdomain, want)
    want = "must be a key: letters, digits, '-', '_' and '.'; change key"
    yield from _fits(path, f"{what} key", key, is_config_key, want)


def _fits(
    path: str, what: str, value: Later[str] | None, fits: Callable[[str], object], want_and_fix: str
) -> Iterator[Problem]:
    text = known(value)
    if text is not None and not fits(text):
        want, _, fix = want_and_fix.rpartition("; ")
        yield Problem(path, f"{what} '{text}'", want, fix)


def image_is_a_reference(path: str, field: str, value: Later[str] | None) -> Iterator[Problem]:
    """An image is a reference by Docker\'s grammar, and its digest a whole one."""
    image = known(value)
    if image is None:
        return
    name, marked, digest = image.partition("@")
    if not is_image_reference(name):
        want = "must be an image's name in lower case, with a tag or a digest at most"
        fix = f"write {field.rpartition('.')[2]}='registry/name@sha256:…'"
        yield Problem(path, f"{field} '{image}'", want, fix)
    elif marked and not _DIGEST.match(digest):
        fix = "copy the whole digest, sha256: and 64 hexadecimal digits"
        yield Problem(path, f"{field} '{image}'", "must have a digest of 64 hexadecimal digits", fix)


def _uri(path: str, prefix: str, owner: Node | Explainer) -> Iterator[Problem]:
    uri = known(owner.model_uri)
    if not uri:
        return
    if uri != uri.strip():
        fix = f"write model_uri={uri.strip()!r}"
        yield Problem(path, f"{prefix}model_uri {uri!r}", "must not begin or end with blanks", fix)
    elif _NO_URI.match(uri):
        want, fix = "must be a path of the project or a URI", "write model_uri='s3://bucket/model'"
        yield Problem(path, f"{prefix}model_uri {uri!r}", want, fix)


def _address(path: str, prefix: str, owner: Node | Explainer, deployment: SeldonDeployment) -> Iterator[Problem]:
    """A URI makes pods and this machine ask an address; one of a private network has to be meant."""
    uri = known(owner.model_uri)
    urls = [each.url for each in deployment.storage if isinstance(each, HttpStorage)]
    refused = why_not(uri, urls) if uri else None
    if uri and refused:
        want, fix = "must lead to a store of models", "name the server by HttpStorage(url=…), or correct the URI"
        yield Problem(path, f"{prefix}model_uri '{shown(uri)}' {refused}", want, fix)


PREDICTOR_RULES = (objects_of_a_predictor, sources_of_variables, images_of_a_predictor, explainer_uri_is_a_place)
NODE_RULES = (objects, images, image_is_built_once, model_uri_is_a_place, model_digest_is_whole)
