"""Ways through a predictor graph; none that judges one recurses, so that a graph of any depth can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seldon_infra.graph.spec import Node


def nodes(root: Node) -> Iterator[Node]:
    """Give a node and all below it, each before its children."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def is_deeper(root: Node, than: int) -> bool:
    """Tell whether there are more nodes than that on the way down to some node; a node is not visited twice."""
    level, depth = {id(root): root}, 0
    while level and depth < than:
        level, depth = {id(child): child for node in level.values() for child in node.children}, depth + 1
    return bool(level)


def is_chain(root: Node) -> bool:
    """Tell whether every node has at most one child."""
    return all(len(node.children) <= 1 for node in nodes(root))


def leaf(root: Node) -> Node:
    """Give the last node of a chain: first children all the way down."""
    while root.children:
        root = root.children[0]
    return root


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Change a node and all below it, children first."""
    below = tuple(mapped(child, change) for child in node.children)
    if below:
        field: dict[str, Any] = {"children": below} if "children" in type(node).model_fields else {"child": below[0]}
        node = node.model_copy(update=field)
    return change(node)
