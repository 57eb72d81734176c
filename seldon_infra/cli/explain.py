"""Say why a deployment of a local stack answers a row as it does, and draw the reasons.

The row is given by values in the order of the features, or by their names. The deployment's predictor needs an
`explainer`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_infra.cli.local_stack import LocalStack, NotServed, add_stack_arguments
from seldon_infra.core.atomic import write
from seldon_infra.core.errors import InvalidSpec, NotPermitted
from seldon_infra.core.problems import Problem, nearest
from seldon_infra.explain.draw import document
from seldon_infra.explain.reasons import NotExplained, reasons_of, sentences
from seldon_infra.ingress.routes import Route

SECONDS = 120.0
"""How long an explanation may take at most; the route's own time-out is mostly shorter."""
TEXT = "BYTES"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the deployment")
    row = parser.add_mutually_exclusive_group(required=True)
    row.add_argument("--row", help="values, as 1,2,3 or as name=1,other=2")
    row.add_argument("--text", help="a text, for a model of texts")
    row.add_argument("--data", type=Path, help="a JSON file with held-out rows; --index says which one")
    parser.add_argument("--index", type=int, default=0, help="which row of --data, from 0 (default: 0)")
    parser.add_argument("--predictor", help="whose explainer (default: the first that has one)")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the reasons into a file")
    parser.add_argument("--json", action="store_true", help="print the explanation as it came")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the explainer, and print the main reasons."""
    stack = LocalStack.of(arguments)
    route = _route(stack, arguments.name, arguments.predictor)
    port = stack.gateway_port()
    tensor = _input(_asked(port, "GET", f"{route.prefix}/v2/models/{route.models[0]}", None))
    row = _row(arguments, tensor, stack)
    body = {"inputs": [{"name": tensor["name"], "datatype": tensor["datatype"], **row}]}
    answer = _asked(port, "POST", f"{route.prefix}/v2/models/{route.models[0]}/infer", body)
    explanation = _explanation(answer)
    if arguments.json:
        print(json.dumps(explanation, indent=1))
        return 0
    reasons = reasons_of(explanation, tensor["parameters"].get("classes", ()))
    first, *others = sentences(reasons)
    print(first, *(f"  {line}" for line in others), sep="\n")
    if arguments.svg:
        _draw(arguments.svg, document(arguments.name, reasons))
        print(f"drawn in {arguments.svg}")
    return 0


def _draw(file: Path, picture: str) -> None:
    """Write the picture.

    Raises:
        NotPermitted: there is no such folder, or it cannot be written.
    """
    try:
        write(file, picture)
    except OSError as error:
        raise NotPermitted(f"--svg {file} cannot be written: {error.strerror}; correct the path") from None


def _route(stack: LocalStack, name: str, predictor: str | None) -> Route:
    """Find an explainer's route.

    Raises:
        NotServed: nothing explains the deployment, or not this predictor of it.
    """
    stack.route(name)
    begins = f"{name}-explainer/"
    found = {route.name.removeprefix(begins): route for route in stack.routes() if route.name.startswith(begins)}
    if not found:
        raise NotServed(f"nothing explains deployment '{name}'; give its Predictor an explainer=Explainer(…)")
    if predictor is not None and predictor not in found:
        raise NotServed(f"nothing explains predictor '{predictor}' of '{name}'; explained: {', '.join(sorted(found))}")
    return found[predictor] if predictor is not None else next(iter(found.values()))


def _row(arguments: argparse.Namespace, tensor: Mapping[str, Any], stack: LocalStack) -> dict[str, object]:
    if (tensor["datatype"] == TEXT) != (arguments.text is not None):
        want = "--text" if tensor["datatype"] == TEXT else "--row or --data"
        raise NotServed(f"the explainer of '{arguments.name}' takes {want}")
    if arguments.text is not None:
        return {"shape": [1, 1], "data": [arguments.text], "parameters": {"content_type": "str"}}
    features = tensor["parameters"]["features"]
    row = _of_file(arguments, stack) if arguments.data else values_of(arguments.row, features)
    return {"shape": [1, len(row)], "data": row}


def _of_file(arguments: argparse.Namespace, stack: LocalStack) -> Sequence[float]:
    rows = stack.sample(arguments.data).rows
    if not 0 <= arguments.index < len(rows):
        raise NotServed(f"--index {arguments.index}: {arguments.data} has rows 0 to {len(rows) - 1}")
    return rows[arguments.index]


def values_of(text: str, features: Sequence[str]) -> list[float]:
    """Read a row: its numbers in order, or by their names; all that is wrong at once.

    Raises:
        InvalidSpec: a name that no feature has, one that is missing, or what is no number.
    """
    given = [part.partition("=") for part in text.split(",")]
    if not any(equals for _, equals, _ in given):
        found = {str(index): value.strip() for index, (value, _, _) in enumerate(given)}
        names = [str(index) for index in range(len(features))]
    else:
        found = {name.strip(): value.strip() for name, _, value in given}
        names = list(features)
    problems = [
        Problem("--row", f"feature '{name}'", "must be one that the model has", nearest(name, names))
        for name in found
        if name not in names and not name.isdecimal()
    ]
    missing = [name for name in names if name not in found]
    if missing and names == list(features):
        problems.append(Problem("--row", f"{', '.join(missing)} not given", "must all be given", "add them"))
    elif names != list(features) and len(found) != len(features):
        want = f"must be {len(features)}: {', '.join(features)}"
        problems.append(Problem("--row", f"{len(found)} values", want, "give one for each"))
    for name, value in found.items():
        if not _is_number(value):
            problems.append(
                Problem("--row", f"{name} '{value}'", "must be a number", "write categories as their numbers")
            )
    if problems:
        raise InvalidSpec(problems)
    return [float(found[name]) for name in names]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _asked(port: int, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Ask over the gateway.

    Raises:
        NotExplained: the explainer says no, is too slow or is not there.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
        tree = json.loads(text)
    except ValueError:
        raise NotExplained(f"the explainer answers {answer.status}: {text[:200].decode(errors='replace')}") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotExplained(f"the explainer does not answer: {error}; see seldon-infra status") from None
    finally:
        connection.close()
    if answer.status != http.client.OK or not isinstance(tree, dict):
        said = tree.get("error", tree) if isinstance(tree, dict) else tree
        raise NotExplained(f"the explainer answers {answer.status}: {said}")
    return tree


def _input(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what the explainer says a row is."""
    inputs = metadata.get("inputs") or [{}]
    tensor = inputs[0]
    if not {"name", "datatype", "parameters"} <= tensor.keys():
        raise NotExplained("the explainer does not say what a row is; is another server on its path?")
    return dict(tensor)


def _explanation(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(answer["outputs"][0]["data"][0])
    except (LookupError, TypeError, ValueError):
        raise NotExplained("the explainer's answer holds no explanation; is another server on its path?") from None
    if not isinstance(found, dict):
        raise NotExplained("the explainer's answer holds no explanation; is another server on its path?")
    return found
