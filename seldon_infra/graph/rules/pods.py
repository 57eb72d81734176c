"""Rules about Kubernetes' own words: what is merged into a rendered pod must not take its containers away.

Lists of named things are merged by name. A list that is none replaces the rendered one, with the node's container, its
probes and its security context; so does nothing at all in a list's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seldon_infra.core.model import is_later
from seldon_infra.core.problems import Problem, shown
from seldon_infra.graph.rules.place import InPredictor, nodes_in, server_of, used_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.core.model import JsonObject
    from seldon_infra.graph.spec import Node

_NAMED_IN_POD = ("containers", "initContainers", "volumes")
_NAMED_IN_CONTAINER = ("env",)


def pods_keep_their_containers(at: InPredictor) -> Iterator[Problem]:
    """Look at the template of the pod that a predictor's nodes share, and at those of nodes with their own."""
    if at.predictor.pod:
        shared = [inner.node for inner in nodes_in(at) if server_of(inner.node) and inner.node.pod is None]
        yield from _pod(at.path, "pod.spec", at.predictor.pod.spec, shared)
    for inner in nodes_in(at):
        if inner.node.pod and inner.node.pod.template:
            yield from _pod(inner.path, "pod.template.spec", inner.node.pod.template.spec, [inner.node])


def explainer_keeps_its_environment(at: InPredictor) -> Iterator[Problem]:
    """The same for an explainer's container."""
    if at.predictor.explainer:
        yield from _lists(at.path, "explainer.container", at.predictor.explainer.container, _NAMED_IN_CONTAINER, "…")


def _pod(path: str, field: str, spec: JsonObject, nodes: Sequence[Node]) -> Iterator[Problem]:
    names = [node.name for node in nodes]
    wrong = list(_lists(path, field, spec, _NAMED_IN_POD, names[0] if names else "…"))
    yield from wrong
    containers = spec.get("containers")
    if not wrong and isinstance(containers, tuple):
        yield from _containers(path, f"{field}.containers", containers, names)


def _containers(path: str, field: str, containers: Sequence[object], nodes: Sequence[str]) -> Iterator[Problem]:
    known = [each for each in containers if isinstance(each, Mapping) and isinstance(each["name"], str)]
    for name in used_twice([each["name"] for each in known]):
        yield Problem(path, f"{field} names '{name}' twice", "must be named once", f"remove one '{name}'")
    for each in known:
        name = each["name"]
        yield from _lists(path, f"{field}['{name}']", each, _NAMED_IN_CONTAINER, "…")
        if name not in nodes and "image" not in each:
            got = f"{field}['{name}'] is no node of this pod and has no image"
            fix = f"nodes of this pod: {', '.join(nodes)}"
            yield Problem(path, got, "must be a node's name or have an image", fix)


def _lists(path: str, field: str, words: JsonObject, names: Sequence[str], example: str) -> Iterator[Problem]:
    for name in names:
        if name in words and not _is_named_list(words[name]):
            got, want = f"{field}.{name} {shown(words[name])}", "must be a list of mappings with a name each"
            entry = example if name == "containers" else "…"
            yield Problem(path, got, want, f"write {name}=[{{'name': '{entry}', …}}]")


def _is_named_list(value: object) -> bool:
    return is_later(value) or (isinstance(value, list | tuple) and all(_is_named(item) for item in value))


def _is_named(item: object) -> bool:
    if is_later(item):
        return True
    name = item.get("name") if isinstance(item, Mapping) else None
    return isinstance(name, str) or is_later(name)


PREDICTOR_RULES = (pods_keep_their_containers, explainer_keeps_its_environment)
