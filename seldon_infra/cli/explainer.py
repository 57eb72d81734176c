"""Fit an explainer to a model: `fit METHOD --model FOLDER --reference FILE --out FOLDER`.

The folder that it writes is the explainer's `model_uri`. It holds the reference rows, the method with its options and
the model's digest, and nothing that runs. The library itself explains the first row once, in the environment of its
server.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import Problem
from seldon_infra.explain.fit import fit
from seldon_infra.graph.spec.explainers import METHODS, ExplainerMethod


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=["fit"], help="what to do")
    parser.add_argument(
        "method", choices=sorted(METHODS), metavar="METHOD", help=f"one of {', '.join(sorted(METHODS))}"
    )
    parser.add_argument("--model", type=Path, required=True, help="the model's file or folder")
    parser.add_argument(
        "--reference", type=Path, required=True, help="rows: .csv with a header, or held-out rows as JSON"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the explainer's folder")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the method")
    parser.add_argument(
        "--output", help="which output of the predictor is explained (default: predict_proba, or its first)"
    )
    parser.add_argument("--features", type=_names, default=(), metavar="A,B,…", help="names of a row's numbers")
    parser.add_argument("--classes", type=_names, default=(), metavar="A,B,…", help="names of the answers")
    parser.add_argument(
        "--trusted", action="append", default=[], metavar="NAME", help="what the model's file may import"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit, and print the folder and its digest."""
    start = time.monotonic()
    digest = fit(
        _method(arguments.method, arguments.option),
        model=arguments.model,
        reference=arguments.reference,
        out=arguments.out,
        output=arguments.output,
        features=arguments.features,
        classes=arguments.classes,
        trusted=arguments.trusted,
    )
    print(f"{arguments.method} fitted in {time.monotonic() - start:.1f} s: {arguments.out}\n{digest}")
    return 0


def _method(name: str, options: list[str]) -> ExplainerMethod:
    fields: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            raise InvalidSpec([Problem(f"explainer {name}", f"--option {option}", "must be NAME=VALUE", "write both")])
        fields[key] = _value(value)
    return METHODS[name](**fields)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
