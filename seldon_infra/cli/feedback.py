"""Tell a deployment of a local stack how good an answer was, by a reward or the truth.

Feedback goes to the nodes that took part in the answer, as its `meta.routing` says, and counts once: sent again, it
comes only to those that it did not reach.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_infra.cli.client import CLIENTS
from seldon_infra.cli.local_stack import LocalStack, NotServed, add_stack_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the deployment")
    parser.add_argument("--answer", help="a file with the answer, `-` for what is piped in; its id and routing count")
    parser.add_argument("--request-id", help="the id of the request, where there is no --answer")
    parser.add_argument(
        "--routing", action="append", default=[], metavar="ROUTER=CHILD", help="the child that a router took, from 0"
    )
    parser.add_argument("--reward", type=float, default=0.0, help="how good it was (default: 0)")
    parser.add_argument("--truth", help='what would have been right, as a message: \'{"data": {"ndarray": [[1]]}}\'')
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--rest", dest="transport", action="store_const", const="rest", help="the default")
    transport.add_argument("--grpc", dest="transport", action="store_const", const="grpc")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Send one feedback."""
    stack = LocalStack.of(arguments)
    route = stack.route(arguments.name)
    if route.protocol != "seldon":
        raise NotServed(f"'{route.name}' is served on protocol '{route.protocol}', feedback is of protocol 'seldon'")
    feedback = feedback_of(arguments)
    with CLIENTS[arguments.transport or "rest"](stack.gateway_port(), route) as client:
        client.tell(feedback)
    meta = feedback["response"]["meta"]
    print(f"{route.name} over {client.name}: told of request {meta.get('puid', 'without an id')}")
    return 0


def feedback_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the message, in the shape of the REST protocol.

    Raises:
        NotServed: it says nothing of an answer, or what should be JSON is none.
    """
    meta: dict[str, Any] = dict(_meta_of(arguments.answer)) if arguments.answer else {}
    if arguments.request_id:
        meta["puid"] = arguments.request_id
    if arguments.routing:
        meta["routing"] = {**meta.get("routing", {}), **_routing_of(arguments.routing)}
    if not meta:
        raise NotServed("feedback is about an answer: give --answer FILE, or --request-id and --routing")
    feedback: dict[str, Any] = {"response": {"meta": meta}, "reward": arguments.reward}
    if arguments.truth:
        feedback["truth"] = _json("--truth", arguments.truth)
    return feedback


def _meta_of(file: str) -> Mapping[str, Any]:
    """What counts of an answer; what `predict` prints before it is passed over."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise NotServed(f"--answer {file}: {error.strerror}") from None
    meta = _json(f"--answer {file}", text[max(text.find("{"), 0) :]).get("meta")
    if not isinstance(meta, dict):
        raise NotServed(f"--answer {file} has no 'meta', which says who took part")
    return {field: meta[field] for field in ("puid", "routing") if field in meta}


def _routing_of(pairs: Sequence[str]) -> dict[str, int]:
    found = {}
    for pair in pairs:
        router, _, child = pair.partition("=")
        if not router or not child.removeprefix("-").isdecimal():
            raise NotServed(f"--routing {pair} must be ROUTER=CHILD, a router's name and the number of its child")
        found[router] = int(child)
    return found


def _json(what: str, text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise NotServed(f"{what} must be JSON: {error}") from None
    if not isinstance(tree, dict):
        raise NotServed(f"{what} must be a JSON object")
    return tree
