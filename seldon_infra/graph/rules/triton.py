"""Rules about what a Triton node serves: its configuration, or the models of its repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem, nearest
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.check import model_problems, repository_problems

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
    if server.config is not None and server.repository is not None:
        fix = "put the model of config into repository.models"
        yield Problem(at.path, "config and repository", "must be one of them", fix)
    if server.config is not None:
        yield from _named_as_its_node(at, server.config)
        yield from model_problems(at.path, server.config, "config.")
    if server.repository is not None:
        yield from _has_its_nodes(at, server.repository)
        yield from repository_problems(at.path, server.repository)


def _named_as_its_node(at: InNode, config: TritonModel) -> Iterator[Problem]:
    """The orchestrator asks a server for the model of its node's name."""
    if config.name is not None and config.name != at.node.name:
        want = f"must be its node's, '{at.node.name}', because that is what requests ask for"
        yield Problem(at.path, f"config.name '{config.name}'", want, "remove name from TritonModel")


def _has_its_nodes(at: InNode, repository: TritonRepository) -> Iterator[Problem]:
    if repository.models and repository.named(at.node.name) is None:
        want = f"must hold one of its node's name, '{at.node.name}', because that is what requests ask for"
        names = [str(model.name) for model in repository.models]
        yield Problem(at.path, f"repository.models {', '.join(names)}", want, nearest(at.node.name, names))


NODE_RULES = (triton_model,)
