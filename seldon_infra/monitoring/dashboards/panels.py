"""What the dashboards show: a fleet, one deployment, GPUs. Every query is one that a test runs against Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from seldon_infra.monitoring import measured
from seldon_infra.monitoring.gpu import BUSY, THROTTLED

Unit: TypeAlias = Literal["reqps", "percentunit", "s", "short", "bytes", "percent", "celsius", "watt", "mbytes", "none"]
"""A unit by Grafana's name. Source: packages/grafana-data/src/valueFormats of grafana/grafana."""


@dataclass(frozen=True)
class Query:
    """One query, and how its lines are named."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A number, or lines over time, with a sentence about what they are."""

    title: str
    unit: Unit
    said: str
    queries: tuple[Query, ...]
    kind: Literal["lines", "number"] = "lines"


@dataclass(frozen=True)
class Row:
    """Panels that answer one question."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """What a reader chooses by: the values of a label."""

    name: str
    metric: str
    label: str


@dataclass(frozen=True)
class Dashboard:
    """One page."""

    name: str
    title: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


_NAMESPACE = Variable("namespace", measured.REQUEST_RATE, "namespace")
_DEPLOYMENT = Variable("deployment", f'{measured.REQUEST_RATE}{{namespace=~"$namespace"}}', "deployment_name")
_IN = '{namespace=~"$namespace"}'
_OWN = '{namespace=~"$namespace", deployment_name=~"$deployment"}'
_BY = "by (namespace, deployment_name)"
_NAMED = "{{namespace}}/{{deployment_name}}"
_PREDICTOR, _NODE = "{{predictor_name}}", "{{predictor_name}} {{model_name}}"


def _lines(title: str, unit: Unit, said: str, *queries: Query) -> Panel:
    return Panel(title, unit, said, queries)


def _number(title: str, unit: Unit, said: str, expression: str) -> Panel:
    return Panel(title, unit, said, (Query(expression),), "number")


def _own(record: str, legend: str) -> Query:
    return Query(f"{record}{_OWN}", legend)


_FAILED_OF_ALL = f"{measured.REQUEST_RATE}{_IN} * {measured.FAILED_SHARE}{_IN}"
FLEET = Dashboard(
    "fleet",
    "Seldon: fleet",
    (_NAMESPACE,),
    (
        Row(
            "Now",
            (
                _number("Requests", "reqps", "Predictions of all.", f"sum({measured.REQUEST_RATE}{_IN})"),
                _number(
                    "Failed",
                    "percentunit",
                    "Share of them that failed, by no mistake of a client's.",
                    f"sum({_FAILED_OF_ALL}) / sum({measured.REQUEST_RATE}{_IN})",
                ),
                _number("Deployments", "none", "With metrics.", f"count(count {_BY} ({measured.REQUEST_RATE}{_IN}))"),
                _number(
                    "Alerts",
                    "none",
                    "That fire now.",
                    'count(ALERTS{alertname=~"Seldon.*", alertstate="firing"}) or vector(0)',
                ),
            ),
        ),
        Row(
            "By deployment",
            (
                _lines("Requests", "reqps", "", Query(f"sum {_BY} ({measured.REQUEST_RATE}{_IN})", _NAMED)),
                _lines(
                    "Failed",
                    "percentunit",
                    "Share that failed.",
                    Query(f"sum {_BY} ({_FAILED_OF_ALL}) / sum {_BY} ({measured.REQUEST_RATE}{_IN})", _NAMED),
                ),
                _lines(
                    "99th percentile",
                    "s",
                    "Of the slowest predictor.",
                    Query(f"max {_BY} ({measured.SECONDS_P99}{_IN})", _NAMED),
                ),
                _lines(
                    "Restarts in an hour",
                    "short",
                    "Of processes or containers.",
                    Query(f"sum {_BY} ({measured.RESTARTS}{_IN})", _NAMED),
                ),
            ),
        ),
    ),
)
DEPLOYMENT = Dashboard(
    "deployment",
    "Seldon: deployment",
    (_NAMESPACE, _DEPLOYMENT),
    (
        Row(
            "Predictors",
            (
                _lines("Requests", "reqps", "Predictions.", _own(measured.REQUEST_RATE, _PREDICTOR)),
                _lines(
                    "Failed", "percentunit", "By no mistake of a client's.", _own(measured.FAILED_SHARE, _PREDICTOR)
                ),
                _lines(
                    "Refused",
                    "percentunit",
                    "Because there were too many at once.",
                    _own(measured.REFUSED_SHARE, _PREDICTOR),
                ),
                _lines(
                    "Time",
                    "s",
                    "Median and 99th percentile.",
                    _own(measured.SECONDS_P50, f"{_PREDICTOR} p50"),
                    _own(measured.SECONDS_P99, f"{_PREDICTOR} p99"),
                ),
            ),
        ),
        Row(
            "Canary and shadow beside the predictor that answers most",
            (
                _lines(
                    "More failures", "percentunit", "Above 0 it fails more.", _own(measured.FAILED_MORE, _PREDICTOR)
                ),
                _lines(
                    "Times slower",
                    "short",
                    "Above 1 it is slower, at the 99th percentile.",
                    _own(measured.TIMES_SLOWER, _PREDICTOR),
                ),
            ),
        ),
        Row(
            "Nodes of the graph",
            (
                _lines("Calls", "reqps", "By the orchestrator.", _own(measured.NODE_RATE, _NODE)),
                _lines("Failed", "percentunit", "", _own(measured.NODE_FAILED_SHARE, _NODE)),
                _lines("99th percentile", "s", "", _own(measured.NODE_SECONDS_P99, _NODE)),
            ),
        ),
        Row(
            "Gateway and processes",
            (
                _lines("Requests at the gateway", "reqps", "", _own(measured.GATEWAY_RATE, _PREDICTOR)),
                _lines(
                    "Failed at the gateway", "percentunit", "With 5xx.", _own(measured.GATEWAY_FAILED_SHARE, _PREDICTOR)
                ),
                _lines(
                    "Sizes",
                    "bytes",
                    "Mean of requests and answers.",
                    _own(measured.SENT_BYTES, f"{_PREDICTOR} request"),
                    _own(measured.GOT_BYTES, f"{_PREDICTOR} answer"),
                ),
                _lines("Restarts in an hour", "short", "", _own(measured.RESTARTS, _PREDICTOR)),
            ),
        ),
    ),
)
_HOST = Variable("host", BUSY, "Hostname")
_ON = '{Hostname=~"$host"}'
_GPU = "{{Hostname}} {{gpu}} {{pod}}"
_MODEL = "{{deployment_name}} {{model_name}}"
_BY_MODEL = "by (namespace, deployment_name, model_name)"
GPUS = Dashboard(
    "gpu",
    "Seldon: GPUs",
    (_HOST,),
    (
        Row(
            "GPUs, by NVIDIA's DCGM exporter",
            (
                _lines("Use", "percent", "", Query(f"{BUSY}{_ON}", _GPU)),
                _lines("Memory", "mbytes", "Used, in MiB.", Query(f"DCGM_FI_DEV_FB_USED{_ON}", _GPU)),
                _lines("Power", "watt", "", Query(f"DCGM_FI_DEV_POWER_USAGE{_ON}", _GPU)),
                _lines("Temperature", "celsius", "", Query(f"DCGM_FI_DEV_GPU_TEMP{_ON}", _GPU)),
                _lines(
                    "Slowed down",
                    "percentunit",
                    "Part of the time with lower clocks: by heat, or at the power cap, as full load does.",
                    Query(f"rate({THROTTLED}{_ON}[10m]) / 1e9", f"{_GPU} heat"),
                    Query(f"rate(DCGM_FI_DEV_POWER_VIOLATION{_ON}[10m]) / 1e9", f"{_GPU} power"),
                ),
                _lines("Last error (XID)", "none", "0 is none.", Query(f"DCGM_FI_DEV_XID_ERRORS{_ON}", _GPU)),
            ),
        ),
        Row(
            "Models in Triton",
            (
                _lines(
                    "Requests", "reqps", "", Query(f"sum {_BY_MODEL} (rate(nv_inference_request_success[5m]))", _MODEL)
                ),
                _lines(
                    "Waiting",
                    "s",
                    "Mean time until an instance takes a request.",
                    Query(f"max {_BY_MODEL} ({measured.QUEUE_SECONDS})", _MODEL),
                ),
                _lines(
                    "In the queue",
                    "short",
                    "Requests.",
                    Query(f"sum {_BY_MODEL} (nv_inference_pending_request_count)", _MODEL),
                ),
                _lines(
                    "Requests in a batch",
                    "short",
                    "Mean.",
                    Query(
                        f"sum {_BY_MODEL} (rate(nv_inference_count[5m])) / "
                        f"sum {_BY_MODEL} (rate(nv_inference_exec_count[5m]))",
                        _MODEL,
                    ),
                ),
            ),
        ),
    ),
)
ALL = (FLEET, DEPLOYMENT, GPUS)
