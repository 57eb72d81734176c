"""Documents of a YAML or JSON file as plain data, with the line on which everything stands.

Text is read as Kubernetes reads it: a date stays text. What a YAML reader passes over in silence, a key that stands
twice, is an error here; where the text is no YAML, the error says which line, what is wrong and the likely fix.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

import yaml

from seldon_infra.core.errors import InvalidGraph
from seldon_infra.core.problems import Problem

KEYS = ("apiVersion", "kind", "metadata", "spec", "name", "namespace", "predictors", "graph", "componentSpecs")
"""What a key without a colon was probably meant to be."""
MOST_REPAIRS = 10
MOST_VALUES = 100_000
_BARE_WORD = re.compile(r"(\s*)(- )?(\w+)\s*(#.*)?\Z")
_PATH_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes that lead to a value."""


@dataclass(frozen=True)
class Document:
    """One document of a file."""

    file: str
    data: Mapping[str, object]
    lines: Mapping[Path, int]
    """Line of every value, from 1, by the keys that lead to it."""

    def line_of(self, path: str) -> int:
        """Give the line on which a path stands, or the nearest thing above it that is there."""
        keys = tuple(int(index) if index else name for name, index in _PATH_PART.findall(path))
        return next(self.lines[keys[:depth]] for depth in range(len(keys), -1, -1) if keys[:depth] in self.lines)


class _Loader(yaml.SafeLoader):
    """Reads what Kubernetes reads: dates and times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_documents(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    """Read every document of a text, and find what is wrong with its form.

    A key that lacks its colon is read as if it had one, so that what follows can be looked at as well.
    """
    problems: list[Problem] = []
    for _ in range(MOST_REPAIRS):
        try:
            nodes = [node for node in yaml.compose_all(text, _Loader) if node is not None]
        except yaml.YAMLError as error:
            problem, repaired = _explained(error, text, file)
            problems.append(problem)
            if repaired is None:
                return [], problems
            text = repaired
        else:
            documents = [_document(node, file, problems) for node in nodes]
            return [document for document in documents if document is not None], problems
    return [], problems


def _document(node: yaml.Node, file: str, problems: list[Problem]) -> Document | None:
    reader = _Reader(file, problems)
    data = reader.plain(node, ())
    if isinstance(data, Mapping):
        return Document(file, data, reader.lines)
    problems.append(_at(file, node, "a document that is no mapping", "must be an object", "write key: value lines"))
    return None


class _Reader:
    """Turns one document's nodes into plain data, and remembers where each stood."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.lines: dict[Path, int] = {}

    def plain(self, node: yaml.Node, path: Path) -> object:
        """Give the plain data of a node."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(self.lines) > MOST_VALUES:  # aliases of aliases grow without bound
            raise InvalidGraph([_at(self.file, node, "too many values", f"must be at most {MOST_VALUES}", "split it")])
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Mapping[str, object]:
        found: dict[str, object] = {}
        for key, value in node.value:
            name = str(_scalar(key)) if isinstance(key, yaml.ScalarNode) else str(key.value)
            if name in found:
                got = f"'{name}' stands twice"
                self.problems.append(_at(self.file, key, got, "must stand once", "remove one of them"))
            self.lines[*path, name] = key.start_mark.line + 1
            found[name] = self.plain(value, (*path, name))
        return found


def _scalar(node: yaml.Node) -> Hashable | None:
    loader = _Loader("")
    try:
        value: Hashable | None = loader.construct_object(node)
        return value
    except (yaml.YAMLError, ValueError):
        return str(node.value)
    finally:
        loader.dispose()


def _at(file: str, node: yaml.Node, got: str, want: str, fix: str) -> Problem:
    return Problem(f"{file} line {node.start_mark.line + 1}", got, want, fix)


def _explained(error: yaml.YAMLError, text: str, file: str) -> tuple[Problem, str | None]:
    """Say what is wrong with a text that is no YAML, and give it repaired where that is plain."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(file, str(error), "must be YAML or JSON", "save the file as UTF-8 text"), None
    lines = text.splitlines()
    for mark in filter(None, (error.context_mark, error.problem_mark)):
        for number in (mark.line, mark.line - 1):
            if 0 <= number < len(lines) and (word := _BARE_WORD.match(lines[number])):
                return _without_colon(lines, number, word, file)
    return _unreadable(error, error.problem_mark.line, lines, file), None


def _without_colon(lines: list[str], number: int, word: re.Match[str], file: str) -> tuple[Problem, str]:
    """A word alone on its line: a key without colon, perhaps cut short."""
    indent, dash, name = word.group(1), word.group(2) or "", word.group(3)
    meant = next(iter([key for key in KEYS if key.startswith(name)] or get_close_matches(name, KEYS, n=1)), name)
    repaired = [*lines[:number], f"{indent}{dash}{meant}:", *lines[number + 1 :]]
    problem = Problem(
        f"{file} line {number + 1}", f"'{name}' has no colon", "must be a key with a value", f"write `{meant}:`"
    )
    return problem, "\n".join(repaired) + "\n"


def _unreadable(error: yaml.MarkedYAMLError, number: int, lines: list[str], file: str) -> Problem:
    line = lines[number] if number < len(lines) else ""
    said = error.problem or "it cannot be read"
    if line.lstrip(" ").startswith("\t"):
        return Problem(f"{file} line {number + 1}", "a tab indents it", "must be spaces", "write two spaces instead")
    if "mapping values are not allowed" in said:
        fix = "line it up with its neighbours, or quote a value that has a colon and a blank in it"
    elif ("found" in said and "expected" in said) or "did not find expected" in said:
        fix = "line it up with its neighbours: keys of one mapping begin in one column"
    else:
        fix = "look at this line and the one before it"
    return Problem(f"{file} line {number + 1}", f"'{line.strip()}': {said}", "must be YAML or JSON", fix)
