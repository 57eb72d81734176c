"""``python -m stacks.fraud.day``: a day of card payments in two minutes, at two in the afternoon with a shift in it.

From then on a till sends cents instead of euros. Each user meets one arm of the A/B test; whether the answer was right
is told as the user's outcome, every simulated hour.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from seldon_infra.cli.client import rest_path
from seldon_infra.cli.local_stack import LocalStack
from seldon_infra.monitoring import ask as prometheus
from stacks.fraud.deployment import EXPERIMENT, USER
from stacks.fraud.payments import FEATURES, is_fraud, payment

SEED = 7
HOURS = 24
SHIFT_AT = 14
CENTS = 100
AT_ONCE = 4
ANSWER_SECONDS = 60.0
BUSIEST = 40.0
"""Payments a second in the busiest hour."""
PROJECT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("seldon-infra")
COMMAND_SECONDS = 300.0


@dataclass(frozen=True)
class Payment:
    """One payment of a user's, when it comes, and what is true of it."""

    second: float
    user: str
    row: tuple[float, ...]
    fraud: bool


@dataclass(frozen=True)
class Answered:
    """What came of a payment: the answer, None where there was none."""

    payment: Payment
    said: bool | None

    @property
    def right(self) -> bool:
        """Whether the answer was true."""
        return self.said is self.payment.fraud


def main(words: Sequence[str] | None = None) -> int:
    """Play the day, then say what watched it; 1 where a request failed."""
    parser = argparse.ArgumentParser(prog="python -m stacks.fraud.day", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the day takes (default: 120)")
    seconds = parser.parse_args(words).seconds
    stack = LocalStack("local", PROJECT)
    route, port = stack.route("fraud"), stack.gateway_port()
    path = route.prefix + rest_path(route)
    failed, alerts = 0, Alerts(stack)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as senders:
        for hour, payments in enumerate(day(seconds)):
            answered = list(senders.map(lambda each: ask(port, path, each, began), payments))
            failed += sum(each.said is None for each in answered)
            tell(answered)
            right = sum(each.right for each in answered) / max(1, len(answered))
            cents = "   a till sends cents" if hour >= SHIFT_AT else ""
            print(f"  {hour:02d}:00  {len(answered):4} payments, {right:4.0%} right{alerts.words()}{cents}", flush=True)
    print(f"\n{failed} requests failed\n")
    for shown in (["experiment", "report", EXPERIMENT], ["explain", "fraud", "--row", _odd_row()]):
        print(f"$ seldon-infra {' '.join(shown)}", flush=True)
        subprocess.run([COMMAND, *shown], cwd=PROJECT, timeout=COMMAND_SECONDS)
        print()
    print(
        "Look at it while it runs: seldon-infra console\nAnd at what was asked:   seldon-infra payloads fraud --last 3"
    )
    return 1 if failed else 0


def day(seconds: float) -> Iterator[list[Payment]]:
    """Give the payments of each hour: few by night, most in the evening."""
    random, users = Random(SEED), 0
    for hour in range(HOURS):
        busy = 0.25 + 0.75 * math.sin(math.pi * ((hour - 4) % HOURS) / HOURS) ** 2
        length = seconds / HOURS
        made = []
        for index in range(count := max(1, round(BUSIEST * busy * length))):
            users += 1
            row = payment(random)
            fraud = is_fraud(row, random)
            if hour >= SHIFT_AT and random.random() < 0.5:
                row[0] = round(row[0] * CENTS, 2)
            made.append(Payment((hour + index / count) * length, f"user-{users}", tuple(row), fraud))
        yield made


def ask(port: int, path: str, each: Payment, began: float) -> Answered:
    """Wait until a payment comes, and ask whether it is fraud."""
    time.sleep(max(0.0, began + each.second - time.monotonic()))
    tensor = {"name": "predict", "shape": [1, len(FEATURES)], "datatype": "FP64", "data": list(each.row)}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        body = json.dumps({"inputs": [tensor]})
        connection.request("POST", path, body, {USER: each.user})
        answer = connection.getresponse()
        tree = json.loads(answer.read())
        return Answered(each, bool(tree["outputs"][0]["data"][0]) if answer.status == http.client.OK else None)
    except (OSError, http.client.HTTPException, ValueError, LookupError):
        return Answered(each, None)
    finally:
        connection.close()


def tell(answered: Sequence[Answered]) -> None:
    """Note for each user whether the answer was right."""
    lines = [json.dumps({"user": each.payment.user, "value": int(each.right)}) for each in answered]
    command = [COMMAND, "experiment", "outcome", EXPERIMENT, "--file", "-"]
    said = subprocess.run(
        command, cwd=PROJECT, input="\n".join(lines), capture_output=True, text=True, timeout=COMMAND_SECONDS
    )
    if said.returncode:
        print(said.stderr, file=sys.stderr)


class Alerts:
    """What Prometheus alerts of."""

    def __init__(self, stack: LocalStack) -> None:
        self._port = next(iter(stack.process("prometheus").ports.values()))

    def words(self) -> str:
        """Name the alerts that fire."""
        names = sorted({str(each["alertname"]) for each in self._firing()})
        return f"   firing: {', '.join(names)}" if names else ""

    def _firing(self) -> list[Mapping[str, str]]:
        found = prometheus.ask(f"http://127.0.0.1:{self._port}", 'ALERTS{alertstate="firing"}', ANSWER_SECONDS)
        return [each["metric"] for each in found]


def _odd_row() -> str:
    return "amount=300,distance_km=120,purchases_today=4,new_shop=1,card_days=20"


if __name__ == "__main__":
    sys.exit(main())
