"""Rules about what stands for a node on each target: a command on this machine, an image on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, listed
from seldon_infra.graph.spec import ABTest
from seldon_infra.servers.command import PLACEHOLDERS
from seldon_infra.servers.layout import placeholders
from seldon_infra.servers.spec import ContainerServer

if TYPE_CHECKING:
    from collections.abc import Iterator


def command_stands_for_the_image(at: InNode) -> Iterator[Problem]:
    """This machine runs no images."""
    server = at.node.server
    if isinstance(server, ContainerServer) and not server.local_command and not isinstance(at.node, ABTest):
        fix = "write local_command=('program', '--port', '{port.http}', …), or use a cluster"
        got = "local_command is not set for ContainerServer"
        yield Problem(at.path, got, "must be given on this machine, which runs no images", fix)


def placeholders_are_known(at: InNode) -> Iterator[Problem]:
    """A word in braces is a place that is filled in, and has something to be filled in with."""
    server = at.node.server
    if not isinstance(server, ContainerServer):
        return
    fields = {"model": ("model_uri", at.node.model_uri), "source": ("source", server.source)}
    for word in map(known, server.local_command):
        for name in placeholders(word or ""):
            field, value = fields.get(name, ("", name))
            if name not in PLACEHOLDERS:
                names = listed([f"{{{each}}}" for each in PLACEHOLDERS])
                yield Problem(at.path, f"local_command '{word}'", f"must hold no {{{name}}}", f"write {names}")
            elif value is None:
                fix = f"write {field}=…, or take {{{name}}} out of the command"
                yield Problem(at.path, f"local_command '{word}' without {field}", f"must have {field}", fix)


def image_is_named(at: InNode) -> Iterator[Problem]:
    """A cluster runs images, not commands of this machine."""
    server = at.node.server
    if isinstance(at.node, ABTest) and at.node.image is None:
        fix = "build an image with seldon-infra[local] in it and write image='registry/name@sha256:…'"
        yield Problem(at.path, "image is not set", "must be given for a cluster, where a container routes", fix)
    elif isinstance(server, ContainerServer) and server.image is None:
        fix = "build an image that does what local_command does and write image='registry/name@sha256:…'"
        yield Problem(at.path, "image is not set for ContainerServer", "must be given for a cluster", fix)


LOCAL_NODE_RULES = (command_stands_for_the_image, placeholders_are_known)
MANIFEST_NODE_RULES = (image_is_named,)
