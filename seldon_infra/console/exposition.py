"""What a local stack's processes have counted: orchestrators' pages for Prometheus, and the gateway's statistics."""

from __future__ import annotations

import http.client
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from seldon_infra.console.numbers import Count
from seldon_infra.monitoring.series import FAILED, PREDICTIONS
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.runtime.supervisor import UnixConnection

ANSWER_SECONDS = 2.0
PREDICTOR = ""
"""Name of what clients asked an orchestrator for; its nodes are counted under their own."""
_FAILED, _PREDICTION = (re.compile("|".join(words)) for words in (FAILED, PREDICTIONS))
_SERIES = re.compile(r"seldon_api_executor_(server|client)_requests_seconds_(bucket|count)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_UPSTREAM = re.compile(r"cluster\.([^/]+/[^/]+/[^/]+)/(?:rest|grpc)/[^/]*[0-9]\.(upstream_rq_(?:completed|5xx|time))")
"""Source: names of clusters in ``ingress/render/envoy.py``; Envoy's cluster statistics."""
_ASKED = (
    "/stats?format=json&usedonly&histogram_buckets=cumulative"
    "&filter=%5Ecluster%5C.%5B%5E.%5D*/.*%5B0-9%5D%5C.upstream_rq_(completed%7C5xx%7Ctime)%24"
)


def orchestrators(port: int) -> dict[str, Count]:
    """Ask an orchestrator what it has counted, by node; nothing where it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/prometheus")
        answer = connection.getresponse()
        return counted(answer.read().decode("utf-8", "replace")) if answer.status == http.client.OK else {}
    except (OSError, http.client.HTTPException):
        return {}
    finally:
        connection.close()


def counted(page: str) -> dict[str, Count]:
    """Read an orchestrator's page."""
    found: dict[str, Count] = defaultdict(Count)
    for side, part, labels, value in _SERIES.findall(page):
        named = dict(_LABEL.findall(labels))
        if side == "server" and not _PREDICTION.fullmatch(named.get("service", "")):
            continue
        node = named.get("model_name", "") if side == "client" else PREDICTOR
        number = float(value)
        if part == "bucket":
            found[node] += Count(within=((float(named["le"]), number),))
        else:
            found[node] += Count(number, number if _FAILED.fullmatch(named.get("code", "")) else 0.0)
    return dict(found)


def gateway(stack: StackDir) -> dict[str, Count] | None:
    """Ask the gateway what it has counted, by ``namespace/deployment/predictor``; None where it does not answer."""
    connection = UnixConnection(stack.gateway / "admin.sock", ANSWER_SECONDS)
    try:
        connection.request("GET", _ASKED)
        return forwarded(json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def forwarded(said: Mapping[str, Any]) -> dict[str, Count]:
    """Read Envoy's statistics; both transports of a predictor count together."""
    found: dict[str, Count] = defaultdict(Count)
    for entry in _entries(said):
        matched = _UPSTREAM.fullmatch(str(entry.get("name", "")))
        if matched is None:
            continue
        predictor, what = matched.groups()
        if what == "upstream_rq_time":
            # Milliseconds, and so coarse that what took none has to be in the first.
            found[predictor] += Count(
                within=tuple((b["upper_bound"] / 1000, b["cumulative"]) for b in entry["buckets"])
            )
        else:
            number = float(entry["value"])
            found[predictor] += Count(failed=number) if what == "upstream_rq_5xx" else Count(requests=number)
    return dict(found)


def _entries(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in said.get("stats", ()):
        histograms = entry.get("histograms")
        yield from histograms if isinstance(histograms, list) else (entry,)
