"""Ask a deployment of a local stack for predictions, over REST or gRPC."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seldon_infra.cli.client import CLIENTS, Client, request_of
from seldon_infra.cli.local_stack import LocalStack, NotServed, add_stack_arguments
from seldon_infra.ingress.routes import Route
from seldon_infra.stack import load_stack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the deployment")
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--rest", dest="transport", action="store_const", const="rest", help="the default")
    transport.add_argument("--grpc", dest="transport", action="store_const", const="grpc")
    parser.add_argument("--data", type=Path, help="a JSON file: held-out rows, or a request as REST takes it")
    parser.add_argument("--rows", type=int, default=5, help="how many of the held-out rows to send (default: 5)")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what the deployment says to held-out rows beside what is right, or its answer to a request as it came."""
    stack = LocalStack.of(arguments)
    route = stack.route(arguments.name)
    request = None if arguments.data is None else _request(arguments.data)
    with CLIENTS[arguments.transport or "rest"](stack.gateway_port(), route) as client:
        if request is None or "rows" in request:
            return _predict_rows(client, stack, route, arguments)
        answer = client.ask(request)
        print(f"{route.name} over {client.name}, answered by {answer.predictor}")
        print(json.dumps(answer.tree, indent=1))
    return 0


def _predict_rows(client: Client, stack: LocalStack, route: Route, arguments: argparse.Namespace) -> int:
    sample = stack.sample(arguments.data or Path(sample_file(stack, route.name)))
    rows = sample.rows[: max(1, arguments.rows)]
    answer = client.ask(request_of(sample, rows, route.protocol))
    print(f"{route.name} over {client.name}, answered by {answer.predictor}\n\n  PREDICTED  EXPECTED")
    for said, right in zip(answer.labels(), sample.labels, strict=False):
        print(f"  {_text(said):<9}  {_text(right)}{'' if said == right else '   differs'}")
    return 0


def sample_file(stack: LocalStack, name: str) -> str:
    """Say which file holds a deployment's held-out rows.

    Raises:
        NotServed: the stack's definition names none.
    """
    files = load_stack(stack.name, stack.project).samples
    if name not in files:
        raise NotServed(
            f"stack '{stack.name}' names no held-out rows for '{name}'; add samples={{'{name}': 'FILE'}} to its Stack, "
            "or give --data FILE"
        )
    return files[name]


def _request(file: Path) -> Mapping[str, Any]:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotServed(f"--data {file} does not exist") from None
    except (OSError, ValueError) as error:
        raise NotServed(f"--data {file} must be JSON: {error}") from None
    if not isinstance(tree, dict):
        raise NotServed(f"--data {file} must hold a JSON object")
    return tree


def _text(label: float | str) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)
