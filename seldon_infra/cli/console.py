"""Show a running stack in this machine's browser: its graphs with live numbers, health, changes and logs."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

from seldon_infra.cli.engine import Engine
from seldon_infra.console.server import Console, Source
from seldon_infra.console.updates import Updates
from seldon_infra.core.errors import LimitReached, SeldonInfraError
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.stack import Stack, find_project, load_stack

PORT = 8090
HISTORY = 10
HISTORY_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--stack", default="local", help="the stack (default: local)")
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="a folder of the project (default: this one)")
    parser.add_argument("--port", type=int, default=PORT, help=f"port of 127.0.0.1, 0 for any (default: {PORT})")
    parser.add_argument(
        "--prometheus", metavar="URL", help="where a cluster's numbers come from, such as http://127.0.0.1:9090"
    )
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def run(arguments: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    project = find_project(arguments.project)
    source = _source(arguments, project)
    with _listening(source, arguments.port) as console:
        print(f"{console.url}\nstack '{arguments.stack}', on this machine only; Ctrl-C ends it", file=sys.stderr)
        if arguments.open:
            webbrowser.open(console.url)
        console.serve_forever(poll_interval=2)
    return 0


def _listening(source: Source, port: int) -> Console:
    try:
        return Console(source, port)
    except (OSError, OverflowError) as error:
        raise LimitReached(
            f"--port: {port}, {getattr(error, 'strerror', None) or error}; choose another, or 0 for any that is free"
        ) from None


def _source(arguments: argparse.Namespace, project: Path) -> Source:
    engine = Engine(project, arguments.stack, HISTORY_SECONDS)
    updates = Updates(lambda: engine.history(HISTORY))
    folder = StackDir(project / ".seldon" / arguments.stack)
    if folder.root.is_dir():
        return _local(arguments, folder, updates)
    from seldon_infra.targets.spec import Local

    stack = load_stack(arguments.stack, project)
    if isinstance(stack.target, Local):
        return _local(arguments, folder, updates)
    return _cluster(arguments, stack, updates)


def _cluster(arguments: argparse.Namespace, stack: Stack, updates: Updates) -> Source:
    from seldon_infra.clusters.live import cluster
    from seldon_infra.console.cluster import ClusterSource
    from seldon_infra.console.prometheus import Prometheus
    from seldon_infra.core.model import known
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.way import Unseen, seen

    assert isinstance(stack.target, Kubernetes)
    way = seen(stack.target)
    if isinstance(way, Unseen):
        raise SeldonInfraError(f"stack '{arguments.stack}' has no cluster to ask: {way.why}")
    named = ((known(each.namespace), each.name) for each in stack.deployments)
    wanted = frozenset((namespace, name) for namespace, name in named if namespace is not None)
    prometheus = Prometheus(arguments.prometheus) if arguments.prometheus else None
    return ClusterSource(cluster(way.context, way.kubeconfig), arguments.stack, wanted, prometheus, updates)


def _local(arguments: argparse.Namespace, folder: StackDir, updates: Updates) -> Source:
    from seldon_infra.console.local import LocalSource

    if arguments.prometheus:
        raise SeldonInfraError(
            f"--prometheus: {arguments.prometheus}, stack '{arguments.stack}' runs on this machine, where numbers come "
            "from its processes themselves; leave it out"
        )
    return LocalSource(folder, arguments.stack, updates)
