"""Measure a deployment of a local stack: requests per second and latency over connections and batch sizes.

Each load goes through the gateway, then to the heaviest predictor itself: the difference is the gateway's. Of that
predictor's time, its Tritons say how long requests waited and were computed. A load is bounded in time and talks to
this machine alone.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import http.client
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from seldon_infra.cli.bench_curve import document
from seldon_infra.cli.client import request_of, rest_path
from seldon_infra.cli.load import Result, Target, load
from seldon_infra.cli.local_stack import LocalStack, NotServed, Sample, add_stack_arguments
from seldon_infra.cli.measured import Measured, Spent, measured
from seldon_infra.cli.predict import sample_file
from seldon_infra.core.tables import columns
from seldon_infra.ingress.routes import Backend, Route

WARM_UP_SECONDS = 0.3
STATISTICS_SECONDS = 5.0
MOST_CONNECTIONS, MOST_ROWS, MOST_SECONDS = 256, 4096, 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the deployment")
    parser.add_argument("--connections", type=_counts, default=(1, 2, 4, 8), help="at once (default: 1,2,4,8)")
    parser.add_argument("--batches", type=_counts, default=(1, 8), help="rows per request (default: 1,8)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load (default: 2)")
    parser.add_argument("--data", type=Path, help="a JSON file with held-out rows (default: the stack's)")
    parser.add_argument("--format", choices=("table", "json", "svg"), default="table", help="(default: table)")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; 1 where a request got no good answer."""
    _bounded(arguments)
    stack = LocalStack.of(arguments)
    route = stack.route(arguments.name)
    sample = stack.sample(arguments.data or Path(sample_file(stack, route.name)))
    if not sample.rows:
        raise NotServed(f"the held-out rows of '{route.name}' are none; give --data FILE with at least one")
    rows = []
    for batch in arguments.batches:
        for connections in arguments.connections:
            print(f"{batch} rows over {connections} connections …", file=sys.stderr, flush=True)
            rows.append(_one(stack, route, sample, batch, connections, arguments.seconds))
    print(_FORMATS[arguments.format](route, rows), end="")
    return 1 if any(row.failures for row in rows) else 0


def _counts(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(word) for word in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be whole numbers of 1 or more, such as 1,2,4")
    return found


def _bounded(arguments: argparse.Namespace) -> None:
    """Refuse a load that would only measure a machine out of breath, or never end."""
    limits = (
        ("--connections", max(arguments.connections), MOST_CONNECTIONS),
        ("--batches", max(arguments.batches), MOST_ROWS),
        ("--seconds", arguments.seconds, MOST_SECONDS),
    )
    if wrong := [f"{name} {value:g}: must be at most {most:g}" for name, value, most in limits if value > most]:
        raise NotServed("; ".join(wrong))
    if arguments.seconds <= 0:
        raise NotServed(f"--seconds {arguments.seconds:g}: must be more than 0")


def _one(stack: LocalStack, route: Route, sample: Sample, batch: int, connections: int, seconds: float) -> Measured:
    rows = [sample.rows[index % len(sample.rows)] for index in range(batch)]
    body = json.dumps(request_of(sample, rows, route.protocol)).encode()
    path = rest_path(route)
    through = Target(stack.gateway_port(), route.prefix + path, body)
    direct = Target(int(heaviest(route).rest.rpartition(":")[2]), path, body)
    whole = _loaded(through, connections, seconds)
    before = _spent(stack, route)
    server = _loaded(direct, connections, seconds)
    return measured(batch, connections, whole, server, _spent(stack, route).since(before))


def _loaded(target: Target, connections: int, seconds: float) -> Result:
    asyncio.run(load(target, connections=connections, seconds=WARM_UP_SECONDS))
    return asyncio.run(load(target, connections=connections, seconds=seconds))


def heaviest(route: Route) -> Backend:
    """The predictor that gets most of the requests."""
    return max((it for it in route.backends if not it.shadow), key=lambda it: it.weight)


def _spent(stack: LocalStack, route: Route) -> Spent:
    """What Triton's servers of the heaviest predictor have spent on requests so far."""
    whole, predictor = Spent(), f"{route.name}.{heaviest(route).name}."
    for record in stack.processes.all():
        if record.spec.name.startswith(predictor) and "http" in record.ports:
            whole += _statistics(record.ports["http"], record.spec.name.removeprefix(predictor))
    return whole


def _statistics(port: int, model: str) -> Spent:
    """What a server says of one model; nothing where it is no Triton. Source: Triton's statistics extension."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STATISTICS_SECONDS)
    try:
        connection.request("GET", f"/v2/models/{model}/stats")
        answer = connection.getresponse()
        text = answer.read()
        return Spent.of(json.loads(text)) if answer.status == 200 else Spent()
    except (OSError, ValueError, http.client.HTTPException):
        return Spent()
    finally:
        connection.close()


def _table(route: Route, rows: Sequence[Measured]) -> str:
    head, *lines = _lines(route, rows)
    table = columns(head, lines, fill=str.rjust)
    failed = [f"failed: {text} ({count} times)" for row in rows for text, count in row.failures.items()]
    return "\n".join([*_heading(route), *table, *dict.fromkeys(failed)]) + "\n"


def _heading(route: Route) -> Iterator[str]:
    yield f"{route.name} over REST; milliseconds, p50 and p99 through the gateway, the parts on average"
    others = [it for it in route.backends if not it.shadow and it is not heaviest(route)]
    if others:
        shares = ", ".join(f"{it.name} {it.weight} %" for it in route.backends if not it.shadow)
        yield f"requests go to {shares}; the parts are {heaviest(route).name}'s, GATEWAY what the rest takes longer"


def _lines(route: Route, rows: Sequence[Measured]) -> Iterator[list[str]]:
    yield ["BATCH", "CONNECTIONS", "REQUESTS/S", "ROWS/S", "P50", "P99", "QUEUE", "COMPUTE", "SERVER", "GATEWAY"]
    for row in rows:
        parts = (_milliseconds(part) for part in (row.queue, row.compute, row.server, row.gateway))
        rates = (f"{row.requests_per_second:.0f}", f"{row.requests_per_second * row.batch:.0f}")
        yield [str(row.batch), str(row.connections), *rates, f"{row.p50:.2f}", f"{row.p99:.2f}", *parts]


def _milliseconds(part: float | None) -> str:
    return "-" if part is None else f"{part:.2f}"


def _json(route: Route, rows: Sequence[Measured]) -> str:
    return json.dumps({"deployment": route.name, "loads": [dataclasses.asdict(row) for row in rows]}, indent=1) + "\n"


def _svg(route: Route, rows: Sequence[Measured]) -> str:
    return document(route.name, rows)


_FORMATS = {"table": _table, "json": _json, "svg": _svg}
