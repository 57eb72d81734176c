"""Fleets of deployments on a cluster of 100 simulated nodes, beside what a user would take instead.

All of them make the same objects, on one control plane, one after the other: this library; `pulumi_kubernetes` alone;
the same with a component for each deployment; `kubectl apply` and `kubectl diff` of the rendered YAML; `helm upgrade
--install` of the same as a chart. Those on Pulumi take turns, since theirs are the ratios that are aimed at, and the
least of their rounds counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from bench.fleet_peers import Bare, Helm, InComponents, Kubectl, Library, Peer
from bench.process import Measured
from bench.table import Figure, seconds
from tests.cluster.control_plane import ControlPlane, started
from tests.cluster.definitions import install_definitions
from tests.cluster.nodes import add_nodes
from tests.cluster.operator import operator

SIZES = (10, 100)
ROUNDS = 3
NODES = tuple(f"cpu-{number}" for number in range(100))
RENDERED = 10_000
OWN_SHARE = "aim: at most 1.10"
Life: TypeAlias = Mapping[str, Measured]
"""What each step took, by its name."""


def figures() -> list[Figure]:
    """Compare at each size, then render by itself."""
    with cluster() as control_plane:
        return [*(row for size in SIZES for row in compare(control_plane, size, ROUNDS)), rendering()]


def compare(control_plane: ControlPlane, size: int, rounds: int) -> list[Figure]:
    """Take one fleet through its life with each of the tools, this library and `pulumi_kubernetes` several times."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        library = Library(folder / "library", control_plane, size)
        first = _live(library)
        objects = [manifest for _, manifest in library.objects]
        bare = Bare(folder / "bare", control_plane, [(None, manifest) for manifest in objects])
        grouped = InComponents(folder / "components", control_plane, library.objects)
        peers = (library, bare, grouped)
        turns = [(first, _live(bare), _live(grouped)), *(tuple(map(_live, peers)) for _ in range(rounds - 1))]
        ours, bares, grouping = (_least(lives) for lives in zip(*turns, strict=True))
        others = Kubectl(folder / "kubectl", control_plane, objects), Helm(folder / "helm", control_plane, objects)
        theirs = {bare.name: bares, grouped.name: grouping} | {peer.name: _live(peer) for peer in others}
    per_deployment = (
        f"{(library.engine_resources - 3) / size:.2f}"  # without the stack, its provider, what is known of models
    )
    return [
        *(row for step in ours for row in _rows(size, step, ours[step], theirs)),
        Figure(f"{size}: the engine's resources per deployment", per_deployment),
        Figure(f"{size}: objects on the cluster per deployment", f"{len(objects) / size:.2f}"),
    ]


def rendering() -> Figure:
    """Declare, check and render many deployments in this process."""
    from seldon_infra.graph.check import check_cluster
    from seldon_infra.graph.render import seldon_deployment
    from seldon_infra.settings import settings_of

    with settings_of("test", {"count": "0"}.get):
        from bench.fleet_programs.typed import deployment

    def render() -> None:
        for index in range(RENDERED):
            declared = deployment(index)
            assert not check_cluster(declared)
            seldon_deployment(declared)

    return Figure(f"declare, check and render {RENDERED} deployments", f"{seconds(render):.1f} s", "aim: under 5 s")


@contextmanager
def cluster() -> Iterator[ControlPlane]:
    """A control plane with many nodes, on which somebody plays the operator."""
    with started() as control_plane:
        add_nodes(control_plane, NODES)
        install_definitions(control_plane)
        with operator(control_plane):
            yield control_plane


def _live(peer: Peer) -> Life:
    """Preview, apply, apply again, look for drift; at the end nothing is left."""
    try:
        return {step: run() for step, run in peer.steps().items()}
    finally:
        peer.remove()


def _least(lives: Sequence[Life]) -> Life:
    """Give each step's fastest run."""
    return {step: min((life[step] for life in lives), key=lambda run: run.seconds) for step in lives[0]}


def _rows(size: int, step: str, ours: Measured, theirs: Mapping[str, Life]) -> Iterator[Figure]:
    yield Figure(f"{size}: {step}", _cost(ours))
    for name, measured in theirs.items():
        if step not in measured:
            continue
        peer = measured[step]
        ratios = f"{ours.seconds / peer.seconds:.2f} times in time, {ours.peak_bytes / peer.peak_bytes:.2f} in memory"
        yield Figure(
            f"{size}: {step}, {name}", _cost(peer), f"ours: {ratios}; {OWN_SHARE if name == Bare.name else ''}"
        )


def _cost(measured: Measured) -> str:
    return f"{measured.seconds:.2f} s, {measured.peak_bytes / 2**20:.0f} MiB"
