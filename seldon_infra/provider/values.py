"""Property values between the engine's wire form and plain Python, with secrets and unknowns kept apart.

A value is a tree of dicts, lists and scalars. In a tree from the wire each secret is a `Sealed` node and each unknown
the `UNKNOWN` leaf. `reveal` splits such a tree into a plain one and a `Secrets`, which knows where the secrets were and
what they are, can seal another tree accordingly, and masks texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from seldon_infra.resources.model import UNKNOWN

Path = tuple[str | int, ...]
"""Keys and indices from a tree's root to one of its nodes."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SHORTEST_MASKED = 3


@dataclass(frozen=True)
class Sealed:
    """A secret node."""

    value: Any


class Asset:
    """A file that the program hands over by content: no field takes one, so its validation says so."""

    def __repr__(self) -> str:
        return "an asset; give a path or a URI instead"


def from_wire(struct: Struct) -> dict[str, Any]:
    """The tree that a message carries."""
    return {key: _node(value) for key, value in struct.fields.items()}


def _node(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _object(value.struct_value)
        case "list_value":
            return [_node(item) for item in value.list_value.values]
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _object(struct: Struct) -> Any:
    tree = from_wire(struct)
    match tree.pop(_SIGNATURE, None):
        case None:
            return tree
        case signature if signature == _SECRET:
            return Sealed(tree.get("value"))
        case signature if signature == _OUTPUT:
            known = tree.get("value", UNKNOWN)
            return Sealed(known) if tree.get("secret") else known
        case signature if signature == _RESOURCE:
            return tree.get("id") or tree.get("urn")
        case _:
            return Asset()


def to_wire(tree: Mapping[str, Any]) -> Struct:
    """The message that carries a tree."""
    return Struct(fields={key: _value(node) for key, node in tree.items()})


def _value(node: Any) -> Value:
    if node is UNKNOWN:
        return Value(string_value=_UNKNOWN_TEXT)
    if isinstance(node, Sealed):
        return Value(struct_value=to_wire({_SIGNATURE: _SECRET, "value": node.value}))
    if isinstance(node, Mapping):
        return Value(struct_value=to_wire(node))
    if isinstance(node, (list, tuple)):
        return Value(list_value=ListValue(values=[_value(item) for item in node]))
    if isinstance(node, bool):
        return Value(bool_value=node)
    if isinstance(node, (int, float)):
        return Value(number_value=node)
    return Value(null_value=NULL_VALUE) if node is None else Value(string_value=str(node))


def children(node: Any) -> Iterator[tuple[str | int, Any]]:
    """The keys or indices of a node with what is under them; nothing for a leaf."""
    if isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, (list, tuple)):
        yield from enumerate(node)


def leaves(node: Any) -> Iterator[Any]:
    """Every scalar of a tree, inside secrets too."""
    if isinstance(node, Sealed):
        yield from leaves(node.value)
    elif isinstance(node, (Mapping, list, tuple)):
        for _, child in children(node):
            yield from leaves(child)
    else:
        yield node


def has_unknown(tree: Any) -> bool:
    """Whether anything in a tree is only known later."""
    return any(leaf is UNKNOWN for leaf in leaves(tree))


@dataclass(frozen=True)
class Secrets:
    """Where the secrets of some trees are, and their texts, longest first."""

    paths: frozenset[Path] = frozenset()
    texts: tuple[str, ...] = ()
    _forms: tuple[str, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        spelled = {form for text in self.texts for form in _spellings(text)}
        forms = {form for form in spelled if len(form) >= _SHORTEST_MASKED}
        object.__setattr__(self, "_forms", tuple(sorted(forms, key=len, reverse=True)))

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.paths | other.paths, tuple(dict.fromkeys(self.texts + other.texts)))

    def mask(self, text: str) -> str:
        """A text with each secret in it replaced, however it is quoted."""
        for form in self._forms:
            text = text.replace(form, "[secret]")
        return text

    def seal(self, tree: Mapping[str, Any], declared: Iterable[Path] = ()) -> dict[str, Any]:
        """The tree with every node sealed that is at a secret's path, `declared` secret or shows a secret."""
        paths = self.paths | frozenset(declared)
        return {key: self._sealed(node, (key,), paths) for key, node in tree.items()}

    def _sealed(self, node: Any, path: Path, paths: frozenset[Path]) -> Any:
        if node is None or isinstance(node, Sealed):
            return node
        if path in paths or (isinstance(node, str) and self._shows(node)):
            return Sealed(node)
        if isinstance(node, Mapping):
            return {key: self._sealed(child, (*path, key), paths) for key, child in node.items()}
        if isinstance(node, (list, tuple)):
            return [self._sealed(child, (*path, index), paths) for index, child in enumerate(node)]
        return node

    def _shows(self, text: str) -> bool:
        return text in self.texts or any(form in text for form in self._forms)


NO_SECRETS = Secrets()


def _spellings(text: str) -> set[str]:
    """How a secret may be written inside an error's text or another value."""
    return {text, " ".join(text.split()), repr(text)[1:-1], json.dumps(text)[1:-1], quote(text, safe="")}


def reveal(tree: Mapping[str, Any]) -> tuple[dict[str, Any], Secrets]:
    """The tree without its seals, and where they were."""
    paths: set[Path] = set()
    texts: dict[str, None] = {}

    def plain(node: Any, path: Path) -> Any:
        if isinstance(node, Sealed):
            paths.add(path)
            texts.update(dict.fromkeys(_texts(node.value)))
            return plain(node.value, path)
        if isinstance(node, Mapping):
            return {key: plain(child, (*path, key)) for key, child in node.items()}
        if isinstance(node, list):
            return [plain(child, (*path, index)) for index, child in enumerate(node)]
        return node

    return {key: plain(node, (key,)) for key, node in tree.items()}, Secrets(frozenset(paths), tuple(texts))


def _texts(tree: Any) -> Iterator[str]:
    """What of a secret can turn up in a text: its strings, and numbers too long to be there by chance."""
    for leaf in leaves(tree):
        if isinstance(leaf, str) and leaf:
            yield leaf
        elif isinstance(leaf, (int, float)) and not isinstance(leaf, bool) and len(str(leaf)) > _SHORTEST_MASKED:
            yield str(leaf)


def path_text(path: Iterable[str | int]) -> str:
    """A path as Pulumi writes it: `ready.ports[0]["x.y"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "a").replace("-", "a").isalnum():
            text += f".{step}" if text else step
        else:
            text += '["' + step.replace('"', '\\"') + '"]'
    return text
