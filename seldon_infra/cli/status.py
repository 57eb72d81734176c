"""Show what a local stack runs: deployments with their URLs, processes with their state, ports and age."""

from __future__ import annotations

import argparse
import json
import time

from seldon_infra.cli.local_stack import LocalStack, add_stack_arguments
from seldon_infra.core.tables import columns
from seldon_infra.ingress.routes import Route
from seldon_infra.runtime.processes import Record
from seldon_infra.runtime.supervisor import ProgramState

MINUTE, HOUR, DAY = 60, 3600, 86400
UP = ("STARTING", "RUNNING")
"""The supervisor calls a process running when it has stayed up for two seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_stack_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the state; 1 where a process is neither up nor just coming up."""
    stack = LocalStack.of(arguments)
    records = list(stack.processes.all())
    states = stack.processes.states(records)
    processes = [_process(record, states[record.id]) for record in records]
    deployments = [_deployment(stack, route) for route in stack.routes()]
    if arguments.json:
        print(json.dumps({"deployments": deployments, "processes": processes}, indent=1))
    elif not processes:
        print(f"stack '{stack.name}' runs nothing here; `pulumi up --stack {stack.name}` starts it")
    else:
        _print_deployments(deployments)
        head = ("PROCESS", "STATE", "PID", "UP", "PORTS")
        print(*columns(head, [_row(process) for process in processes]), sep="\n")
    return 0 if all(process["state"] in UP for process in processes) else 1


def _deployment(stack: LocalStack, route: Route) -> dict[str, object]:
    address = f"127.0.0.1:{stack.gateway_port()}"
    return {
        "name": route.name,
        "namespace": route.namespace,
        "protocol": route.protocol,
        "url": f"http://{address}{route.prefix}",
        "grpc": address if "grpc" in route.transports else None,
        "predictors": {b.name: f"shadow of {b.weight} %" if b.shadow else f"{b.weight} %" for b in route.backends},
    }


def _process(record: Record, state: ProgramState) -> dict[str, object]:
    return {
        "name": record.spec.name,
        "id": record.id,
        "state": state.state,
        "pid": state.pid,
        "up_seconds": round(time.time() - state.started) if state.pid else 0,
        "ports": dict(record.ports),
    }


def _row(process: dict[str, object]) -> list[str]:
    ports = process["ports"]
    assert isinstance(ports, dict)
    return [
        str(process["name"]),
        str(process["state"]).lower(),
        str(process["pid"] or "-"),
        age(int(str(process["up_seconds"]))),
        " ".join(f"{name}={port}" for name, port in ports.items()),
    ]


def _print_deployments(deployments: list[dict[str, object]]) -> None:
    for deployment in deployments:
        shares = deployment["predictors"]
        assert isinstance(shares, dict)
        print(f"{deployment['name']}  protocol {deployment['protocol']}  namespace {deployment['namespace']}")
        print(f"  REST  {deployment['url']}/")
        metadata = f"metadata seldon: {deployment['name']}, namespace: {deployment['namespace']}"
        if deployment["grpc"]:
            print(f"  gRPC  {deployment['grpc']}  ({metadata})")
        print(f"  {', '.join(f'{name} {share}' for name, share in shares.items())}\n")


def age(seconds: int) -> str:
    """Write a duration by its largest unit: 95 is ``1m``."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
