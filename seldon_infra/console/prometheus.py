"""The numbers of a cluster's deployments, from a Prometheus that asks their orchestrators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seldon_infra.console.numbers import Numbers
from seldon_infra.monitoring.ask import ask, require_address
from seldon_infra.monitoring.series import ASKED_NODES, FAILED, PREDICTIONS, REQUESTS, one_of

ANSWER_SECONDS = 5.0
WINDOW = "2m"
"""Orchestrators are asked every half minute as a rule, and a rate takes two samples."""
_CODES = f"code=~{one_of(FAILED)}"


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus, by the address of its server."""

    url: str

    def __post_init__(self) -> None:
        require_address(self.url)

    def predictors(self) -> dict[str, Numbers]:
        """What clients got, by ``namespace/deployment/predictor``, of everything that Prometheus knows."""
        chosen = f"service=~{one_of(PREDICTIONS)}"
        return self._numbers(REQUESTS, chosen, ("namespace", "deployment_name", "predictor_name"))

    def nodes(self, namespace: str, deployment: str) -> dict[str, Numbers]:
        """What the nodes of a deployment answered, by ``predictor/node``."""
        chosen = f'namespace="{_quoted(namespace)}", deployment_name="{_quoted(deployment)}"'
        return self._numbers(ASKED_NODES, chosen, ("predictor_name", "model_name"))

    def _numbers(self, metric: str, chosen: str, by: tuple[str, ...]) -> dict[str, Numbers]:
        names = ", ".join(by)
        counted = f"sum by ({names}) (rate({metric}_count{{{chosen}}}[{WINDOW}]))"
        failed = f"sum by ({names}) (rate({metric}_count{{{chosen}, {_CODES}}}[{WINDOW}]))"
        rates = self._asked(counted, by)
        # Asked as one: what is counted between two questions would be in one of the two numbers alone.
        shares = self._asked(f"{failed} / {counted}", by)
        buckets = f"sum by ({names}, le) (rate({metric}_bucket{{{chosen}}}[{WINDOW}]))"
        p99 = self._asked(f"histogram_quantile(0.99, {buckets})", by)
        return {
            key: Numbers(rate, shares.get(key, 0.0), p99.get(key)) if rate > 0 else Numbers(0.0, None, None)
            for key, rate in rates.items()
        }

    def _asked(self, query: str, by: Iterable[str]) -> dict[str, float]:
        found = ask(self.url, query, ANSWER_SECONDS)
        return {"/".join(each["metric"].get(name, "") for name in by): _value(each) for each in found}


def _value(sample: Mapping[str, Any]) -> float:
    value = float(sample["value"][1])
    return value if value == value else 0.0  # a quantile of nothing is NaN


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
