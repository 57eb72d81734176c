"""Send a local stack's held-out rows through every deployment, over REST and gRPC, and print how right it is."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seldon_infra.cli.client import CLIENTS, Client, NotAnswered, request_of
from seldon_infra.cli.local_stack import LocalStack, NotServed, Sample, add_stack_arguments
from seldon_infra.ingress.routes import Route
from seldon_infra.stack import load_stack

ROWS_PER_REQUEST = 3
"""So few that each predictor gets its share of the requests."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_stack_arguments(parser)


@dataclass
class Result:
    """What one deployment said over one transport."""

    transport: str
    rows: int = 0
    right: int = 0
    predictors: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    @property
    def accuracy(self) -> float:
        """Share of rows whose label was right."""
        return self.right / self.rows if self.rows else 0.0


def run(arguments: argparse.Namespace) -> int:
    """Print a table per deployment, its URLs and what to try next; 1 where requests failed or chance does as well."""
    stack = LocalStack.of(arguments)
    samples = load_stack(stack.name, stack.project).samples
    if not samples:
        raise NotServed(f"stack '{stack.name}' names no held-out rows; add samples={{'NAME': 'FILE'}} to its Stack")
    well = [_verify(stack, stack.route(name), stack.sample(Path(file))) for name, file in samples.items()]
    print(_next_commands(stack, next(iter(samples))))
    return 0 if all(well) else 1


def _verify(stack: LocalStack, route: Route, sample: Sample) -> bool:
    port = stack.gateway_port()
    results = [_send(make(port, route), route, sample) for key, make in CLIENTS.items() if key in route.transports]
    print(f"\n{route.name}: {len(sample.rows)} held-out rows, {ROWS_PER_REQUEST} in a request\n")
    print("  PATH  ACCURACY  REQUESTS  ANSWERED BY")
    for result in results:
        answered = sum(result.predictors.values())
        share = ", ".join(f"{name} {count}" for name, count in sorted(result.predictors.items(), key=lambda it: -it[1]))
        print(f"  {result.transport:<4}  {result.accuracy:<8.3f}  {answered:<8}  {share}")
    print(f"\n  REST  http://127.0.0.1:{port}{route.prefix}/")
    print(f"  API   http://127.0.0.1:{port}{route.prefix}/api/v1.0/doc/")
    print(f"  gRPC  127.0.0.1:{port}  (metadata seldon: {route.name}, namespace: {route.namespace})")
    problems = [problem for result in results for problem in _problems(result, sample)]
    for problem in problems:
        print(f"  {problem}")
    return not problems


def _send(client: Client, route: Route, sample: Sample) -> Result:
    result = Result(client.name)
    with client:
        for start in range(0, len(sample.rows), ROWS_PER_REQUEST):
            end = start + ROWS_PER_REQUEST
            rows, right = sample.rows[start:end], sample.labels[start:end]
            result.rows += len(rows)
            try:
                answer = client.ask(request_of(sample, rows, route.protocol))
            except NotAnswered as error:
                result.errors.append(str(error))
                continue
            result.predictors[answer.predictor] += 1
            result.right += sum(said == label for said, label in zip(answer.labels(), right, strict=False))
    return result


def _problems(result: Result, sample: Sample) -> Iterator[str]:
    if result.errors:
        yield f"{result.transport}: {len(result.errors)} requests failed, the first: {result.errors[0]}"
    guess = max(Counter(sample.labels).values()) / len(sample.labels)
    if result.accuracy <= guess:
        yield f"{result.transport}: accuracy {result.accuracy:.3f}, must be above {guess:.3f}: always saying the same"


def _next_commands(stack: LocalStack, name: str) -> str:
    option = "" if stack.name == "local" else f" --stack {stack.name}"
    commands = (
        ("seldon-infra predict", f"{name} --grpc{option}"),
        ("seldon-infra status", option),
        ("seldon-infra graph", f"--stack {stack.name}"),
        ("pulumi preview", f"--stack {stack.name}"),
        ("pulumi destroy", f"--stack {stack.name}"),
    )
    lines = "\n".join(f"  {command} {words}".rstrip() for command, words in commands)
    return f"\nNext, after `. .venv/bin/activate`:\n\n{lines}"
