"""Report on an experiment, note what came of its users, or say how many it needs.

``report`` reads what is recorded on this machine, or, with --prometheus, how requests went on a cluster.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from seldon_infra.cli.local_stack import LocalStack, add_stack_arguments
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.quantity import parse_duration
from seldon_infra.core.tables import columns
from seldon_infra.experiments.evidence import Evidence, evidence_of
from seldon_infra.experiments.ledger import NoRecord, find_ledger
from seldon_infra.experiments.sequential import Moments, samples_needed
from seldon_infra.experiments.table import rows
from seldon_infra.experiments.terms import Terms
from seldon_infra.experiments.verdict import Verdict, judge

STOPS = ("stop", "mismatch")


class WrongOutcome(SeldonInfraError):
    """An outcome that is none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    report = actions.add_parser("report", help="print table, verdict and picture")
    report.add_argument("name", help="the experiment, or DEPLOYMENT.NAME")
    report.add_argument("--format", choices=("table", "json", "svg", "html"), default="table", help="(default: table)")
    report.add_argument("--round", help="an earlier round (default: the latest)")
    report.add_argument("--prometheus", metavar="URL", help="ask it how requests went on a cluster")
    report.add_argument("--namespace", help="of the deployment, for --prometheus (default: any)")
    report.add_argument("--since", default="24h", help="how far back --prometheus is asked (default: 24h)")
    report.add_argument("--outcomes", type=Path, metavar="FILE", help="outcomes of a cluster, as for `outcome --file`")
    outcome = actions.add_parser("outcome", help="note what came of a user; the first in a round counts")
    outcome.add_argument("name", help="the experiment, or DEPLOYMENT.NAME")
    outcome.add_argument("--user", help="the user's key")
    outcome.add_argument("--value", type=float, help="what came of it")
    outcome.add_argument("--file", type=Path, help='lines of JSON: {"user": "…", "value": 1}; - is standard input')
    size = actions.add_parser("size", help="say how many samples per arm an effect needs to be seen")
    size.add_argument("--rate", type=float, required=True, help="share of users in arm a, from 0 to 1")
    size.add_argument("--effect", type=float, required=True, help="smallest difference worth seeing: 0.01")
    size.add_argument("--alpha", type=float, default=0.05, help="(default: 0.05)")
    size.add_argument("--power", type=float, default=0.8, help="how often it is to be seen (default: 0.8)")
    for action in (report, outcome):
        add_stack_arguments(action)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; a report is 1 where the experiment is to be stopped or cannot be trusted."""
    return int({"report": _report, "outcome": _outcome, "size": _size}[arguments.action](arguments))


def _report(arguments: argparse.Namespace) -> int:
    verdict = judge(*(_of_cluster(arguments) if arguments.prometheus else _of_machine(arguments)))
    if arguments.format == "json":
        print(json.dumps(_plain(verdict), indent=1))
    elif arguments.format == "table":
        head, *body = rows(verdict)
        print(*columns(head, body), "", verdict.sentence, sep="\n")
    else:
        from seldon_infra.experiments import picture

        print({"svg": picture.svg, "html": picture.html}[arguments.format](verdict), end="")
    return 1 if verdict.decision in STOPS else 0


def _of_machine(arguments: argparse.Namespace) -> tuple[Terms, list[Evidence]]:
    ledger = find_ledger(LocalStack.of(arguments).folder.root, arguments.name)
    known = ledger.rounds()
    chosen = [each for each in known if arguments.round in (None, each.round)]
    if not chosen:
        there = ", ".join(each.round for each in known) or "none"
        raise NoRecord(f"experiment '{arguments.name}' has no round '{arguments.round}'; its rounds: {there}")
    if len(known) > 1:
        earlier = ", ".join(each.round for each in known if each is not chosen[-1])
        print(f"round {chosen[-1].round}; others, by --round: {earlier}", file=sys.stderr)
    return chosen[-1], evidence_of(ledger.read(chosen[-1]))


def _of_cluster(arguments: argparse.Namespace) -> tuple[Terms, list[Evidence]]:
    from seldon_infra.monitoring.experiment_requests import requests_of

    terms = _declared(arguments)
    seconds = parse_duration(arguments.since)
    if not seconds:
        raise NoRecord(f"--since '{arguments.since}' must be a duration above none: 6h, 48h")
    evidence = requests_of(terms, arguments.prometheus, arguments.namespace, float(seconds))
    if arguments.outcomes:
        sums = {0: Moments(), 1: Moments()}
        # Read backwards, so that the first of a user is the one that stays.
        firsts = dict(reversed(list(_checked(terms, _lines(arguments.outcomes)))))
        for user, value in firsts.items():
            old = sums[terms.arm_of(user)]
            sums[terms.arm_of(user)] = Moments(old.count + 1, old.total + value, old.squares + value**2)
        evidence.append(replace(evidence[-1], at=time.time(), outcomes=(sums[0], sums[1])))
    return terms, evidence


def _declared(arguments: argparse.Namespace) -> Terms:
    from seldon_infra.graph.experiment import experiments_in, terms_of
    from seldon_infra.stack import load_stack

    stack = load_stack(arguments.stack, LocalStack.of(arguments).project)
    found = [
        terms_of(test, deployment.name)
        for deployment in stack.deployments
        for test in experiments_in(deployment)
        if arguments.name in (test.name, f"{deployment.name}.{test.name}")
    ]
    if len(found) != 1:
        raise NoRecord(f"stack '{arguments.stack}' declares {len(found)} experiments '{arguments.name}', must be one")
    return found[0]


def _outcome(arguments: argparse.Namespace) -> int:
    ledger = find_ledger(LocalStack.of(arguments).folder.root, arguments.name)
    terms = ledger.rounds()[-1]
    if (arguments.file is None) == (arguments.user is None or arguments.value is None):
        raise WrongOutcome("give --user with --value, or --file")
    given = _lines(arguments.file) if arguments.file else iter([(arguments.user, arguments.value)])
    told = [(terms.unit_of(user), terms.arm_of(user), value) for user, value in _checked(terms, given)]
    new = ledger.outcome(terms.round, told)
    print(f"{new} noted, {len(told) - new} of users that had one")
    return 0


def _checked(terms: Terms, given: Iterator[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    for user, value in given:
        key = user.strip()
        refused = "a user's key must not be empty" if not key else terms.refuses(value)
        if refused:
            raise WrongOutcome(f"outcome of '{user}': {refused}; nothing was noted")
        yield key, value


def _lines(file: Path) -> Iterator[tuple[str, float]]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongOutcome(f"{file} cannot be read: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _line(f"{file}, line {number}", line)


def _line(where: str, line: str) -> tuple[str, float]:
    from seldon_infra.experiments.assignment import as_key

    try:
        row = json.loads(line)
        user, value = as_key(row["user"]), row["value"]
    except (ValueError, KeyError, TypeError):
        raise WrongOutcome(f'{where}: must be {{"user": "…", "value": 1}}; nothing was noted') from None
    if user is None or isinstance(value, str) or not isinstance(value, (bool, int, float)):
        raise WrongOutcome(f'{where}: must be {{"user": "…", "value": 1}}; nothing was noted')
    return user, float(value)


def _size(arguments: argparse.Namespace) -> int:
    a, b = arguments.rate, arguments.rate + arguments.effect
    if not (0 < a < 1 and 0 < b < 1 and arguments.effect and 0 < arguments.alpha < 1 and 0 < arguments.power < 1):
        raise WrongOutcome("--rate, --rate + --effect, --alpha and --power must be between 0 and 1, --effect not 0")
    count = samples_needed(abs(arguments.effect), (a * (1 - a) + b * (1 - b)) / 2, arguments.alpha, arguments.power)
    print(f"min_samples={count}: with so many in each arm the effect is seen with the given power")
    return 0


def _plain(verdict: Verdict) -> dict[str, object]:
    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    effect = verdict.measure.effect
    return {
        "experiment": verdict.terms.name,
        "deployment": verdict.terms.deployment,
        "round": verdict.terms.round,
        "salt": verdict.terms.salt,
        "decision": verdict.decision,
        "sentence": verdict.sentence,
        "users": verdict.now.users,
        "samples": verdict.measure.samples,
        "values": [finite(value) for value in verdict.measure.values],
        "effect": {name: finite(value) for name, value in asdict(effect).items()},
        "guardrails": [{"metric": it.measure.name, "broken": it.broken} for it in verdict.guards],
    }
