"""Rules about what a Triton node serves: its configuration, or the models of its repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.check import model_problems, repository_problems
from seldon_infra.servers.triton.rules.place import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.rules.place import InNode
    from seldon_infra.servers.triton.repository import TritonRepository
    from seldon_infra.servers.triton.spec import TritonModel


def triton_model(at: InNode) -> Iterator[Problem]:
    """Look at a node's Triton configuration, or its repository, by every rule."""
    server = at.node.server
    if not isinstance(server, TritonServer):
        return
    given = [name for name in ("config", "repository", "stored") if getattr(server, name) is not None]
    if len(given) > 1:
        fix = f"put all models into {given[-1]}.models"
        yield Problem(at.path, " and ".join(given), "must be one of them", fix)
    if server.config is not None:
        yield from _named_as_its_node(at, server.config)
        yield from model_problems(at.path, server.config, "config.")
    if server.repository is not None:
        yield from _has_its_nodes(at, server.repository)
        yield from repository_problems(at.path, server.repository)
    if server.stored is not None:
        yield from repository_problems(at.path, server.stored)


def _named_as_its_node(at: InNode, config: TritonModel) -> Iterator[Problem]:
    """The orchestrator asks a server for the model of its node's name."""
    if config.name is not None and config.name != at.node.name:
        want = f"must be its node's, '{at.node.name}', because that is what requests ask for"
        yield Problem(at.path, f"config.name '{config.name}'", want, "remove name from TritonModel")


def _has_its_nodes(at: InNode, repository: TritonRepository) -> Iterator[Problem]:
    names = [str(model.name) for model in repository.models]
    if names and at.node.name not in names:
        want = f"must hold one of its node's name, '{at.node.name}', because that is what requests ask for"
        yield Problem(at.path, f"repository.models {', '.join(names)}", want, meant(at.node.name, names))


NODE_RULES = (triton_model,)
