"""Pictures as Mermaid text, which GitHub, GitLab and most wikis draw where it stands in a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise
from typing import NamedTuple

from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Lane, Picture, Series, Step
from seldon_infra.graph.draw_style import OUTLINES

_SHAPES = {"router": ("{", "}"), "combiner": ("{{", "}}"), "ingress": ("([", "])"), "explainer": ("[[", "]]")}
_BOX = ("[", "]")


class _Part(NamedTuple):
    """A written flow: its lines, the nodes where requests enter (with the way's label), and where they leave."""

    lines: tuple[str, ...]
    entries: tuple[tuple[str, str], ...]
    exits: tuple[str, ...]


def document(pictures: tuple[Picture, ...]) -> str:
    """Write deployments as one Mermaid flowchart."""
    lines = ["flowchart LR"]
    for index, picture in enumerate(pictures):
        lines.extend(f"  {line}" for line in _deployment(picture, f"d{index}"))
    # Outlines only: the page's own theme, light or dark, fills the boxes and colours the text.
    lines.extend(f"  classDef {kind} stroke:{colour},stroke-width:2px" for kind, colour in OUTLINES.items())
    return "\n".join(lines) + "\n"


def _deployment(picture: Picture, ident: str) -> Iterator[str]:
    yield f"subgraph {ident}[{_quoted(' · '.join((picture.name, *picture.notes)))}]"
    yield "  direction LR"
    yield f"  {_node(ident + 'in', picture.entrance)}"
    for index, lane in enumerate(picture.lanes):
        yield from (f"  {line}" for line in _lane(lane, f"{ident}p{index}", f"{ident}in"))
    yield "end"


def _lane(lane: Lane, ident: str, source: str) -> Iterator[str]:
    part = _flow(lane.flow, (f"{ident}n{number}" for number in count()))
    yield f"subgraph {ident}[{_quoted(' · '.join((lane.name, *lane.notes)))}]"
    yield from (f"  {line}" for line in part.lines)
    if lane.explainer:
        yield f"  {_node(ident + 'x', lane.explainer)}"
    yield "end"
    arrow = "-.->" if lane.shadow else "-->"
    yield from (_way(source, arrow, lane.share or label, entry) for entry, label in part.entries)


def _flow(flow: Flow, idents: Iterator[str]) -> _Part:
    match flow:
        case Step():
            ident = next(idents)
            return _Part((_node(ident, flow),), ((ident, ""),), (ident,))
        case Series(parts):
            return _joined([_flow(part, idents) for part in parts])
        case Choice(step, branches, labels):
            return _joined([_flow(step, idents), _beside(branches, labels, idents)])
        case Gather(branches, step):
            fork = next(idents)
            start = _Part((f"{fork}(( ))",), ((fork, ""),), (fork,))
            return _joined([start, _beside(branches, ("",) * len(branches), idents), _flow(step, idents)])


def _joined(parts: list[_Part]) -> _Part:
    """Parts one after the other, with a way from each exit to each entry of the next."""
    lines = list(parts[0].lines)
    for left, right in pairwise(parts):
        lines.extend(right.lines)
        lines.extend(_way(source, "-->", label, entry) for source in left.exits for entry, label in right.entries)
    return _Part(tuple(lines), parts[0].entries, parts[-1].exits)


def _beside(branches: tuple[Flow, ...], labels: tuple[str, ...], idents: Iterator[str]) -> _Part:
    parts = [_flow(branch, idents) for branch in branches]
    return _Part(
        lines=tuple(line for part in parts for line in part.lines),
        entries=tuple((entry, label) for part, label in zip(parts, labels, strict=True) for entry, _ in part.entries),
        exits=tuple(ident for part in parts for ident in part.exits),
    )


def _node(ident: str, step: Step) -> str:
    opening, closing = _SHAPES.get(step.kind, _BOX)
    name = f"<b>{_escaped(step.name)}</b>"
    text = "<br/>".join([_escaped(step.caption), name, *map(_escaped, step.details)])
    return f'{ident}{opening}"{text}"{closing}:::{step.kind}'


def _way(source: str, arrow: str, label: str, target: str) -> str:
    return f"{source} {arrow}|{_quoted(label)}| {target}" if label else f"{source} {arrow} {target}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Write a text so that Mermaid shows it as it is: its own entities for what would end or mark up a label."""
    marks = {"#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\n": " "}
    return "".join(marks.get(character, character) for character in text)
