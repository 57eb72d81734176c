"""Ways through a predictor graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import Node


def nodes(root: Node) -> Iterator[Node]:
    """Give a node and all below it, each before its children."""
    yield root
    for child in root.children:
        yield from nodes(child)


def with_paths(root: Node, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Give every node with those above it, the root first."""
    yield root, above
    for child in root.children:
        yield from with_paths(child, (*above, root))


def is_chain(root: Node) -> bool:
    """Tell whether every node has at most one child."""
    return all(len(node.children) <= 1 for node in nodes(root))


def leaf(root: Node) -> Node:
    """Give the last node of a chain: first children all the way down."""
    return leaf(root.children[0]) if root.children else root
